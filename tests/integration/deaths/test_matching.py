"""Possible duplicates are offered and never decided by the register; a joining can be undone."""

from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.deaths import queries, search
from cdop.deaths.commands import Child, Correction
from cdop.deaths.documents import CIRCUMSTANCES, NOTIFIED_NAMES
from cdop.deaths.models import Death, PossibleMatch
from cdop.deaths.service import correct_identity, decide_match, mark_reviewed, notify, unjoin
from cdop.deaths.service.matching import resembling
from cdop.errors import Denied, NotFound, Refused
from cdop.reference import nhs_numbers
from cdop.security.actor import system
from cdop.security.models import AuditEntry, IndexToken
from cdop.security.work import Work
from cdop.tasks.models import Task
from tests.factories import Herefordshire, child, told

SYSTEM = system("tests")
NUMBER = nhs_numbers.invented(1)


def add(county: Herefordshire, one: Child, who: str = "coordinator") -> Death:
    """Notify a child to Herefordshire's panel. Returns the case."""
    panel = county["herefordshire-cdop"]
    receipt = county.register.do(county.actors[who], notify, told(panel, one))
    with county.register.reading(SYSTEM) as work:
        if receipt.death_id:
            return work.session.get_one(Death, receipt.death_id)
        return work.session.exec(select(Death).order_by(col(Death.id).desc())).first()


def offered(county: Herefordshire) -> list[tuple[str, str]]:
    """Return who is offered as whose duplicate, and how sure."""
    with county.register.reading(SYSTEM) as work:
        return [
            (work.session.get_one(Death, row.death_id).reference[-1], row.why)
            for row in work.session.exec(select(PossibleMatch).order_by(col(PossibleMatch.id)))
        ]


def the_same(county: Herefordshire, later: Death) -> None:
    """Decide that a case and its one possible duplicate are the same child."""
    coordinator = county.actors["coordinator"]
    with county.register.reading(coordinator) as work:
        (match,) = queries.undecided_matches(work, later)
    county.register.do(coordinator, decide_match, match.id, "same")


def told_names(work: Work, death: Death) -> list[str]:
    return [
        work.open(row, NOTIFIED_NAMES).given
        for row in queries.notifications(work, queries.get(work, death.id))
    ]


def state(county: Herefordshire) -> dict[str, object]:
    """Return everything about the cases that a joining changes."""
    with county.register.work(county.actors["coordinator"]) as work:
        deaths = list(work.session.exec(select(Death).order_by(col(Death.reference))))
        tasks = work.session.exec(select(Task).where(col(Task.done_at).is_(None)))
        tokens = work.session.exec(select(IndexToken))
        return {
            "cases": [(d.reference, d.status, d.joined_to_id) for d in deaths],
            "notifications": [told_names(work, d) for d in deaths],
            "tasks": sorted((t.kind, t.reference, t.due_on) for t in tasks),
            "tokens": sorted((t.kind, t.token, t.subject_id) for t in tokens),
        }


def pair(county: Herefordshire) -> tuple[Death, Death]:
    """Add a case and a likely duplicate of it, without its number and misspelt."""
    return add(county, child()), add(county, child(given="Exampel", nhs_number=""))


def test_what_is_likely_is_offered_and_what_is_not_is_left_alone(county: Herefordshire) -> None:
    add(county, child())
    add(county, child(given="Quentin", nhs_number=""))
    assert offered(county) == []
    add(county, child(given="Exampel", nhs_number=""))
    assert offered(county) == [("3", "same")]
    add(county, child(given="Baby", nhs_number=""))
    assert offered(county)[1:] == [("4", "possible")] * 3


def test_a_slip_in_the_date_of_birth_is_found_by_the_date_of_death(county: Herefordshire) -> None:
    add(county, child())
    add(county, child(nhs_number="", born_on=date(2026, 1, 3)))
    assert offered(county) == [("2", "same")]


def test_a_slip_in_both_dates_is_found_by_the_postcode(county: Herefordshire) -> None:
    add(county, child())
    slips = child(nhs_number="", born_on=date(2026, 3, 2), died_on=date(2026, 11, 11))
    add(county, slips)
    assert offered(county) == [("2", "same")]


def test_even_the_same_child_is_never_joined_without_a_decision(county: Herefordshire) -> None:
    _, later = pair(county)
    with county.register.reading(SYSTEM) as work:
        assert work.session.get_one(Death, later.id).status == "open"


def test_undoing_a_joining_leaves_all_as_it_was_before(
    county: Herefordshire, clock: FixedClock
) -> None:
    earlier, later = pair(county)
    before = state(county)
    clock.at += timedelta(hours=1)
    the_same(county, later)
    joined = state(county)
    assert joined["notifications"] == [["Example", "Exampel"], []]
    clock.at += timedelta(hours=1)
    stays = county.register.do(county.actors["coordinator"], unjoin, later.id)
    assert stays == earlier.id
    assert state(county) == before
    with county.register.work(county.actors["coordinator"]) as work:
        (row,) = queries.notifications(work, queries.get(work, later.id))
        assert row.subject_id == later.id
        assert "invented account" in work.open(row, CIRCUMSTANCES).narrative
        kinds = [event.kind for event in queries.events(work, queries.get(work, later.id))]
    assert kinds == ["notified", "joined-to", "join-undone"]


def test_the_two_may_be_joined_again(county: Herefordshire, clock: FixedClock) -> None:
    _, later = pair(county)
    for _ in range(2):
        clock.at += timedelta(hours=1)
        the_same(county, later)
        joined = state(county)
        clock.at += timedelta(hours=1)
        county.register.do(county.actors["coordinator"], unjoin, later.id)
    the_same(county, later)
    assert state(county) == joined


