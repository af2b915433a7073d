"""What leaves the register by numbers is made of codes: no export reads what its class forbids."""

import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from cdop.config import ROOT
from cdop.deaths.models import Death
from cdop.security.work import Register
from cdop.statistics import counting
from cdop.statistics.outcomes import jcr_outcomes
from tests.deaths import YEAR
from tests.desk import built
from tests.factories import MAKER, Herefordshire

CLASSES = tomllib.loads(Path(ROOT, "cdop", "security", "classification.toml").read_text())
FORBIDDEN = ("identity", "confidential", "keyed")


@contextmanager
def columns_read(register: Register) -> Iterator[set[tuple[str, str, str]]]:
    """Collect (class, table, column) of every classified column that a statement selects."""
    found: set[tuple[str, str, str]] = set()

    def look(_: Any, __: Any, statement: str, *___: Any) -> None:
        named = set(re.findall(r"\b([a-z_]+?)(?:_\d+)?\.([a-z_]+)\b", statement))
        for table, kinds in CLASSES.items():
            found.update(
                (kind, table, name)
                for kind, names in kinds.items()
                for name in names
                if (table, name) in named
            )

    event.listen(register.engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(register.engine, "before_cursor_execute", look)


def exact_figures(county: Herefordshire) -> None:
    analyst = county.actors["analyst"]
    county.register.do(analyst, counting.exact_year, "herefordshire-cdop", YEAR)


def outcome_table(county: Herefordshire) -> None:
    county.register.do(county.actors["analyst"], jcr_outcomes, "herefordshire", YEAR)


def release(county: Herefordshire) -> None:
    built(county)


@pytest.mark.parametrize("export", [exact_figures, outcome_table, release])
def test_an_export_reads_no_identity_no_narrative_and_no_key(
    published: Herefordshire, export: Callable[[Herefordshire], None]
) -> None:
    with columns_read(published.register) as found:
        export(published)
    table = "referrals" if export is outcome_table else "deaths"
    assert {name for kind, of, name in found if (kind, of) == ("coded", table)}, "it reads codes"
    assert {each for each in found if each[0] in FORBIDDEN} == set()


def test_the_collection_sees_a_sealed_column_where_one_is_read(published: Herefordshire) -> None:
    """The check that proves the check."""
    with columns_read(published.register) as found, published.register.reading(MAKER) as work:
        work.session.exec(select(Death)).first()
    assert ("identity", "deaths", "names") in found
    assert ("confidential", "deaths", "summary") in found
