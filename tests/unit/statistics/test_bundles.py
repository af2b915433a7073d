"""Columns in bundles leave a reader exactly what all columns crossed would: no more and no less."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, vstack

from cdop.errors import Unsafe
from cdop.statistics import atoms
from cdop.statistics.bundles import Bundle, bundles
from cdop.statistics.definitions import TableSet
from cdop.statistics.disclosure import Attacker, check_certificate, profile
from cdop.statistics.disclosure.certificate import Certificate
from cdop.statistics.disclosure.eliminate import by_cost, eliminate
from cdop.statistics.disclosure.measure import measure
from cdop.statistics.disclosure.protect import protect
from cdop.statistics.disclosure.reading import read_hiding
from cdop.statistics.disclosure.sensitive import small_cells
from cdop.statistics.kinds import Counted
from cdop.statistics.linking import Linked, Told, linked
from cdop.statistics.readers import Knowledge, readers
from cdop.statistics.year_tables import YearTables, table_sets
from tests.unit.statistics.years import YEAR, records

NAMES = "abcdefg"
PARTNER = profile("partner-1to4")
FAR = 1000  # beyond which only the search itself sets a limit


@given(st.lists(st.sets(st.sampled_from(NAMES), min_size=1, max_size=3), max_size=9))
def test_bundles_hold_every_crossing_and_form_a_junction_tree(crossed: list[set[str]]) -> None:
    found = bundles(NAMES, crossed)
    assert set(NAMES) == {name for bundle in found for name in bundle.columns}
    for names in crossed:
        assert any(names <= set(bundle.columns) for bundle in found)
    for at, bundle in enumerate(found[1:], start=1):
        assert bundle.parent is not None
        assert bundle.parent < at
        earlier = {name for before in found[:at] for name in before.columns}
        assert set(bundle.shared) == earlier & set(bundle.columns)
        assert set(bundle.shared) <= set(found[bundle.parent].columns)


def tables() -> YearTables:
    """Return tables of four columns of two answers, crossed in a chain and apart."""
    whole = table_sets()[-1].model_dump()
    wanted = [("sex", "modifiable"), ("modifiable", "age_band"), ("ethnic_group",)]
    whole["every"] = [
        {
            "code": f"{p}-by-{'-'.join(by).replace('_', '-')}",
            "title": "t",
            "population": p,
            "by": by,
        }
        for p, by in [
            *(("reviewed", by) for by in wanted),
            ("died", ("sex",)),
            ("died", ("review_state",)),
            ("notified", ("ethnic_group",)),
        ]
    ]
    whole["measures"], whole["rates"], whole["impossible"] = (), (), ()
    answers = {
        "sex": ("male", "female"),
        "modifiable": ("yes", "no"),
        "age_band": ("0-27-days", "1-4-years"),
        "ethnic_group": ("white", "black"),
        "review_state": ("reviewed", "not-reviewed"),
    }
    whole["columns"] = [c for c in whole["columns"] if c["name"] in answers]
    labels = {name: tuple((code, code) for code in codes) for name, codes in answers.items()}
    return YearTables(YEAR, TableSet.model_validate(whole), labels)


def year(number: int, seed: int) -> Any:
    random = np.random.default_rng(seed)
    rows: list[Sequence[str | None]] = []
    for at in range(number):
        done = at % 3 > 0
        died = "2012-13" if at % 3 == 2 else YEAR
        told = "2014-15" if at == 0 else (YEAR if at % 5 else died)
        rows.append(
            (
                died,
                told,
                YEAR if done else None,
                str(random.choice(["0-27-days", "1-4-years"], p=[0.7, 0.3])),
                str(random.choice(["male", "female"])),
                str(random.choice(["white", "black"], p=[0.8, 0.2])),
                "8",
                str(random.choice(["yes", "no"], p=[0.3, 0.7])),
            )
        )
    return records(rows)


def family(found: Linked, id: str) -> Attacker:
    """Return whoever knows of this one record."""
    least = np.zeros(len(found.system.atoms), dtype=np.int64)
    least[found.homes[found.ids.index(id)]] = 1
    return Attacker(f"family:{id}", least=least)


def widths(found: Linked, hidden_places: set[Any]) -> dict[Any, list[int]]:
    """Return how closely each of several attackers can work out each small cell, by its place."""
    system = found.system
    hidden = np.zeros(len(system.values), dtype=bool)
    hidden[[system.places[place] for place in hidden_places]] = True
    who = [*readers(found, Knowledge({"board": ["3", "4"]})), *map(partial(family, found), "567")]
    reading = read_hiding(system, hidden, PARTNER)
    told = np.minimum(measure(system, hidden, reading, PARTNER, who), FAR)
    return {place: told[:, cell].tolist() for place, cell in system.places.items()}


@pytest.mark.parametrize(("number", "seed"), [(9, 0), (14, 1), (21, 2), (30, 3)])
@pytest.mark.parametrize("again", [False, True])
def test_a_reader_of_bundles_is_left_what_a_reader_of_all_columns_crossed_is(
    number: int, seed: int, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, cut = year(number, seed), tables()
    before = []
    if again:  # a second edition, three late deaths later
        first = Counted(every.iloc[:-3].copy(), cut, (YEAR,))
        own = linked(first)
        shut = protect(own.system, PARTNER).hidden
        bounds = {
            place: (0, None) if shut[cell] else (int(own.system.values[cell]),) * 2
            for place, cell in own.system.places.items()
        }
        before = [Told("first", first, bounds)]
    now = Counted(every, cut, (YEAR,))
    parted = linked(now, before)
    shut = protect(parted.system, PARTNER).hidden
    hidden = {place for place, cell in parted.system.places.items() if shut[cell]}
    ours = widths(parted, hidden)
    monkeypatch.setattr(atoms, "bundles", lambda columns, _: [Bundle(tuple(columns))])
    crossed = linked(now, before)
    assert crossed.system.links is None
    assert parted.system.links is not None
    assert len(parted.system.values) == len(crossed.system.values)
    assert widths(crossed, hidden) == ours
    assert any(width >= PARTNER.width for told in ours.values() for width in told)


def test_a_table_whose_parts_do_not_agree_is_no_proof() -> None:
    system = linked(Counted(year(30, 3), tables(), (YEAR,))).system
    done = protect(system, PARTNER)
    check_certificate(system, done.hidden, done.certificate, PARTNER)
    one = next(
        atom
        for atom in np.flatnonzero(system.atoms)
        if not system.sums[np.flatnonzero(~done.hidden)][:, [atom]].nnz
    )
    odd = system.atoms.copy()
    odd[one] += 1
    tables_ = csr_matrix(np.vstack([done.certificate.tables.toarray(), odd]))
    with pytest.raises(Unsafe, match="do not agree with one another"):
        check_certificate(system, done.hidden, Certificate(tables_), PARTNER)
    without = replace(system, links=None)
    check_certificate(without, done.hidden, Certificate(tables_), PARTNER)


def test_every_two_tables_that_share_a_column_agree_on_it() -> None:
    """A margin is one cell in whatever tables it is printed."""
    system = linked(Counted(year(30, 3), tables(), (YEAR,))).system
    two = [("reviewed-by-sex-modifiable", ("total", "yes")),
           ("reviewed-by-modifiable-age-band", ("yes", "total"))]  # fmt: skip
    assert len({system.places[place] for place in two}) == 1
    totals = [p for p in system.places if p[0].startswith("reviewed") and set(p[1]) == {"total"}]
    assert all(system.places[a] == system.places[b] for a, b in combinations(totals, 2))


@pytest.mark.parametrize("seed", range(3))
def test_complements_are_chosen_as_if_the_links_had_been_printed(seed: int) -> None:
    system = linked(Counted(year(21, seed), tables(), (YEAR,))).system
    primary = small_cells(system, PARTNER)
    order = by_cost(system.costs, system.sums)
    ours = eliminate(system.sums, primary, order, system.links)
    assert system.links is not None
    known = system.links.shape[0]
    every = np.concatenate([np.zeros(known, dtype=bool), primary])
    printed = eliminate(
        csr_matrix(vstack([system.links, system.sums])), every, [*range(known), *(order + known)]
    )
    assert printed[known:].tolist() == ours.tolist()
    assert (ours != eliminate(system.sums, primary, order)).any() or seed > 0
