"""What a reader knows besides the release counts: boards, families, earlier releases, margins."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cdop.errors import Invalid, Unsafe
from cdop.statistics.disclosure import (
    PUBLIC,
    TOTAL,
    Dimension,
    LinearSystem,
    Table,
    audit,
    build_system,
    profile,
    protect,
)
from cdop.statistics.disclosure.attackers import board, families, family, known_margins, ledger
from cdop.statistics.disclosure.care import Care, Threshold, care, whole_groups, with_care
from cdop.statistics.disclosure.system import Earlier

PARTNER = profile("partner-1to4")
CAUSES = ("a", "b", "c", "d")
PLAIN = [Table("t", ("cause",))]


def line(*counts: int) -> LinearSystem:
    """Return one printed line of four causes and its total."""
    records = pd.DataFrame({"cause": CAUSES, "n": counts})
    return build_system(records, [Dimension("cause", CAUSES)], PLAIN, count="n")


def hidden_places(system: LinearSystem, *places: str) -> np.ndarray:
    mask = np.zeros(len(system.values), dtype=bool)
    mask[[system.places["t", (place,)] for place in places]] = True
    return mask


def test_a_small_sum_is_taken_relative_to_what_is_known() -> None:
    """2 + 2 + 10 hide behind 14; to whoever knows the 10 they are a known sum of 4."""
    system = line(2, 2, 10, 30)
    hidden = hidden_places(system, "a", "b", "c")
    audit(system, hidden, PARTNER)
    knower = known_margins(system, [("t", ("c",))])
    with pytest.raises(Unsafe, match="hidden cells that add up to"):
        audit(system, hidden, PARTNER, knower)
    more = protect(system, PARTNER, knower)
    audit(system, more.hidden, PARTNER, knower)
    assert more.hidden[system.places["t", ("d",)]] | more.hidden[system.places["t", (TOTAL,)]]


def test_what_a_reader_knew_beforehand_is_not_held_against_the_release() -> None:
    system = line(2, 3, 12, 30)
    knower = known_margins(system, [("t", ("a",)), ("t", ("b",))])
    assert audit(system, hidden_places(system, "a", "b"), PARTNER, knower).protected == 0


def test_a_board_may_not_find_what_its_neighbours_had_between_them() -> None:
    """A regional table without boards: 9 deaths in all, 7 of them the board's own."""
    records = pd.DataFrame(
        {"cause": ["a", "a", "a", "b"], "board": ["n", "e", "s", "n"], "n": [7, 1, 1, 30]}
    )
    dimensions = [Dimension("cause", ("a", "b")), Dimension("board", ("n", "e", "s"))]
    tables = [Table("t", ("cause",)), Table("areas", ("cause", "board"))]
    system = build_system(records, dimensions, tables, count="n")
    north = board(system, tables, "board", "n")
    public = protect(system, PARTNER)
    with pytest.raises(Unsafe, match="board:n"):
        audit(system, public.hidden, PARTNER, north)
    both = protect(system, PARTNER, (PUBLIC, north))
    for attacker in (PUBLIC, north):
        audit(system, both.hidden, PARTNER, attacker)
    assert both.hidden[system.places["t", ("a",)]]


def test_an_unknown_board_or_place_is_refused() -> None:
    system = line(1, 2, 3, 4)
    with pytest.raises(Invalid):
        board(system, PLAIN, "board", "n")
    with pytest.raises(Invalid):
        known_margins(system, [("t", ("e",))])


def test_a_family_may_not_find_how_many_others_there_were() -> None:
    """A parent who knows of one death among three is told of two others."""
    system = line(1, 0, 0, 9)
    atom = int(system.sums[[system.places["t", ("a",)]]].indices[0])
    hidden = hidden_places(system, "a", "d")
    audit(system, hidden, PARTNER)
    parent = family(system, atom)
    found = protect(line(3, 9, 9, 30), PARTNER, [*families(line(3, 9, 9, 30))])
    for who, tables in zip(families(line(3, 9, 9, 30)), found.certificates, strict=True):
        assert tables.tables.toarray()[:, int(np.flatnonzero(who.least)[0])].min() >= 1
    assert parent.id == f"family:{atom}"


def test_late_notifications_do_not_show_beside_the_earlier_release() -> None:
    """12 then, 14 now: whoever kept the first release would see the two that came late."""
    records = pd.DataFrame(
        {
            "cause": ["a", "b", "c", "a"],
            "first": [True, True, True, False],
            "n": [12, 20, 30, 2],
        }
    )
    dimension = Dimension("cause", ("a", "b", "c"))
    tables = [Table("now", ("cause",)), Table("then", ("cause",), "first")]
    system = build_system(records, [dimension], tables, count="n")
    printed = [place for place in system.places if place[0] == "then"]
    keeper = ledger(system, printed)
    nothing = np.zeros(len(system.values), dtype=bool)
    with pytest.raises(Unsafe, match="ledger"):
        audit(system, nothing, PARTNER, keeper)
    found = protect(system, PARTNER, keeper)
    audit(system, found.hidden, PARTNER, keeper)
    assert found.hidden[system.places["now", ("a",)]]
    assert not found.hidden[[system.places[place] for place in printed]].any()


