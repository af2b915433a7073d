"""Requests about rights: the clock runs by law, every record is found, and little is disclosed."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.deaths.service import notify
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.reference import nhs_numbers
from cdop.retention import erasing, rules
from cdop.retention.rights import copying, finding, service
from cdop.retention.rights.models import ANSWER, ASKED, Asked
from cdop.retention.rights.service import NewRequest
from cdop.tasks.models import Task
from tests.factories import MAKER, Herefordshire, child, told
from tests.integration.retention.conftest import Old, keep_for
from tests.panels import a_case, audited, open_tasks


def ask(county: Herefordshire, **changes: object) -> UUID:
    """Record an invented parent's request about Example1 Testchild1, received on 20 November."""
    asked = {"name": "Parent Invented", "about": "Example1 Testchild1", **changes}
    new = NewRequest(
        county["herefordshire-cdop"], "access", "parent", date(2026, 11, 20), Asked(**asked)
    )
    return county.register.do(county.actors["caldicott-guardian"], service.record, new)


def found(county: Herefordshire, request: UUID) -> dict[str, tuple[str, ...]]:
    guardian = county.actors["caldicott-guardian"]
    return {
        each.reference: each.reasons
        for each in county.register.do(guardian, finding.candidates, request)
    }


def linked(county: Herefordshire) -> tuple[UUID, UUID]:
    """Return a case, and a request to which it is linked."""
    death, request = a_case(county), ask(county)
    guardian = county.actors["caldicott-guardian"]
    county.register.do(guardian, service.link, request, [("deaths", death)])
    return death, request


def test_a_request_is_due_in_one_month_and_on_the_work_list(county: Herefordshire) -> None:
    request = ask(county)
    assert open_tasks(county.register, request) == {"answer-rights-request"}
    with county.register.work(county.actors["coordinator"]) as work:
        row = service.get(work, request)
        assert (row.reference, row.due_on) == ("RR-2026-0001", date(2026, 12, 20))
        assert work.open(row, ASKED).name == "Parent Invented"


def test_it_is_extended_once_by_two_months_within_the_first(
    county: Herefordshire, clock: FixedClock
) -> None:
    request, guardian = ask(county), county.actors["caldicott-guardian"]
    with pytest.raises(Invalid):
        county.register.do(guardian, service.extend, request, " ")
    county.register.do(guardian, service.extend, request, "Many records; told by letter")
    with county.register.reading(guardian) as work:
        assert service.get(work, request).due_on == date(2027, 2, 20)
        [task] = work.session.exec(select(Task).where(Task.subject_id == request))
        assert (task.due_on, task.standing) == (date(2027, 2, 20), "statutory")
    with pytest.raises(Refused, match="extended already"):
        county.register.do(guardian, service.extend, request, "Again")
    late = ask(county)
    clock.at = datetime(2026, 12, 21, 9, tzinfo=UTC)
    with pytest.raises(Refused, match="before its end"):
        county.register.do(guardian, service.extend, late, "Too late")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"about": "Exampel1 Testchild1"}, "The child: the name is alike"),
        ({"about": "Testchild1, Example1"}, "The child: the name is alike"),
        ({"about": "", "name": "Invented Notifier"}, "Who notified: the name is alike"),
        (
            {"about": "Nobody", "nhs_number": f" {nhs_numbers.invented(1)} "},
            "The child: the same NHS number",
        ),
    ],
)
def test_the_person_is_found_in_every_part_that_names_people(
    county: Herefordshire, asked: dict[str, str], reason: str
) -> None:
    a_case(county)
    assert reason in found(county, ask(county, **asked))["CD-2026-0001"]


def test_nobody_else_is_found_and_no_other_panel_looked_at(county: Herefordshire) -> None:
    zebulon = child(3, given="Zebulon", family="Elsewhere")
    other = told(county["worcestershire-cdop"], zebulon)
    county.register.do(county.actors["neighbour"], notify, other)
    a_case(county, 2)
    assert found(county, ask(county, about="Somebody Else")) == {}
    assert found(county, ask(county, about="Zebulon Elsewhere")) == {}
    [_, line] = audited(county.register, "rights:request:search")
    assert line.detail == {"found": 0}


