"""What the pages of a case show, ready to be read."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cdop.deaths import queries
from cdop.deaths.documents import (
    CIRCUMSTANCES,
    EVENT_REMARK,
    IDENTITY,
    NAMES,
    NOTIFIER,
    SUMMARY,
    Identity,
    Names,
)
from cdop.deaths.models import Death, DeathEvent
from cdop.deaths.service import clocks
from cdop.deaths.service.events import STEP
from cdop.deaths.service.matching import explain
from cdop.organisations import queries as organisations
from cdop.reference import codelist
from cdop.security.work import Work
from cdop.tasks.models import Task
from cdop.tasks.queries import outstanding
from cdop.web.buttons import Button
from cdop.web.deaths.case_buttons import CaseButtons, case_buttons, join_button
from cdop.web.deaths.forms import SettleForm, StepForm, SummaryForm
from cdop.web.forms import Bound
from cdop.web.showing import Due, Event
from cdop.web.tasks import Row, describe, row_of
from cdop.web.templating import day, moment

STATUS = {
    "open": ("Open", "blue"),
    "reviewed": ("Reviewed", "green"),
    "out-of-scope": ("Out of scope", "grey"),
    "joined": ("Joined to another case", "grey"),
}
CERTAINTY = {"same": "Probably the same child", "possible": "Perhaps the same child"}
_EVENTS = {
    "notified": "Death notified; case opened",
    "notified-again": "Notified again; joined to this case by NHS number",
    "notified-elsewhere": "Also notified to another panel",
    "out-of-scope": "Kept as out of scope",
    "corrected": "Identity corrected",
    "summarised": "Anonymised summary written",
    "joined-to": "Joined to an earlier case",
    "joined-by": "A later case was joined to this one",
    "join-undone": "The joining of two cases was undone",
    "reviewed": "Reviewed by the panel",
    "on-agenda": "Put on a panel's agenda",
    "classified": "Classification begun",
    "off-agenda": "Taken off a panel's agenda",
    "referred": "Referred to the joint case review group",
    "settle-transfer-done": "Settled with the other panel",
    "agree-reviewer-done": "Agreed which panel reviews",
    "read-notification-done": "Further notification read",
}


@dataclass(frozen=True)
class DueRow:
    """A due day, what it is for, and how it stands."""

    label: str
    who: str
    due: Due
    met: str
    late: bool
    code: str
    can_mark: bool


@dataclass(frozen=True)
class MatchRow:
    """A possible duplicate; `same` and `different` decide it, for whoever may."""

    id: UUID
    other_id: UUID
    other_reference: str
    why: str
    same: Button | None
    different: Button | None


@dataclass(frozen=True)
class CasePage:
    """A case as its coordinator reads it."""

    id: UUID
    reference: str
    name: str
    status: tuple[str, str]
    receipt: str | None
    explanation: str | None
    child: list[tuple[str, str]]
    death: list[tuple[str, str]]
    summary: str
    dues: list[DueRow]
    outstanding: list[Row]
    matches: list[MatchRow]
    events: list[Event]
    may_edit: bool
    joined_to: UUID | None
    buttons: CaseButtons
    step_form: Bound[StepForm]
    settle_form: Bound[SettleForm]


@dataclass(frozen=True)
class NotificationView:
    """One notification, opened."""

    received: str
    by: str
    receipt: str
    rows: list[tuple[str, str]]
    narrative: str


@dataclass(frozen=True)
class NotificationsPage:
    """The notifications behind a case, opened and audited."""

    id: UUID
    reference: str
    notifications: list[NotificationView]


@dataclass(frozen=True)
class SummaryPage:
    """The form for the anonymised summary."""

    id: UUID
    reference: str
    form: Bound[SummaryForm]
    narratives: list[str]


@dataclass(frozen=True)
class Forms:
    """The small forms on a case's page, with whatever was typed in one of them."""

    step: Bound[StepForm]
    settle: Bound[SettleForm]


def case_page(work: Work, death: Death, forms: Forms, receipt: str | None) -> CasePage:
    """Open a case for its coordinator: names and identity are read, and audited."""
    names, identity = work.open(death, NAMES), work.open(death, IDENTITY)
    tasks = outstanding(work, death.id)
    may_edit = work.actor.may("deaths:case:edit", death.organisation_id)
    return CasePage(
        id=death.id,
        reference=death.reference,
        name=names.full or _missing(names.answer),
        status=STATUS[death.status],
        receipt=receipt,
        explanation=_out_of_scope(death),
        child=_child_rows(work, death, names, identity),
        death=_death_rows(work, death, identity),
        summary=work.open_within(death, SUMMARY).text,
        dues=due_rows(work, death, identity, tasks, may_edit),
        outstanding=[row_of(task, work.today) for task in tasks],
        matches=[
            _match_row(work, death, m, may_edit) for m in queries.undecided_matches(work, death)
        ],
        events=[_event(work, each) for each in queries.events(work, death)],
        may_edit=may_edit and death.status != "joined",
        joined_to=death.joined_to_id,
        buttons=case_buttons(work, death),
        step_form=forms.step,
        settle_form=forms.settle,
    )