def test_a_small_difference_of_two_populations_is_protected_when_asked_for() -> None:
    """20 deaths, 18 of them reviewed: two are not, though no table says so."""
    records = pd.DataFrame(
        {"cause": ["a", "a", "b", "b"], "reviewed": [True, False, True, False], "n": [18, 2, 30, 9]}
    )
    tables = [Table("all", ("cause",)), Table("done", ("cause",), "reviewed")]
    dimension = Dimension("cause", ("a", "b"))
    plain = build_system(records, [dimension], tables, count="n")
    assert not protect(plain, PARTNER).hidden.any()
    system = build_system(records, [dimension], tables, count="n", differences=True)
    with pytest.raises(Unsafe, match="without another"):
        audit(system, np.zeros(len(system.values), dtype=bool), PARTNER)
    found = protect(system, PARTNER).hidden
    audit(system, found, PARTNER)
    pair = [system.places[table, ("a",)] for table in ("all", "done")]
    assert found[pair].any()


def test_a_category_with_a_limit_of_its_own_is_hidden_up_to_it() -> None:
    system = line(7, 12, 20, 30)
    assert not protect(system, PARTNER).hidden.any()
    taken = Care((Threshold("cause", ("a",), 9),))
    careful = with_care(system, PLAIN, PARTNER, taken)
    assert protect(careful, PARTNER).primary[system.places["t", ("a",)]]
    with pytest.raises(Unsafe, match="small count would be printed"):
        audit(careful, np.zeros(len(system.values), dtype=bool), PARTNER)


def test_a_group_that_is_all_of_one_kind_is_not_found_out() -> None:
    """All six deaths of the north are of category x: so was the one that a neighbour knows of."""
    records = pd.DataFrame(
        [("n", "x", 6), ("e", "x", 9), ("e", "y", 8), ("s", "x", 7), ("s", "y", 9)],
        columns=["board", "category", "n"],
    )
    dimensions = [Dimension("board", ("n", "e", "s")), Dimension("category", ("x", "y"))]
    tables = [Table("t", ("board", "category"))]
    system = build_system(records, dimensions, tables, count="n")
    [(total, part)] = whole_groups(system, tables, ["category"])
    assert (total, part) == (("t", ("n", TOTAL)), ("t", ("n", "x")))
    assert not protect(system, PARTNER).hidden.any()
    careful = with_care(system, tables, PARTNER, Care((), ("category",)))
    with pytest.raises(Unsafe, match="all belong to"):
        audit(careful, np.zeros(len(system.values), dtype=bool), PARTNER)
    found = protect(careful, PARTNER)
    audit(careful, found.hidden, PARTNER)
    assert found.hidden[[system.places[total], system.places[part]]].any()


@pytest.mark.parametrize("deaths", [1, 2, 4, 6])
def test_few_deaths_of_one_kind_are_a_group_as_many_are(deaths: int) -> None:
    """Hidden counts are no help where every other kind is printed as 0."""
    records = pd.DataFrame([("x", deaths), ("y", 0), ("z", 0)], columns=["category", "n"])
    tables = [Table("t", ("category",))]
    system = build_system(records, [Dimension("category", ("x", "y", "z"))], tables, count="n")
    careful = with_care(system, tables, PARTNER, Care((), ("category",)))
    x, total = (system.places["t", (code,)] for code in ("x", TOTAL))
    small_alone = np.isin(np.arange(len(system.values)), [x, total])
    with pytest.raises(Unsafe, match="all belong to"):
        audit(careful, small_alone, PARTNER)
    found = protect(careful, PARTNER)
    audit(careful, found.hidden, PARTNER)
    assert found.hidden[[system.places["t", (code,)] for code in "yz"]].any()


def test_what_an_earlier_release_told_of_a_group_is_not_asked_to_be_taken_back() -> None:
    records = pd.DataFrame([("x", 2), ("y", 0)], columns=["category", "n"])
    tables, taken = [Table("t", ("category",))], Care((), ("category",))
    system = build_system(records, [Dimension("category", ("x", "y"))], tables, count="n")
    zero, nothing = system.places["t", ("y",)], np.zeros(len(system.values), dtype=np.int64)
    for told, groups in ((False, 1), (True, 0)):
        high = np.full(len(system.values), 2**31 - 1)
        high[zero] = 0 if told else high[zero]
        known = replace(system, earlier=Earlier(nothing, high, nothing.astype(bool)))
        assert len(with_care(known, tables, PARTNER, taken).groups) == groups


def test_where_zeros_are_always_printed_few_are_kept_so_in_whole_tables_alone() -> None:
    records = pd.DataFrame(
        [("n", "x", 2), ("n", "y", 0), ("s", "x", 9), ("s", "y", 9)],
        columns=["board", "category", "n"],
    )
    dimensions = [Dimension("board", ("n", "s")), Dimension("category", ("x", "y"))]
    tables, taken = [Table("t", ("board", "category"))], Care((), ("category",))
    system = build_system(records, dimensions, tables, count="n")
    kept = {
        id: len(with_care(system, tables, profile(id), taken).groups)
        for id in ("partner-1to4", "nhs-1to7-round5")
    }
    assert kept == {"partner-1to4": 1, "nhs-1to7-round5": 0}


def test_the_register_s_own_care_is_data() -> None:
    taken = care()
    assert taken.groups == ("category", "outcome")
    assert [(t.dimension, t.codes, t.high) for t in taken.thresholds] == [
        ("category", ("1", "2"), 9)
    ]


def test_the_same_system_without_care_is_not_changed() -> None:
    system = line(7, 12, 20, 30)
    assert with_care(system, PLAIN, PARTNER, Care()) == replace(system)
