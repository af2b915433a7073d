"""What leads from one state of a release to the next, and who may take the step."""

from itertools import product

import pytest

from cdop.errors import Invalid, Refused
from cdop.statistics import rules
from cdop.statistics.coarsening import coarsened, coarsenings, ways_for
from cdop.statistics.rules import Recipient, State, Step
from cdop.statistics.subjects import DEATHS, REFERRALS
from cdop.statistics.year_tables import year_tables

ALLOWED = {
    (State.DRAFT, Step.CHANGE): State.DRAFT,
    (State.DRAFT, Step.PROVE): State.PROVED,
    (State.DRAFT, Step.REFUSE): State.REFUSED,
    (State.DRAFT, Step.DISCARD): State.DISCARDED,
    (State.REFUSED, Step.CHANGE): State.DRAFT,
    (State.REFUSED, Step.PROVE): State.PROVED,
    (State.REFUSED, Step.REFUSE): State.REFUSED,
    (State.REFUSED, Step.DISCARD): State.DISCARDED,
    (State.PROVED, Step.APPROVE): State.RELEASED,
    (State.PROVED, Step.DECLINE): State.DECLINED,
    (State.PROVED, Step.DISCARD): State.DISCARDED,
    (State.RELEASED, Step.WITHDRAW): State.WITHDRAWN,
}


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_each_step_is_taken_from_its_states_alone(state: State, step: Step) -> None:
    if (state, step) in ALLOWED:
        assert rules.after(state, step) == ALLOWED[state, step]
    else:
        with pytest.raises(Refused, match=rules.WORDS[state].lower()):
            rules.after(state, step)


@pytest.mark.parametrize(
    ("who", "makers", "may"),
    [("a", ("b", "c"), True), ("a", ("a", "b"), False), ("a", ("b", "a"), False)],
)
def test_two_people_make_a_release(who: str, makers: tuple[str, ...], may: bool) -> None:
    if may:
        rules.check_approver({who}, makers)
    else:
        with pytest.raises(Refused):
            rules.check_approver({who}, makers)


def test_an_earlier_release_withdrawn_meanwhile_is_no_obstacle_and_a_new_one_is() -> None:
    rules.check_unchanged_ledger(["a", "b"], ["a", "b"])
    with pytest.raises(Refused):
        rules.check_unchanged_ledger(["a"], ["a", "b"])


def test_recipients_are_named_and_fit_the_profile() -> None:
    rules.check_recipients([Recipient("A team")], ("partner",))
    for wrong in ([], [Recipient(" ")], [Recipient("A", "nobody")]):
        with pytest.raises(Invalid):
            rules.check_recipients(wrong, ("partner", "public"))
    with pytest.raises(Refused):
        rules.check_recipients([Recipient("A", "public")], ("partner",))


@pytest.mark.parametrize("way", list(coarsenings()))
def test_each_coarser_answer_has_every_finer_one_in_it(way: str) -> None:
    years = (year_tables("2025-26", counts=each.code) for each in (DEATHS, REFERRALS))
    (tables,) = (each for each in years if way in ways_for(each))
    column = coarsenings()[way].column
    coarser, merged = coarsened(tables, [way])
    assert set(merged[column]) == set(tables.codes(column))
    assert set(merged[column].values()) == set(coarser.codes(column))
    assert len(coarser.codes(column)) < len(tables.codes(column))


def test_a_column_is_merged_in_one_way() -> None:
    with pytest.raises(Invalid):
        coarsened(year_tables("2013-14"), ["ages-2", "ages-3"])
    with pytest.raises(Invalid):
        coarsened(year_tables("2013-14"), ["nothing"])
