"""What a coordinator does, or a group's administrator: arrange a meeting, fill its agenda."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, delete, func, select

from cdop.deaths import queries as deaths
from cdop.deaths.documents import IDENTITY
from cdop.deaths.models import Death
from cdop.deaths.service import record_event
from cdop.errors import Invalid, NotFound, Refused
from cdop.meetings import queries, rules
from cdop.meetings.models import AgendaItem, Attendance, Meeting, PanelType
from cdop.meetings.queries import ARRANGE, DEATHS
from cdop.organisations.models import Kind, Organisation
from cdop.organisations.queries import with_predecessors
from cdop.security.work import Work
from cdop.tasks.models import Task
from cdop.tasks.service import close_task, open_task

SITTING = (Kind.CDOP, Kind.GROUP)
AWAITING = "put-on-agenda"
CLASSIFY = "classify"
SIGN_OFF = "sign-off"


@dataclass(frozen=True)
class NewMeeting:
    """A meeting of a panel or group. `starts_at` is a time such as 14:30, or empty."""

    organisation_id: UUID
    held_on: date
    starts_at: str = ""
    place: str = ""
    panel_type: PanelType = PanelType.STANDARD


def arrange(work: Work, new: NewMeeting) -> UUID:
    """Arrange a meeting. Returns its id; asked twice for the same one, the first one's.

    Raises Denied for an organisation that the actor does not arrange for; Invalid when that is no
    panel or group, or the day or time cannot be meant.
    """
    work.check(ARRANGE, new.organisation_id)
    organisation = work.session.get(Organisation, new.organisation_id)
    faults = {
        "organisation_id": "Select a panel or a joint case review group"
        if organisation is None or organisation.kind not in SITTING
        else None,
        "held_on": rules.day_fault(new.held_on, work.today),
        "starts_at": rules.start_fault(new.starts_at),
    }
    if found := {field: sentence for field, sentence in faults.items() if sentence}:
        raise Invalid(found)
    same = select(Meeting).where(
        Meeting.organisation_id == new.organisation_id,
        Meeting.held_on == new.held_on,
        Meeting.starts_at == new.starts_at,
        Meeting.panel_type == new.panel_type,
    )
    if known := work.session.exec(same).one_or_none():
        return known.id
    meeting = Meeting(
        organisation_id=new.organisation_id,
        held_on=new.held_on,
        starts_at=new.starts_at,
        place=new.place.strip(),
        panel_type=new.panel_type,
        arranged_at=work.now,
        arranged_by=work.actor.name,
    )
    work.session.add(meeting)
    work.session.flush()
    work.audit(ARRANGE, ("meetings", meeting.id), meeting.organisation_id)
    return meeting.id


def put_on_agenda(work: Work, meeting_id: UUID, subject: tuple[str, UUID], reference: str) -> None:
    """Put a subject, (table, id), on an arranged meeting's agenda; once there, nothing happens.

    A death is checked here: it must be an open case of this panel whose anonymised summary is
    written, and on no other arranged meeting's agenda. Of anything else, such as a referral, the
    calling service answers for that. Raises NotFound, or Refused with what to do instead.
    """
    meeting = queries.get(work, meeting_id, ARRANGE)
    _refuse(rules.agenda_refusal(meeting.status))
    items = select(AgendaItem).where(AgendaItem.meeting_id == meeting.id)
    if work.session.exec(items.where(AgendaItem.subject_id == subject[1])).one_or_none():
        return
    death = deaths.get(work, subject[1]) if subject[0] == DEATHS else None
    if death:
        _refuse(rules.case_refusal(_state(work, meeting, death)))
        reference = death.reference
    last = select(func.max(AgendaItem.position)).where(AgendaItem.meeting_id == meeting.id)
    work.session.add(
        AgendaItem(
            meeting_id=meeting.id,
            position=(work.session.exec(last).one() or 0) + 1,
            subject_kind=subject[0],
            subject_id=subject[1],
            reference=reference,
        )
    )
    if death:
        _await_panel(work, meeting, death)
    work.session.flush()
    work.audit("meetings:agenda:add", subject, meeting.organisation_id, meeting=str(meeting.id))


def take_off_agenda(work: Work, meeting_id: UUID, subject_id: UUID) -> None:
    """Take a subject off an arranged meeting's agenda. Raises NotFound when it is not on it."""
    meeting = queries.get(work, meeting_id, ARRANGE)
    _refuse(rules.agenda_refusal(meeting.status))
    query = select(AgendaItem).where(
        AgendaItem.meeting_id == meeting.id, AgendaItem.subject_id == subject_id
    )
    item = work.session.exec(query).one_or_none()
    if item is None:
        raise NotFound
    work.session.delete(item)
    if item.subject_kind == DEATHS:
        _await_meeting(work, meeting, deaths.get(work, subject_id))
    work.audit(
        "meetings:agenda:remove",
        (item.subject_kind, subject_id),
        meeting.organisation_id,
        meeting=str(meeting.id),
    )