def test_what_is_not_chosen_stays_back_and_professionals_are_blacked_out(
    county: Herefordshire,
) -> None:
    told_again = told(county["herefordshire-cdop"], child(1, given="Example1", family="Testchild1"))
    told_again.circumstances.narrative = "invented notifier saw Parent Invented at home."
    _, request = linked(county)
    county.register.do(county.actors["coordinator"], notify, told_again)
    coordinator = county.actors["coordinator"]
    with county.register.reading(coordinator) as work:
        parts = copying.parts(work, request)
    by_label = {part.label: part for part in parts}
    assert by_label["Who notified"].others
    assert not by_label["The child's names"].others
    narratives = [part.code for part in parts if part.label == "What the notifier told"]
    copy = county.register.do(coordinator, copying.copy, request, narratives, ["Parent Invented"])
    shown = [line for each in copy if each.lines for line in each.lines]
    assert ("Narrative", f"{copying.BLACK} saw {copying.BLACK} at home.") in shown
    assert [each.label for each in copy if each.lines] == ["What the notifier told"] * 2
    [line] = audited(county.register, "rights:request:copy")
    assert line.detail["disclosed"] == sorted(narratives)
    assert line.detail["kept_back"] == len(parts) - 2


def test_it_is_closed_with_an_outcome_exemptions_and_an_answer(county: Herefordshire) -> None:
    request, guardian = ask(county), county.actors["caldicott-guardian"]
    with pytest.raises(Invalid) as caught:
        county.register.do(guardian, service.close, request, "in-part", [], "")
    assert set(caught.value.fields) == {"exemptions", "answer"}
    county.register.do(
        guardian, service.close, request, "in-part", ["deceased", "third-party"], "By letter"
    )
    assert open_tasks(county.register, request) == set()
    with county.register.work(guardian) as work:
        row = service.get(work, request)
        assert (row.outcome, row.exemptions) == ("in-part", "deceased third-party")
        assert work.open(row, ANSWER).text == "By letter"
    with pytest.raises(Refused, match="has been closed"):
        county.register.do(guardian, service.close, request, "refused", ["crime"], "Again")


@pytest.mark.parametrize("who", ["panel-chair", "notifier", "analyst", "administrator"])
def test_others_cannot_handle_requests(county: Herefordshire, who: str) -> None:
    request = ask(county)
    with pytest.raises(Denied):
        county.register.do(county.actors[who], finding.candidates, request)
    with pytest.raises(NotFound):
        county.register.do(county.actors["neighbour"], finding.candidates, request)


def test_an_open_request_keeps_a_record_from_being_erased(old: Old) -> None:
    request = ask(old.county)
    old.register.do(old.guardian, service.link, request, [old.record])
    with pytest.raises(Refused) as caught:
        old.proposed()
    assert str(caught.value) == rules.RIGHTS_REQUEST_OPEN
    old.register.do(old.guardian, service.close, request, "in-full", [], "By letter")
    old.erased()


def test_a_closed_request_is_erased_like_any_record(old: Old, clock: FixedClock) -> None:
    keep_for(old.county, 3, "rights-request")
    request = ask(old.county)
    old.register.do(old.guardian, service.close, request, "withdrawn", [], "By letter")
    clock.at = clock.at.replace(year=2061)
    record = ("rights_requests", request)
    erasure = old.register.do(old.coordinator, erasing.propose, record)
    old.register.do(old.guardian, erasing.approve, erasure)
    erasing.carry_out(old.register, old.coordinator, erasure)
    with pytest.raises(Refused, match="has been erased"), old.register.work(MAKER) as work:
        work.open(service.get(work, request), ASKED)