def notifications_page(work: Work, death: Death) -> NotificationsPage:
    """Open every notification of a case: narratives and notifiers are read, and audited."""
    views = []
    for row in queries.notifications(work, death):
        told, who = work.open(row, CIRCUMSTANCES), work.open(row, NOTIFIER)
        views.append(
            NotificationView(
                received=moment(row.received_at),
                by=row.received_by,
                receipt=row.receipt,
                rows=[
                    ("Notifier", who.name),
                    ("Role", who.role),
                    ("Agency", _label("agencies", who.agency, work.today)),
                    ("Contact", who.contact),
                    ("Place", told.place_name),
                ],
                narrative=told.narrative,
            )
        )
    return NotificationsPage(death.id, death.reference, views)


def due_rows(
    work: Work, death: Death, identity: Identity, tasks: list[Task], may_edit: bool
) -> list[DueRow]:
    """Return the due dates of a case with how each stands."""
    received = queries.first_received(work, death)
    if received is None or death.status in ("out-of-scope", "joined"):
        return []
    open_steps = {task.kind for task in tasks}
    events = queries.events(work, death)
    return [
        DueRow(
            label=each.label,
            who=each.who,
            due=Due(each.due_on, each.met_on or work.today, each.standing, each.source),
            met=day(each.met_on) if each.met_on else "",
            late=each.was_late,
            code=each.code,
            can_mark=may_edit and STEP + each.code in open_steps,
        )
        for each in clocks.due_dates(identity, received, death.reviewed_on, events)
    ]


def _child_rows(
    work: Work, death: Death, names: Names, identity: Identity
) -> list[tuple[str, str]]:
    on = identity.died_on or work.today
    return [
        ("Given names", names.given or _missing(names.answer)),
        ("Family name", names.family or _missing(names.answer)),
        ("Also known as", names.also_known_as),
        ("NHS number", _spaced(identity.nhs_number) or _missing(identity.nhs_number_answer)),
        ("Date of birth", day(identity.born_on) if identity.born_on else ""),
        ("Sex", _label("sex", death.sex, on)),
        ("Ethnicity", _label("ethnicity", death.ethnicity, on)),
        ("Address", identity.address),
        ("Postcode", identity.postcode),
        ("Area of residence", _area(work, death.residence_area_id)),
    ]


def _death_rows(work: Work, death: Death, identity: Identity) -> list[tuple[str, str]]:
    on = identity.died_on or work.today
    at = f", {identity.died_at:%H:%M}" if identity.died_at else ""
    return [
        ("Date of death", f"{day(identity.died_on)}{at}" if identity.died_on else ""),
        ("Age at death", _label("age-bands", death.age_band, on)),
        ("Expected", _label("expected", death.expected, on)),
        ("Place of death", _label("place-of-death", death.place_of_death, on)),
        ("Area of that place", _area(work, death.death_area_id)),
        ("Notified", day(death.notified_on)),
        ("Reviewed", day(death.reviewed_on) if death.reviewed_on else "Not yet"),
    ]


def _event(work: Work, event: DeathEvent) -> Event:
    if event.kind.startswith(STEP):
        title = f"{describe(event.kind, work.today)[0]}: done"
    else:
        title = _EVENTS.get(event.kind, event.kind.replace("-", " ").capitalize())
    remark = work.open_within(event, EVENT_REMARK).text
    return Event(event.at, title, remark, event.by)


def _out_of_scope(death: Death) -> str | None:
    if not death.out_of_scope:
        return None
    return codelist("out-of-scope", death.notified_on).label(death.out_of_scope)


def _match_row(work: Work, death: Death, match: queries.Match, may_edit: bool) -> MatchRow:
    different = Button("A different child", f"/deaths/{death.id}/match")
    return MatchRow(
        match.id,
        match.other_id,
        match.other_reference,
        _why(work, death, match),
        join_button(work, death, match.id) if may_edit else None,
        different if may_edit else None,
    )


def _why(work: Work, death: Death, match: queries.Match) -> str:
    reasons = ", ".join(explain(work, death, match.other_id))
    return f"{CERTAINTY[match.why]} ({reasons})"


def _area(work: Work, area: UUID | None) -> str:
    return organisations.name_on(work.session, area, work.today) if area else "Elsewhere"


def _label(list_id: str, code: str, on: date) -> str:
    listed = codelist(list_id, on)
    return next((item.label for item in listed.every if item.code == code), code)


def _missing(answer: str) -> str:
    return {"not-known": "Not known", "not-yet-issued": "Not yet given or issued"}.get(answer, "")


def _spaced(number: str) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}" if number else ""
