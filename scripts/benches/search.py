"""Finding a child: the NHS number's blind index, a name among 100,000, a notification compared."""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from searching.filling import Sample, open_sample
from sqlalchemy import Column, MetaData, Table, bindparam
from sqlmodel import col, select

from cdop.db import Key, Number, Text, new_id
from cdop.deaths import search, terms
from cdop.deaths.commands import Child
from cdop.deaths.documents import NAMES
from cdop.deaths.models import Death
from cdop.deaths.name_search import find_names
from cdop.deaths.service import finding
from cdop.deaths.service.matching import resembling
from cdop.reference import nhs_numbers
from cdop.security import case_keys
from cdop.security.actor import system
from cdop.security.case_keys import CaseKey
from cdop.security.models import DataKey
from cdop.security.work import Work

LOOKUPS, SEARCHES, OPEN = 2_000, 20, 4


def main() -> None:
    """Print the three figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=int, default=100_000, help="in the scope of a name")
    arguments.add_argument("--numbers", type=int, default=1_000_000, help="in the blind index")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="cdop-bench-") as folder:
        sample = open_sample(Path(folder), asked.cases)
        gc.freeze()
        names(sample, asked.cases)
        number(sample, asked.numbers)
        sample.register.engine.dispose()


def names(sample: Sample, cases: int) -> None:
    """Compare a search by name with opening and matching the same names; then a notification."""
    with sample.register.reading(sample.actor) as work:
        rows = _sealed(work)
    typed = [_typed(child, number) for number, child in enumerate(sample.children[:SEARCHES])]
    whole: list[float] = []
    bare: list[float] = []
    opened: list[float] = []
    compared: list[float] = []
    for term, child in zip(typed, sample.children, strict=False):
        whole.append(_seconds(search.find, sample.register, sample.actor, term))
        bare.append(_seconds(_bare, sample, rows, term))
        if len(opened) < OPEN:
            keys = [CaseKey(_unwrap(sample, row), 1) for row in rows]
            opened.append(_seconds(_bare, sample, rows, term, keys))
            del keys
        told = replace(child, names=child.names.model_copy(update={"given": _slip(child)}))
        compared.append(_seconds(_compare, sample, told))
    say(
        "name-search",
        _p95(whole) / _p95(bare),
        f"p95 of a search by name among {cases} over unwrapping, opening and matching those names",
        "<= 3",
        p95_ms=_ms(_p95(whole)),
        median_ms=_ms(statistics.median(whole)),
        bare_p95_ms=_ms(_p95(bare)),
        bare_median_ms=_ms(statistics.median(bare)),
        bare_with_keys_open_median_ms=_ms(statistics.median(opened)),
        how=f"{len(whole)} names whole, misspelt, swapped or in part, each in turn with the bare",
    )
    say(
        "compare-notification",
        _p95(compared) / _p95(whole),
        "p95 of comparing a notification as it is typed over p95 of one search by name",
        "<= 2",
        p95_ms=_ms(_p95(compared)),
        median_ms=_ms(statistics.median(compared)),
        how=f"same scope of {cases}; candidates by date and postcode tokens",
    )


def number(sample: Sample, rows: int) -> None:
    """Compare the look-up of an NHS number by its token with one on a plain, indexed column."""
    known = [nhs_numbers.invented(seed) for seed in range(LOOKUPS)]
    with sample.register.work(system("bench")) as work:
        _fill_numbers(work, sample, rows, known)
    blind, plain = [], []
    with sample.register.reading(sample.actor) as work:
        panels = [sample.panel]
        for each in known:
            blind.append(_seconds(_by_token, work, each, panels))
            plain.append(_seconds(_by_column, work, each, panels))
    say(
        "number-lookup",
        statistics.median(blind) / statistics.median(plain),
        f"look-up by token among {rows} over the same on a plain indexed column, medians",
        "<= 2",
        median_us=round(1e6 * statistics.median(blind), 1),
        plain_median_us=round(1e6 * statistics.median(plain), 1),
        p95_ratio=round(_p95(blind) / _p95(plain), 3),
        how=f"{LOOKUPS} numbers, each in turn; index rows alone are filled, both in one database",
    )


def _by_token(work: Work, number: str, panels: list[Any]) -> None:
    token = work.vault.token(finding.roots(work).looked_up, finding.NHS_NUMBER, number)
    assert len(finding.subjects(work, finding.NHS_NUMBER, token, panels)) == 1


_NUMBERS = Table(
    "bench_numbers",
    MetaData(),
    *(Column(name, kind) for name, kind in (("id", Key), ("kind", Text), ("version", Number))),
    *(Column(name, Key) for name in ("organisation_id", "unique_within", "subject_id")),
    Column("number", Text),
)
_PLAIN = select(_NUMBERS.c.subject_id).where(
    _NUMBERS.c.kind == bindparam("kind"),
    _NUMBERS.c.version == bindparam("version"),
    _NUMBERS.c.number == bindparam("number"),
    _NUMBERS.c.organisation_id.in_(bindparam("panels", expanding=True)),
)


def _by_column(work: Work, number: str, panels: list[Any]) -> None:
    values = {"kind": "nhs-number", "version": 1, "number": number, "panels": panels}
    assert len(list(work.session.exec(_PLAIN, params=values))) == 1


def _fill_numbers(work: Work, sample: Sample, rows: int, known: list[str]) -> None:
    """Fill both indexes alike: random tokens or numbers, and among them those that are known."""
    run = work.session.connection().exec_driver_sql
    panel, version = str(sample.panel), finding.roots(work).looked_up
    run(
        "CREATE TABLE bench_numbers (id TEXT PRIMARY KEY, kind TEXT, version INTEGER, number TEXT, "
        "organisation_id TEXT, unique_within TEXT, subject_id TEXT) STRICT"
    )
    run("CREATE UNIQUE INDEX b1 ON bench_numbers (unique_within, version, kind, number)")
    run("CREATE INDEX b2 ON bench_numbers (kind, version, number)")
    run("CREATE INDEX b3 ON bench_numbers (subject_id)")
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) "
    id = "printf('%08x-0000-7000-8000-%012x', i, i)"
    row = f"{id}, 'nhs-number', {version}, VALUE, '{panel}', '{panel}', {id}"
    columns = "(id, kind, version, %s, organisation_id, unique_within, subject_id)"
    for table, column, value in (
        ("index_tokens", "token", "randomblob(8)"),
        # invented numbers begin with 999: none of the known is among these
        ("bench_numbers", "number", "printf('%010d', (i * 2654435761) % 9000000000)"),
    ):
        head = f"INSERT INTO {table} {columns % column}"
        run(f"{head} {count} SELECT {row.replace('VALUE', value)} FROM n", (rows - len(known),))  # noqa: S608
        values = [
            work.vault.token(version, finding.NHS_NUMBER, each) if column == "token" else each
            for each in known
        ]
        for each in values:
            key = str(new_id())
            run(
                f"{head} VALUES (?,?,?,?,?,?,?)",
                (key, "nhs-number", version, each, panel, panel, key),
            )
    run("ANALYZE")


def _sealed(work: Work) -> list[Any]:
    """Return what is needed to open every name: the bare loop begins here, in memory."""
    query = (
        select(Death.id, col(DataKey.kek_version), col(DataKey.wrapped), Death.names)
        .join(DataKey, col(DataKey.subject_id) == Death.subject_id)
        .where(col(Death.names).is_not(None))
    )
    column = case_keys.column(NAMES.table, NAMES.column)
    head = case_keys.FORMAT + (1).to_bytes(2)
    return [
        (id, version, wrapped, sealed, column + case_keys.row(id, id, 1, head))
        for id, version, wrapped, sealed in work.session.execute(query)
    ]


def _bare(sample: Sample, rows: list[Any], typed: str, keys: list[CaseKey] | None = None) -> None:
    """Unwrap (unless the keys are open), open and match."""
    wanted = terms.read(typed, sample.register.clock.now().date()).words
    if keys is None:
        texts = [CaseKey(_unwrap(sample, row), 1).open(row[3], row[4]) for row in rows]
    else:
        texts = [key.open(row[3], row[4]) for key, row in zip(keys, rows, strict=True)]
    assert find_names(wanted, texts)


def _unwrap(sample: Sample, row: Any) -> bytes:
    return sample.register.vault.wrapping.unwrap(row[1], row[0], 1, row[2])


def _compare(sample: Sample, child: Child) -> None:
    with sample.register.work(sample.actor) as work:
        assert resembling(work, child, sample.panel)


def _typed(child: Child, number: int) -> str:
    """Return a name as people type it: whole, swapped, misspelt, in part."""
    given, family = child.names.given, child.names.family
    return (
        f"{given} {family}",
        f"{family} {given}",
        f"{_slip(child)} {family}",
        family[:5],
    )[number % 4]


def _slip(child: Child) -> str:
    given = child.names.given
    return f"{given[0]}{given[2]}{given[1]}{given[3:]}"


def _seconds(run: Callable[..., object], *of: object) -> float:
    began = time.perf_counter()
    run(*of)
    return time.perf_counter() - began


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def say(name: str, value: float, unit: str, goal: str, **detail: object) -> None:
    """Print one result."""
    result = {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "detail": detail}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
