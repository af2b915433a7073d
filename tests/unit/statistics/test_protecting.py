"""All tables of a year protected together: true where shown, uncertain where hidden, one proof."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from cdop.errors import Refused, Unsafe
from cdop.statistics import protecting
from cdop.statistics.counting import Figures, digest, figures
from cdop.statistics.disclosure import PUBLIC, TOTAL, LinearSystem, Profile, profile, worker
from cdop.statistics.disclosure.measure import measure
from cdop.statistics.disclosure.reading import read_hiding
from cdop.statistics.kinds import Counted
from cdop.statistics.linking import linked
from cdop.statistics.protecting import Protected, protect_year
from cdop.statistics.records.deaths import described
from cdop.statistics.year_tables import YearTables, year_tables
from tests.unit.statistics.years import YEAR, cut_by, herefordshire, larger, records

PARTNER = profile("partner-1to4")
SIX = ("age_band", "sex", "category", "modifiable", "ethnic_group", "event")


@pytest.fixture(scope="module")
def tables() -> YearTables:
    return year_tables(YEAR)


@pytest.fixture(scope="module")
def county(tables: YearTables) -> Protected:
    return protect_year(herefordshire(), tables, PARTNER)


def test_every_number_shown_is_true_and_every_small_one_is_hidden(
    county: Protected, tables: YearTables
) -> None:
    exact = figures(herefordshire(), tables)
    assert set(county.cells) == set(exact)
    for place, count in exact.items():
        assert county.cells[place] in (None, count)
        assert county.cells[place] is None or not 1 <= count <= 4


def test_the_published_year_hides_what_must_be_hidden(county: Protected) -> None:
    """5 reviewed and 11 died may be shown; 3 boys, 2 girls and 1 with modifiable factors not."""
    shown = county.cells
    assert shown["died-by-age", (TOTAL,)] == 11
    assert shown["reviewed-by-sex", (TOTAL,)] == 5
    for sex in ("male", "female"):
        assert shown["reviewed-by-sex", (sex,)] is None
    for answer in ("yes", "no"):
        assert shown["reviewed-by-modifiable", (answer,)] is None


def every_kind(tables: YearTables, exact: Figures) -> list[dict[str, str]]:
    """Return the kinds of death there could be, as far as the printed tables tell them apart."""
    used = {key for key, count in exact.items() if count}
    codes = {
        name: [c for c in tables.codes(name) if any(c in key for _, key in used)] for name in SIX
    }
    ways = [("y", "y", "y"), ("y", "y", "n"), ("y", "n", "n"), ("n", "y", "n")]
    ways += [("n", "y", "y"), ("n", "n", "y")]
    names = ("died", "notified", "reviewed", *codes)
    return [
        dict(zip(names, (*way, *kind), strict=True))
        for way, kind in product(ways, product(*codes.values()))
    ]


def counted(kind: dict[str, str], table: str, key: tuple[str, ...], tables: YearTables) -> bool:
    definition = next(t for t in tables.tables if t.code == table)
    kind = kind | {
        "year_of_death": "this-year" if kind["died"] == "y" else "earlier",
        "review_state": "reviewed" if kind["reviewed"] == "y" else "not-reviewed",
    }
    return kind[definition.population] == "y" and all(
        code in (TOTAL, kind[name]) for name, code in zip(definition.by, key, strict=True)
    )


def test_an_attacker_of_another_making_cannot_work_out_a_small_count(
    tables: YearTables,
) -> None:
    """He has every printed number, and knows besides which codes the county's deaths have."""
    tables = cut_by(tables, (*SIX, "year_of_death", "review_state"))
    county = protect_year(herefordshire(), tables, PARTNER)
    exact = figures(herefordshire(), tables)
    kinds = every_kind(tables, exact)
    row = {
        place: np.array([counted(kind, *place, tables) for kind in kinds], dtype=float)
        for place in county.cells
    }
    known = [place for place, shown in county.cells.items() if shown is not None]
    told = csr_matrix(np.stack([row[place] for place in known]))
    numbers = [county.cells[place] for place in known]
    for place, count in exact.items():
        if not 1 <= count <= 4 or len(place[1]) > 1:
            continue
        ends = []
        for sign in (1.0, -1.0):
            solved = milp(
                sign * row[place],
                constraints=LinearConstraint(told, numbers, numbers),
                integrality=np.ones(len(kinds), dtype=np.int64),
                bounds=Bounds(0, 60),
            )
            assert solved.status == 0
            ends.append(sign * solved.fun)
        assert round(ends[1] - ends[0]) >= PARTNER.width, place