def test_a_case_is_found_by_what_was_told_of_the_one_that_joined_it(
    county: Herefordshire, clock: FixedClock
) -> None:
    earlier = add(county, child(nhs_number=""))
    later = add(county, child(given="Exampel"))
    the_same(county, later)
    answer = search.find(county.register, county.actors["coordinator"], NUMBER)
    assert answer.total == 0 or answer.found[0].id in (earlier.id, later.id)
    again = add(county, child(given="Somebody"))
    assert again.id == earlier.id


def test_joins_are_undone_in_the_reverse_order(county: Herefordshire, clock: FixedClock) -> None:
    first = add(county, child(nhs_number=""))
    second = add(county, child(given="Exampel", nhs_number=""))
    with county.register.reading(SYSTEM) as work:
        (match,) = queries.undecided_matches(work, second)
    third = add(county, child(given="Examplea", nhs_number=""))
    coordinator = county.actors["coordinator"]
    with county.register.reading(SYSTEM) as work:
        to_second = [m for m in queries.undecided_matches(work, third) if m.other_id == second.id]
    clock.at += timedelta(hours=1)
    county.register.do(coordinator, decide_match, to_second[0].id, "same")
    clock.at += timedelta(hours=1)
    county.register.do(coordinator, decide_match, match.id, "same")
    with county.register.work(coordinator) as work:
        assert told_names(work, first) == ["Example", "Exampel", "Examplea"]
    with pytest.raises(Refused, match="undo that first"):
        county.register.do(coordinator, unjoin, third.id)
    county.register.do(coordinator, unjoin, second.id)
    with county.register.work(coordinator) as work:
        assert (told_names(work, first), told_names(work, second)) == (
            ["Example"],
            ["Exampel", "Examplea"],
        )
    county.register.do(coordinator, unjoin, third.id)
    with county.register.work(coordinator) as work:
        assert [told_names(work, each) for each in (first, second, third)] == [
            ["Example"],
            ["Exampel"],
            ["Examplea"],
        ]


def test_the_case_that_stays_takes_over_other_possible_duplicates(county: Herefordshire) -> None:
    first = add(county, child(nhs_number=""))
    second = add(county, child(nhs_number="", died_on=date(2026, 10, 25)))
    third = add(county, child(nhs_number="", born_on=date(2026, 8, 20), died_on=date(2026, 10, 25)))
    with county.register.reading(SYSTEM) as work:
        assert {m.other_id for m in queries.undecided_matches(work, third)} == {second.id}
    the_same_pair(county, second, first)
    with county.register.reading(SYSTEM) as work:
        third = work.session.get_one(Death, third.id)
        assert [m.other_id for m in queries.undecided_matches(work, third)] == [first.id]


def the_same_pair(county: Herefordshire, later: Death, earlier: Death) -> None:
    with county.register.reading(SYSTEM) as work:
        (match,) = [m for m in queries.undecided_matches(work, later) if m.other_id == earlier.id]
    county.register.do(county.actors["coordinator"], decide_match, match.id, "same")


def test_a_joining_that_the_panel_has_signed_off_since_stays(
    county: Herefordshire, clock: FixedClock
) -> None:
    earlier, later = pair(county)
    the_same(county, later)
    clock.at += timedelta(days=1)

    def sign(work: Work) -> None:
        mark_reviewed(work, work.session.get_one(Death, earlier.id), work.today)

    county.register.do(SYSTEM, sign)
    with pytest.raises(Refused, match="signed off"):
        county.register.do(county.actors["coordinator"], unjoin, later.id)


def test_a_number_that_another_case_has_by_now_must_be_settled_first(
    county: Herefordshire,
) -> None:
    earlier = add(county, child(nhs_number=""))
    later = add(county, child(given="Exampel"))
    the_same(county, later)
    with county.register.reading(SYSTEM) as work:
        revision = work.session.get_one(Death, earlier.id).sealed_revision
    coordinator = county.actors["coordinator"]
    county.register.do(
        coordinator, correct_identity, earlier.id, Correction(child(), revision, "From the ward")
    )
    before = state(county)
    with pytest.raises(Refused, match="has the NHS number"):
        county.register.do(coordinator, unjoin, later.id)
    assert state(county) == before


def test_only_the_panels_own_coordinator_undoes(county: Herefordshire) -> None:
    _, later = pair(county)
    coordinator = county.actors["coordinator"]
    with pytest.raises(Refused, match="not joined"):
        county.register.do(coordinator, unjoin, later.id)
    the_same(county, later)
    with pytest.raises(NotFound):
        county.register.do(county.actors["neighbour"], unjoin, later.id)
    with pytest.raises(Denied):
        county.register.do(county.actors["panel-chair"], unjoin, later.id)


def typed(county: Herefordshire, who: str, panel: str = "herefordshire-cdop") -> list[str]:
    """Return the references shown to somebody who is typing the known child's details."""

    def ask(work: Work) -> list[str]:
        return [each.reference for each in resembling(work, child(nhs_number=""), county[panel])]

    return county.register.do(county.actors[who], ask)


def test_what_is_typed_is_compared_for_the_panels_coordinator_alone(
    county: Herefordshire,
) -> None:
    add(county, child())
    assert typed(county, "coordinator") == ["CD-2026-0001"]
    assert typed(county, "notifier") == []
    assert typed(county, "neighbour") == []
    assert typed(county, "neighbour", "worcestershire-cdop") == []


def test_a_comparison_is_audited_with_each_case_shown_and_without_what_was_typed(
    county: Herefordshire,
) -> None:
    case = add(county, child())
    typed(county, "coordinator")
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry).where(AuditEntry.action == "deaths:match:compare")
        lines = list(work.session.exec(query))
    assert {line.subject_id for line in lines} == {case.id, None}
    assert not any("Example" in str(line.detail) for line in lines)