def hold(work: Work, meeting_id: UUID, attendance: dict[str, str]) -> None:
    """Record that a meeting was held and who was there; again, to correct who was there.

    `attendance` maps codes of the list `agencies` to codes of the list `attendance`. Raises Invalid
    when nobody was there, Refused before the day of the meeting.
    """
    meeting = queries.get(work, meeting_id, ARRANGE)
    _refuse(rules.hold_refusal(meeting.status, meeting.held_on, work.today))
    if fault := rules.attendance_fault(attendance, meeting.held_on):
        raise Invalid({"attendance": fault})
    meeting.status = "held"
    work.session.exec(delete(Attendance).where(col(Attendance.meeting_id) == meeting.id))
    work.session.add_all(
        Attendance(meeting_id=meeting.id, agency=agency, state=state)
        for agency, state in attendance.items()
    )
    work.audit("meetings:meeting:hold", ("meetings", meeting.id), meeting.organisation_id)


def _state(work: Work, meeting: Meeting, death: Death) -> rules.CaseState:
    elsewhere = (
        select(col(Meeting.held_on))
        .join(AgendaItem, col(AgendaItem.meeting_id) == Meeting.id)
        .where(AgendaItem.subject_id == death.id, Meeting.status == "arranged")
    )
    died_on = work.open_within(death, IDENTITY).died_on
    return rules.CaseState(
        status=death.status,
        has_summary=death.summary is not None,
        of_this_panel=death.organisation_id
        in with_predecessors(work.session, meeting.organisation_id),
        died_after_meeting=died_on is not None and died_on > meeting.held_on,
        arranged_elsewhere=work.session.exec(elsewhere).first(),
    )


def _await_panel(work: Work, meeting: Meeting, death: Death) -> None:
    """The case now waits for the panel, on the day of the meeting."""
    close_task(work, AWAITING, death.id)
    open_task(
        work,
        CLASSIFY,
        organisation_id=death.organisation_id,
        permission="overview:review:draft",
        subject=(DEATHS, death.id),
        reference=death.reference,
        due_on=meeting.held_on,
    )
    record_event(work, death, "on-agenda", ("meetings", meeting.id))


def _await_meeting(work: Work, meeting: Meeting, death: Death) -> None:
    """The case waits for a meeting again, under the clock that it waited under before."""
    for kind in (CLASSIFY, SIGN_OFF):
        close_task(work, kind, death.id)
    query = select(Task).where(Task.subject_id == death.id, Task.kind == AWAITING)
    before = work.session.exec(query.order_by(col(Task.id).desc())).first()
    open_task(
        work,
        AWAITING,
        organisation_id=death.organisation_id,
        permission="deaths:case:edit",
        subject=(DEATHS, death.id),
        reference=death.reference,
        due_on=before.due_on if before else meeting.held_on,
        clock=before.clock if before else None,
        standing=before.standing if before else None,
        by_week=before is not None,
    )
    record_event(work, death, "off-agenda", ("meetings", meeting.id))


def _refuse(sentence: str | None) -> None:
    if sentence:
        raise Refused(sentence)
