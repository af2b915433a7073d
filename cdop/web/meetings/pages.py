"""How meetings read on screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cdop.meetings import queries, rules
from cdop.meetings.models import AgendaItem, Meeting, PanelType
from cdop.meetings.queries import Arranged
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind
from cdop.overview import queries as overview
from cdop.overview.models import READ
from cdop.reference import codelist
from cdop.security.work import Work
from cdop.web.buttons import Button
from cdop.web.forms import Bound, blank
from cdop.web.meetings.forms import AgendaForm, ArrangeForm, AttendanceForm
from cdop.web.templating import day

PANEL_TYPES = {
    PanelType.STANDARD: "Standard panel",
    PanelType.NEONATAL: "Neonatal or perinatal panel",
    PanelType.LOCAL_THEMED: "Local themed panel",
    PanelType.REGIONAL_THEMED: "Regional themed panel",
}
STATUS = {
    "arranged": ("Arranged", "blue"),
    "held": ("Held", "green"),
    "cancelled": ("Cancelled", "grey"),
}
_STATES = {
    None: ("Not yet classified", "white"),
    "draft": ("Being classified", "blue"),
    "signed-off": ("Signed off", "green"),
}


@dataclass(frozen=True)
class MeetingRow:
    """A meeting in a list."""

    id: UUID
    when: str
    who: str
    kind: str
    place: str


@dataclass(frozen=True)
class MeetingsPage:
    """Meetings to come and held, in the person's scope."""

    upcoming: tuple[MeetingRow, ...]
    held: tuple[MeetingRow, ...]
    may_arrange: bool


@dataclass(frozen=True)
class ArrangePage:
    """The form for a new meeting; `hosts` are the panels and groups to choose from."""

    form: Bound[ArrangeForm]
    hosts: tuple[tuple[str, str], ...]
    has_panels: bool

    @property
    def panel_types(self) -> tuple[tuple[str, str], ...]:
        """Return how a panel may sit."""
        return tuple((kind.value, label) for kind, label in PANEL_TYPES.items())


@dataclass(frozen=True)
class AgendaRow:
    """A line of an agenda. `href` is None for what the person cannot open."""

    subject_id: UUID
    reference: str
    href: str | None
    state: tuple[str, str] | None


@dataclass(frozen=True)
class MeetingPage:
    """One meeting: when and where, its agenda, who was there."""

    id: UUID
    title: str
    status: tuple[str, str]
    facts: tuple[tuple[str, str], ...]
    agenda: tuple[AgendaRow, ...]
    is_panel: bool
    takes_off: bool
    fill: Button | None
    hold: Button | None
    ready: tuple[tuple[str, str], ...]
    unready: tuple[tuple[UUID, str], ...]
    present: tuple[tuple[str, str], ...]
    agencies: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...]
    add: Bound[AgendaForm]
    form: Bound[AttendanceForm]


def meetings_page(work: Work) -> MeetingsPage:
    """Return the list of meetings as the actor sees it."""
    return MeetingsPage(
        upcoming=_rows(work, queries.upcoming(work)),
        held=_rows(work, queries.held(work)),
        may_arrange=work.actor.may(queries.ARRANGE),
    )


def _rows(work: Work, meetings: Sequence[Meeting | Arranged]) -> tuple[MeetingRow, ...]:
    hosts = {meeting.organisation_id for meeting in meetings}
    names = organisations.names_on(work.session, hosts, work.today)
    return tuple(
        MeetingRow(
            m.id, _when(m), names[m.organisation_id], PANEL_TYPES[PanelType(m.panel_type)], m.place
        )
        for m in meetings
    )


def arrange_page(work: Work, form: Bound[ArrangeForm] | None = None) -> ArrangePage:
    """Return the form for a new meeting."""
    mine = work.actor.scope(queries.ARRANGE)
    found = [
        each
        for kind in (Kind.CDOP, Kind.GROUP)
        for each in organisations.in_force(work.session, kind, work.today)
        if each.id in mine
    ]
    names = organisations.names_on(work.session, [each.id for each in found], work.today)
    return ArrangePage(
        form=form or blank(ArrangeForm, {"panel_type": PanelType.STANDARD}),
        hosts=tuple((str(each.id), names[each.id]) for each in found),
        has_panels=any(each.kind == Kind.CDOP for each in found),
    )


