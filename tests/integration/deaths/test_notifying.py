"""A death is notified once, kept once, and tells nobody that the child was known."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import col, select

from cdop.deaths import queries
from cdop.deaths.commands import Correction
from cdop.deaths.documents import CIRCUMSTANCES, IDENTITY, NAMES, NOTIFIED_NAMES
from cdop.deaths.models import Death, Notification
from cdop.deaths.rules import OutOfScope
from cdop.deaths.service import correct_identity, decide_match, notify
from cdop.errors import Denied, Invalid, NotFound
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work
from cdop.tasks.models import Task
from tests.factories import Herefordshire, child, told

SYSTEM = system("tests")


def cases(register: Register) -> list[Death]:
    """Return all cases, in order."""
    with register.reading(SYSTEM) as work:
        return list(work.session.exec(select(Death).order_by(col(Death.id))))


def open_tasks(register: Register) -> set[tuple[str, str]]:
    """Return (kind, reference) of the open tasks."""
    with register.reading(SYSTEM) as work:
        rows = work.session.exec(select(Task).where(col(Task.done_at).is_(None)))
        return {(task.kind, task.reference) for task in rows}


def test_a_notified_death_is_kept_sealed_and_read_again(county: Herefordshire) -> None:
    coordinator = county.actors["coordinator"]
    receipt = county.register.do(coordinator, notify, told(county["herefordshire-cdop"]))
    assert receipt.death_id is not None
    with county.register.work(coordinator) as work:
        death = queries.get(work, receipt.death_id)
        assert work.open(death, NAMES).full == "Example Testchild"
        assert work.open(death, IDENTITY).born_on == date(2026, 3, 1)
        (notification,) = queries.notifications(work, death)
        assert "invented account" in work.open(notification, CIRCUMSTANCES).narrative
        assert (death.age_band, death.died_year) == ("28-364-days", "2026-27")
        assert (death.ethnic_group, death.deprivation) == ("white", "1")


def test_every_read_of_identity_is_audited_in_its_own_transaction(county: Herefordshire) -> None:
    coordinator = county.actors["coordinator"]
    receipt = county.register.do(coordinator, notify, told(county["herefordshire-cdop"]))
    with county.register.work(coordinator) as work:
        work.open(queries.get(work, receipt.death_id), NAMES)
    with county.register.reading(SYSTEM) as work:
        lines = work.session.exec(
            select(AuditEntry).where(AuditEntry.action == "deaths:identity:read")
        ).all()
    assert [(line.actor, line.subject_id) for line in lines] == [("coordinator", receipt.death_id)]


def test_the_same_valid_number_joins_the_first_case(county: Herefordshire) -> None:
    coordinator, panel = county.actors["coordinator"], county["herefordshire-cdop"]
    first = county.register.do(coordinator, notify, told(panel))
    again = county.register.do(coordinator, notify, told(panel, child(given="Exmaple")))
    assert again.death_id == first.death_id
    assert again.number != first.number
    assert len(cases(county.register)) == 1
    with county.register.work(coordinator) as work:
        rows = queries.notifications(work, queries.get(work, first.death_id))
        assert [work.open(row, NOTIFIED_NAMES).given for row in rows] == ["Example", "Exmaple"]


def test_two_notifications_at_the_same_moment_yield_one_case(county: Herefordshire) -> None:
    coordinator, panel = county.actors["coordinator"], county["herefordshire-cdop"]

    def send(_: int) -> None:
        county.register.do(coordinator, notify, told(panel))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    assert len(cases(county.register)) == 1
    with county.register.reading(SYSTEM) as work:
        assert len(work.session.exec(select(Notification)).all()) == 8


def test_a_likely_duplicate_is_offered_and_joined_only_by_the_coordinator(
    county: Herefordshire,
) -> None:
    coordinator, panel = county.actors["coordinator"], county["herefordshire-cdop"]
    first = county.register.do(coordinator, notify, told(panel))
    unnumbered = child(given="Exampel", nhs_number="")
    second = county.register.do(coordinator, notify, told(panel, unnumbered))
    assert second.death_id != first.death_id
    with county.register.reading(coordinator) as work:
        (match,) = queries.undecided_matches(work, queries.get(work, second.death_id))
    assert match.other_id == first.death_id
    with pytest.raises(NotFound):
        county.register.do(county.actors["neighbour"], decide_match, match.id, "same")
    county.register.do(coordinator, decide_match, match.id, "same")
    joined = {case.reference: case.status for case in cases(county.register)}
    assert joined == {"CD-2026-0001": "open", "CD-2026-0002": "joined"}
    with county.register.work(coordinator) as work:
        rows = queries.notifications(work, queries.get(work, first.death_id))
        assert [work.open(row, NOTIFIED_NAMES).given for row in rows] == ["Example", "Exampel"]


def test_twins_with_numbers_of_their_own_are_two_children(county: Herefordshire) -> None:
    coordinator, panel = county.actors["coordinator"], county["herefordshire-cdop"]
    county.register.do(coordinator, notify, told(panel, child(1, given="Examplea")))
    other = county.register.do(coordinator, notify, told(panel, child(2, given="Exampleb")))
    with county.register.reading(coordinator) as work:
        assert queries.undecided_matches(work, queries.get(work, other.death_id)) == []


def test_a_match_at_another_panel_tells_the_notifier_nothing(county: Herefordshire) -> None:
    register = county.register
    theirs = register.do(
        county.actors["neighbour"], notify, told(county["worcestershire-cdop"], child(7))
    )
    panel = county["herefordshire-cdop"]
    coordinator = county.actors["coordinator"]
    known = register.do(coordinator, notify, told(panel, child(7)))
    unknown = register.do(coordinator, notify, told(panel, child(8, given="Other")))
    with register.reading(coordinator) as work:
        kinds = [
            {event.kind for event in queries.events(work, queries.get(work, each.death_id))}
            for each in (known, unknown)
        ]
        assert kinds[0] == kinds[1] == {"notified"}
        with pytest.raises(NotFound):
            queries.get(work, theirs.death_id)
    with register.reading(county.actors["neighbour"]) as work:
        events = queries.events(work, queries.get(work, theirs.death_id))
        assert "notified-elsewhere" in {event.kind for event in events}
    with register.reading(SYSTEM) as work:
        (task,) = work.session.exec(select(Task).where(Task.kind == "settle-transfer")).all()
    assert task.organisation_id == county["worcestershire-cdop"]


def test_a_number_corrected_to_one_that_another_panel_holds_tells_that_panel_alone(
    county: Herefordshire,
) -> None:
    register, coordinator = county.register, county.actors["coordinator"]
    theirs = register.do(
        county.actors["neighbour"], notify, told(county["worcestershire-cdop"], child(7))
    )
    mine = register.do(coordinator, notify, told(county["herefordshire-cdop"], child(8)))
    with register.reading(coordinator) as work:
        revision = queries.get(work, mine.death_id).sealed_revision
    register.do(
        coordinator, correct_identity, mine.death_id, Correction(child(7), revision, "Mistyped")
    )
    with register.reading(SYSTEM) as work:
        (task,) = work.session.exec(select(Task).where(Task.kind == "settle-transfer")).all()
    assert task.subject_id == theirs.death_id


def test_a_notifier_gets_the_same_receipt_for_a_known_and_an_unknown_child(
    county: Herefordshire,
) -> None:
    notifier, panel = county.actors["notifier"], county["herefordshire-cdop"]
    receipts = [county.register.do(notifier, notify, told(panel)) for _ in range(2)]
    assert [receipt.death_id for receipt in receipts] == [None, None]
    assert all(len(receipt.number) == len("N-ABCDEFGH") for receipt in receipts)


def test_what_is_missing_or_wrong_is_named_for_each_field(county: Herefordshire) -> None:
    wrong = child(nhs_number="9434765918", born_on=date(2026, 11, 12), sex="unheard-of")
    with pytest.raises(Invalid) as caught:
        county.register.do(
            county.actors["coordinator"], notify, told(county["herefordshire-cdop"], wrong)
        )
    assert set(caught.value.fields) == {"nhs_number", "died_on", "sex"}
    assert "9434765918" not in str(caught.value)
    assert cases(county.register) == []


def test_a_death_out_of_scope_is_explained_then_kept_with_its_reason(
    county: Herefordshire,
) -> None:
    adult = told(
        county["herefordshire-cdop"], child(born_on=date(2008, 11, 10), died_on=date(2026, 11, 10))
    )
    coordinator = county.actors["coordinator"]
    with pytest.raises(OutOfScope) as caught:
        county.register.do(coordinator, notify, adult)
    assert "ighteenth birthday" in str(caught.value)
    county.register.do(coordinator, notify, replace(adult, scope_confirmed=True))
    (case,) = cases(county.register)
    assert (case.status, case.out_of_scope) == ("out-of-scope", "eighteen-or-over")
    assert open_tasks(county.register) == set()


def test_without_the_permission_nothing_is_kept_but_the_denial(county: Herefordshire) -> None:
    member = county.actors["panel-member"]
    with pytest.raises(Denied):
        county.register.do(member, notify, told(county["herefordshire-cdop"]))
    assert cases(county.register) == []
    with county.register.reading(SYSTEM) as work:
        (line,) = work.session.exec(select(AuditEntry).where(AuditEntry.outcome == "denied")).all()
    assert (line.actor, line.action) == ("panel-member", "deaths:notification:create")


def test_an_error_after_the_work_undoes_all_of_it(county: Herefordshire) -> None:
    def notify_then_fail(work: Work) -> None:
        notify(work, told(county["herefordshire-cdop"]))
        raise RuntimeError("the power failed")

    with pytest.raises(RuntimeError):
        county.register.do(county.actors["coordinator"], notify_then_fail)
    assert cases(county.register) == []
    assert open_tasks(county.register) == set()