def test_a_larger_panel_keeps_most_of_its_counts(tables: YearTables) -> None:
    """Not everything is hidden: of a panel with 61 reviews, most counts other than 0 are shown."""
    year = larger(tables, died=90, reviewed=61)
    exact = figures(year, tables)
    shown = protect_year(year, tables, PARTNER).cells
    some = [place for place, count in exact.items() if count > 4]
    assert sum(shown[place] is not None for place in some) > 0.7 * len(some)


def test_a_year_without_deaths_prints_its_zeros(tables: YearTables) -> None:
    assert set(protect_year(records([]), tables, PARTNER).cells.values()) == {0}


def test_the_order_of_the_records_changes_nothing(county: Protected, tables: YearTables) -> None:
    turned = herefordshire().iloc[::-1]
    assert protect_year(turned, tables, PARTNER) == county
    assert digest(turned) == digest(herefordshire())


def test_a_count_of_anything_is_another_digest() -> None:
    changed = herefordshire()
    changed.loc[0, "sex"] = "female"
    assert digest(changed) != digest(herefordshire())


def test_years_out_of_order_are_refused(tables: YearTables) -> None:
    """Nobody is reviewed before being notified: a proof that allowed it would be worth nothing."""
    odd = (YEAR, "2014-15", YEAR, "0-27-days", "male", "white", "8", "no")
    with pytest.raises(Refused, match="Correct the case"):
        protect_year(records([odd]), tables, PARTNER)


def test_a_suicide_of_an_infant_is_no_refuge_for_a_count(tables: YearTables) -> None:
    """Any reader rules it out; where a record says so all the same, it is kept and counted."""
    infant = (YEAR, YEAR, YEAR, "0-27-days", "male", "white", "2", "no")
    together = pd.concat([herefordshire(), records([infant])], ignore_index=True)
    plain, odd = (
        linked(Counted(rows, tables, (YEAR,))).system for rows in (herefordshire(), together)
    )
    infants = ("reviewed-by-category-and-age", ("2", "0-27-days"))
    kinds = [int(s.sums[[s.places[infants]]].nnz) for s in (plain, odd)]
    assert kinds[0] == 0 < kinds[1]


def test_a_review_soon_after_the_death_is_not_one_after_a_year(tables: YearTables) -> None:
    """Of those who died in the year of the review, any reader rules out "over 12 months"."""
    few = cut_by(tables, ("months_to_review", "year_of_death", "sex", "review_state"))
    rows = records([(YEAR, YEAR, YEAR, "0-27-days", "male", "white", "8", "no")] * 6)
    rows["months_to_review"] = ["6-7", "6-7", "6-7", "6-7", "over-12", "over-12"]
    rows.loc[4:, "died_year"] = rows.loc[4:, "notified_year"] = "2012-13"
    system = linked(Counted(described(rows, YEAR), few, (YEAR,))).system
    hidden = np.ones(len(system.values), dtype=bool)
    late, total = ("reviewed-by-time", ("over-12",)), ("reviewed-by-sex", (TOTAL,))
    hidden[[system.places[late], system.places[total]]] = False
    widths = measure(system, hidden, read_hiding(system, hidden, PARTNER), PARTNER, [PUBLIC])[0]
    at = [system.places["reviewed-by-year-of-death", (c,)] for c in ("this-year", "earlier")]
    assert widths[at].tolist() == [4, 4], "the two late ones are of earlier years"


@pytest.fixture
def forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that answers with one small count shown."""

    def answer(system: LinearSystem, profile: Profile, who: Any, **options: Any) -> Any:
        found = worker.hide_against(system, profile, who, **options)
        found.hidden[np.flatnonzero(profile.is_small(system.values))[0]] = False
        return worker.hide_against(system, profile, who, hidden=found.hidden)

    monkeypatch.setattr(protecting, "hide_against", answer)


@pytest.mark.usefixtures("forged")
def test_a_small_count_shown_behind_the_auditors_back_is_found(tables: YearTables) -> None:
    with pytest.raises(Unsafe, match="small count would be printed"):
        protect_year(herefordshire(), tables, PARTNER)


def test_counting_in_two_ways_must_agree(
    tables: YearTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = herefordshire().iloc[1:]
    monkeypatch.setattr(protecting, "figures", lambda _, tables: figures(short, tables))
    with pytest.raises(Unsafe, match="do not agree"):
        protect_year(herefordshire(), tables, PARTNER)