def meeting_page(
    work: Work,
    meeting_id: UUID,
    add: Bound[AgendaForm] | None = None,
    attendance: Bound[AttendanceForm] | None = None,
) -> MeetingPage:
    """Return one meeting as the actor sees it. Raises NotFound."""
    meeting = queries.get(work, meeting_id)
    host = organisations.get(work.session, meeting.organisation_id)
    may_arrange = work.actor.may(queries.ARRANGE, meeting.organisation_id)
    is_panel = host.kind == Kind.CDOP
    agenda_refusal = rules.agenda_refusal(meeting.status)
    fills = is_panel and may_arrange and not agenda_refusal
    waiting = queries.waiting(work, meeting) if fills else []
    present = queries.attendance(work, meeting_id)
    return MeetingPage(
        id=meeting.id,
        title=f"{organisations.name_on(work.session, host.id, meeting.held_on)}, {_when(meeting)}",
        status=STATUS[meeting.status],
        facts=_facts(meeting, is_panel=is_panel),
        agenda=_agenda(work, queries.agenda(work, meeting_id)),
        is_panel=is_panel,
        takes_off=fills,
        fill=Button("Add to the agenda", f"/meetings/{meeting.id}/agenda", agenda_refusal)
        if may_arrange and is_panel
        else None,
        hold=Button(
            "Record the attendance",
            f"/meetings/{meeting.id}/attendance",
            rules.hold_refusal(meeting.status, meeting.held_on, work.today),
        )
        if may_arrange
        else None,
        ready=tuple(
            (str(each.id), f"{each.reference}, notified {day(each.notified_on)}")
            for each in waiting
            if each.is_ready
        ),
        unready=tuple((each.id, each.reference) for each in waiting if not each.is_ready),
        present=_present(present, meeting.held_on),
        agencies=codelist("agencies", meeting.held_on).choices(),
        states=codelist("attendance", meeting.held_on).choices(),
        add=add or blank(AgendaForm),
        form=attendance or _kept(present, meeting.held_on),
    )


def _kept(present: dict[str, str], on: date) -> Bound[AttendanceForm]:
    """Return the attendance form with what is recorded, a line for each agency of the list."""
    agencies = enumerate(codelist("agencies", on).codes())
    return blank(
        AttendanceForm,
        {f"attendance-{n}-state": present[a] for n, a in agencies if a in present},
    )


def _when(meeting: Meeting | Arranged) -> str:
    return f"{day(meeting.held_on)}{', ' if meeting.starts_at else ''}{meeting.starts_at}"


def _facts(meeting: Meeting, *, is_panel: bool) -> tuple[tuple[str, str], ...]:
    kind = (("Kind of panel", PANEL_TYPES[PanelType(meeting.panel_type)]),) if is_panel else ()
    return (*kind, ("Place", meeting.place), ("Arranged by", meeting.arranged_by))


def _agenda(work: Work, items: list[AgendaItem]) -> tuple[AgendaRow, ...]:
    cases = {item.subject_id for item in items if item.subject_kind == queries.DEATHS}
    states = overview.states(work, cases)
    reads = work.actor.may(READ)
    return tuple(
        AgendaRow(
            subject_id=item.subject_id,
            reference=item.reference,
            href=f"/overview/{item.subject_id}" if item.subject_id in cases and reads else None,
            state=_STATES[states.get(item.subject_id)] if item.subject_id in cases else None,
        )
        for item in items
    )


def _present(present: dict[str, str], on: date) -> tuple[tuple[str, str], ...]:
    states = codelist("attendance", on)
    return tuple(
        (label, states.label(present[code]))
        for code, label in codelist("agencies", on).choices()
        if code in present
    )
