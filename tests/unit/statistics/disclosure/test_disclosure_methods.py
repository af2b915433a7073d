"""Whatever the method and whoever reads: an attacker written apart finds no small count."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdop.errors import Refused, Unsafe
from cdop.statistics.disclosure import LinearSystem, audit, build_system, profile, protect
from cdop.statistics.disclosure.attackers import PUBLIC, board
from cdop.statistics.disclosure.exact import protect_exactly
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.rounding import Numbers, audit_rounded, round_counts
from cdop.statistics.disclosure.system import Mask
from cdop.statistics.disclosure.worker import hide_against, round_system
from tests.unit.statistics.disclosure.independent import (
    BOARD,
    DIMENSIONS,
    TABLES,
    Range,
    Reader,
    register,
)

PARTNER, NHS = profile("partner-1to4"), profile("nhs-1to7-round5")
some_deaths = given(deaths=st.integers(5, 90), seed=st.integers(0, 10_000))
few_examples = settings(max_examples=4, deadline=None, derandomize=True)
INFINITE = float("inf")


def system_of(deaths: int, seed: int) -> LinearSystem:
    return build_system(register(deaths, seed), DIMENSIONS, TABLES)


def small(system: LinearSystem, chosen: Profile) -> list[tuple[str, tuple[str, ...]]]:
    low, high = chosen.primary_low, chosen.primary_high
    return [place for place, cell in system.places.items() if low <= system.values[cell] <= high]


def narrowest(reader: Reader, system: LinearSystem, chosen: Profile) -> float:
    return min((reader.width(*place) for place in small(system, chosen)), default=INFINITE)


def as_read(system: LinearSystem, hidden: Mask) -> dict[Any, Range]:
    values = system.values
    return {
        place: (0, INFINITE) if hidden[cell] else (values[cell], values[cell])
        for place, cell in system.places.items()
    }


@few_examples
@some_deaths
def test_the_exact_method_is_as_safe_and_hides_no_more(deaths: int, seed: int) -> None:
    system = system_of(deaths, seed)
    best = protect_exactly(system, PARTNER)
    hidden = best.protection.hidden
    audit(system, hidden, PARTNER)
    assert best.bound - 1e-6 <= best.cost <= system.costs[protect(system, PARTNER).hidden].sum()
    assert narrowest(Reader(as_read(system, hidden)), system, PARTNER) >= PARTNER.width


@few_examples
@some_deaths
def test_rounded_numbers_add_up_and_give_no_small_count_away(deaths: int, seed: int) -> None:
    for name in ("rounded-3", "rounded-5"):
        chosen = profile(name)
        system = system_of(deaths, seed)
        numbers = round_counts(system, chosen)[0]
        assert audit_rounded(system, chosen, numbers, (PUBLIC,))
        assert (np.abs(numbers.printed - system.values) <= numbers.reach).all()
        for total, parts in system.lines:
            assert numbers.printed[total] == numbers.printed[list(parts)].sum()
        printed = {
            place: (
                max(numbers.printed[cell] - numbers.reach, 0),
                numbers.printed[cell] + numbers.reach,
            )
            for place, cell in system.places.items()
        }
        assert narrowest(Reader(printed), system, chosen) >= chosen.width


@few_examples
@some_deaths
def test_the_nhs_style_leaves_three_values_at_least(deaths: int, seed: int) -> None:
    system = system_of(deaths, seed)
    try:
        hidden = protect(system, NHS).hidden
    except Unsafe:
        return  # zeros that are always shown can make it impossible: then there is no release
    audit(system, hidden, NHS)
    values = system.values
    most = 7 if (values[hidden] <= 7).all() else INFINITE
    printed: dict[Any, Range] = {}
    for place, cell in system.places.items():
        near = (values[cell] + 2) // 5 * 5
        shown = (0, 0) if values[cell] == 0 else (max(near - 2, 8), near + 2)
        printed[place] = (1, most) if hidden[cell] else shown
    assert not (hidden & (values == 0)).any()
    assert narrowest(Reader(printed), system, NHS) >= 2


@few_examples
@some_deaths
def test_no_board_finds_another_s_small_count(deaths: int, seed: int) -> None:
    """Safe for the public is not enough: each board knows its own records exactly."""
    records = register(deaths, seed)
    system = build_system(records, DIMENSIONS, TABLES)
    boards = [board(system, TABLES, "board", code) for code in BOARD.codes]
    found = hide_against(system, PARTNER, (PUBLIC, *boards))
    assert [a.attackers[0] for a in found.audits] == ["public", *(b.id for b in boards)]
    for code in BOARD.codes:
        own = records[records.board == code]
        names = ("age", "category", "reviewed")
        kinds = {
            (a, c, r)
            for a in DIMENSIONS[0].codes
            for c in DIMENSIONS[2].codes
            for r in (True, False)
        }
        knows: dict[tuple[tuple[str, str], ...], int] = {
            (("board", code), ("age", a), ("category", c), ("reviewed", "yes" if r else "no")): int(
                (own[list(names)] == [a, c, r]).all(axis=1).sum()
            )
            for a, c, r in kinds
        }
        reader = Reader(as_read(system, found.hidden), knows=knows)
        others = ["north", "east", "south"]
        others.remove(code)
        for id, key in small(system, PARTNER):
            if any(other in key for other in others):
                assert reader.width(id, key) >= PARTNER.width, (code, id, key)


@pytest.mark.parametrize("name", ["rounded-3", "rounded-5"])
def test_a_rounded_release_is_the_same_twice_and_keeps_what_was_printed(name: str) -> None:
    chosen = profile(name)
    system = system_of(60, 5)
    one, two = (round_system(system, chosen, seed=3) for _ in range(2))
    assert (one.numbers.printed == two.numbers.printed).all()
    assert one.audits[0].digest == two.audits[0].digest
    later = round_system(system, chosen, seed=99, keep=one.numbers.printed)
    assert (later.numbers.printed == one.numbers.printed).mean() > 0.9
    assert set(one.frame(system, "category-age").columns) == {"key", "count", "count_symbol"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("no multiple", "not a multiple"),
        ("too far", "too far from the truth"),
        ("no sum", "not the sum of its parts"),
    ],
)
def test_a_rounding_that_was_changed_is_refused(change: str, why: str) -> None:
    chosen = profile("rounded-5")
    system = system_of(60, 5)
    numbers = round_counts(system, chosen)[0]
    printed = numbers.printed.copy()
    cell = system.places["category-age", ("8", "0")]
    printed[cell] += {"no multiple": 1, "too far": 50, "no sum": 0}[change]
    if change == "no sum":
        printed[cell] += 5 if printed[cell] <= system.values[cell] else -5
    with pytest.raises(Unsafe, match=why):
        audit_rounded(system, chosen, Numbers(printed, numbers.reach), (PUBLIC,))


def test_a_small_count_that_rounding_leaves_pinned_is_refused() -> None:
    """An exact total in another's hands, and all parts but one, leave the last no room."""
    chosen = profile("rounded-5")
    system = system_of(60, 5)
    from cdop.statistics.disclosure.attackers import known_margins

    [(id, key), *_] = small(system, chosen)
    axis = next(i for i, code in enumerate(key) if code != "total")
    line = [p for p in system.places if p[0] == id and p[1][:axis] == key[:axis]]
    line = [p for p in line if p[1][axis + 1 :] == key[axis + 1 :] and p[1] != key]
    knower = known_margins(system, line)
    with pytest.raises(Unsafe):
        round_counts(system, chosen, attackers=(knower,))


def test_a_profile_that_rounds_hides_nothing_and_the_other_way_round() -> None:
    system = system_of(20, 1)
    with pytest.raises(Refused):
        protect(system, profile("rounded-5"))
    with pytest.raises(Refused):
        round_counts(system, PARTNER)
    with pytest.raises(Refused):
        protect_exactly(system, NHS)


def test_each_method_is_the_same_twice() -> None:
    system = system_of(50, 7)
    for exact in (False, True):
        one, two = (hide_against(system, PARTNER, exact=exact) for _ in range(2))
        assert (one.hidden == two.hidden).all()
        assert one.audits[0].digest == two.audits[0].digest
