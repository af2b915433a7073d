"""What the pages of retention show, ready to be read."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cdop.organisations import queries as organisations
from cdop.reference import codelist
from cdop.reference.retention import practices, record_kind, record_kinds
from cdop.retention import erasing, holds, listing, periods, records
from cdop.retention.listing import PastRecord
from cdop.retention.models import REASON, Erasure, LegalHold
from cdop.security.work import Work
from cdop.web.buttons import Button, why_not
from cdop.web.forms import Bound, blank
from cdop.web.retention.forms import HoldForm, LiftForm, PeriodForm, ProposeForm
from cdop.web.templating import day, moment

STATE = {
    "proposed": ("Waits for approval", "yellow"),
    "approved": ("Approved", "orange"),
    "erased": ("Erased", "grey"),
    "withdrawn": ("Withdrawn", "grey"),
}

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class PreviewPage:
    """What is past its period, what is under way, and what may be proposed."""

    lines: list[list[str]]
    past: list[list[str]]
    under_way: list[list[Any]]
    choices: Choices
    form: Bound[ProposeForm]
    may_propose: bool
    may_set: bool


@dataclass(frozen=True)
class ErasurePage:
    """One record on its way to erasure."""

    id: UUID
    reference: str
    state: tuple[str, str]
    rows: list[tuple[str, str]]
    obstacles: tuple[str, ...]
    approve: Button | None
    erase: Button | None
    withdraw: Button | None


@dataclass(frozen=True)
class PeriodsPage:
    """The form for a period, and what others do."""

    form: Bound[PeriodForm]
    kinds: Choices
    places: Choices
    practices: list[list[str]]


@dataclass(frozen=True)
class HoldView:
    """A hold in force, opened."""

    id: UUID
    why: str
    reason: str
    since: str
    by: str


@dataclass(frozen=True)
class HoldsPage:
    """The holds on one record, with the forms to set and lift them."""

    address: str
    title: str
    back: str
    holds: list[HoldView]
    choices: Choices
    whole: bool
    why: tuple[tuple[str, str], ...]
    form: Bound[HoldForm]
    lift: Bound[LiftForm]


@dataclass(frozen=True)
class HoldListPage:
    """Every hold in force within reach."""

    rows: list[list[Any]]


@dataclass(frozen=True)
class ErasedPage:
    """What is left of an erased record: its reference, who agreed, and its coded facts."""

    reference: str
    back: tuple[str, str]
    rows: list[tuple[str, str]]
    coded: list[tuple[str, str]]


def preview_page(work: Work, form: Bound[ProposeForm] | None = None) -> PreviewPage:
    """Return what is past its period. Nothing sealed is opened."""
    found = listing.preview(work)
    may = work.actor.may
    free = [each for each in found.records if not each.obstacles and each.erasure is None]
    offered = [each for each in free if may(erasing.PROPOSE, each.record.organisation_id)]
    return PreviewPage(
        lines=[
            [
                line.kind.label,
                line.organisation,
                _period(line.period.years if line.period else None),
                line.kind.counts_from,
                str(line.past),
            ]
            for line in found.lines
        ],
        past=[_past(each) for each in found.records],
        under_way=[_under_way(each) for each in listing.erasures(work)],
        choices=[(f"{e.record.record[0]}:{e.record.record[1]}", _offer(e)) for e in offered],
        form=form or blank(ProposeForm),
        may_propose=bool(offered),
        may_set=may(periods.SET) or may(periods.SET_FOR_REGISTER),
    )


def erasure_page(work: Work, erasure_id: UUID) -> ErasurePage:
    """Return one erasure, with what the actor may do about it."""
    row = erasing.get(work, erasure_id, listing.LIST)
    record = records.find(work, (row.record_kind, row.record_id), listing.LIST)
    live = row.state in ("proposed", "approved")
    obstacles = erasing.obstacles(work, record) if live else ()
    approve, erase, withdraw = _erasure_buttons(work, row) if live else (None, None, None)
    return ErasurePage(
        id=row.id,
        reference=row.reference,
        state=STATE[row.state],
        rows=_steps(row),
        obstacles=obstacles,
        approve=approve,
        erase=erase,
        withdraw=withdraw,
    )


def _erasure_buttons(work: Work, row: Erasure) -> tuple[Button | None, ...]:
    """Return what approves, erases and withdraws; what lies behind already is left out."""
    here = f"/retention/erasures/{row.id}"
    may_approve = work.actor.may(erasing.APPROVE, row.organisation_id)
    may_propose = work.actor.may(erasing.PROPOSE, row.organisation_id)
    not_approving = why_not(erasing.check_approve, work, row)
    not_erasing = why_not(erasing.check_erase, work, row)
    approve = Button("Approve the erasure", f"{here}/approve", not_approving)
    return (
        approve if row.state == "proposed" and may_approve else None,
        Button("Erase for good", f"{here}/erase", not_erasing) if may_propose else None,
        Button("Keep the record", f"{here}/withdraw") if may_approve or may_propose else None,
    )


def periods_page(work: Work, form: Bound[PeriodForm] | None = None) -> PeriodsPage:
    """Return the form for a period: the kinds and organisations for which the actor may set one."""
    own, register = work.actor.may(periods.SET), work.actor.may(periods.SET_FOR_REGISTER)
    kinds = [
        (kind.code, kind.label)
        for kind in record_kinds()
        if (own if kind.kept_by == "organisation" else register)
    ]
    return PeriodsPage(
        form=form or blank(PeriodForm, {"decided_on": work.today}),
        kinds=kinds,
        places=[
            (str(o.id), organisations.name_on(work.session, o.id, work.today))
            for o in listing.owners(work, periods.SET)
        ],
        practices=[[p.label, p.note, p.source] for p in practices()],
    )


def holds_page(
    work: Work,
    kind: str,
    id: UUID,
    form: Bound[HoldForm] | None = None,
    lift: Bound[LiftForm] | None = None,
) -> HoldsPage:
    """Return the holds on a record, or on all of an organisation's: reasons are opened, audited."""
    title, back = holds.named(work, (kind, id)), f"/{kind}/{id}"
    whole = kind == holds.EVERY_RECORD
    found = [_hold(work, each) for each in holds.on_record(work.session, id)]
    return HoldsPage(
        address=f"/holds/{kind}/{id}",
        title=title,
        back="/retention" if whole else back,
        holds=found,
        choices=[(str(each.id), f"{each.why}, since {each.since}") for each in found],
        whole=whole,
        why=codelist("legal-holds", work.today).choices(),
        form=form or blank(HoldForm),
        lift=lift or blank(LiftForm),
    )


def hold_list_page(work: Work) -> HoldListPage:
    """Return every hold in force. No reason is opened for the list."""
    label = codelist("legal-holds", work.today).label
    return HoldListPage(
        [
            [
                {
                    "text": holds.named(work, (each.record_kind, each.subject_id)),
                    "href": f"/holds/{each.record_kind}/{each.subject_id}",
                },
                label(each.why),
                moment(each.set_at),
                each.set_by,
            ]
            for each in holds.listed(work)
        ]
    )


def erased_page(
    work: Work, record_id: UUID, back: tuple[str, str], coded: list[tuple[str, str]]
) -> ErasedPage | None:
    """Return what is left of a record, or None while it is not erased. The caller found it."""
    row = erasing.live(work, record_id)
    if row is None or row.state != "erased":
        return None
    return ErasedPage(row.reference, back, _steps(row), coded)


def _past(each: PastRecord) -> list[str]:
    state = STATE[each.erasure.state][0] if each.erasure else "May be proposed"
    return [
        each.record.reference,
        record_kind(each.record.kind).label,
        day(each.past_on),
        " ".join(each.obstacles) or state,
    ]


def _offer(each: PastRecord) -> str:
    return f"{each.record.reference}, past its period since {day(each.past_on)}"


def _under_way(row: Erasure) -> list[Any]:
    shown = {"text": row.reference, "href": f"/retention/erasures/{row.id}"}
    return [shown, STATE[row.state][0], row.proposed_by, row.approved_by or ""]


def _steps(row: Erasure) -> list[tuple[str, str]]:
    def by(at: Any, who: str | None) -> str:
        return f"{moment(at)}, by {who}" if at else ""

    return [
        ("Kind", record_kind(row.kind).label),
        ("Counts from", day(row.counts_from)),
        ("Kept for", _period(row.years)),
        ("Proposed", by(row.proposed_at, row.proposed_by)),
        ("Approved", by(row.approved_at, row.approved_by)),
        ("Erased", by(row.erased_at, row.erased_by)),
    ]


def _period(years: int | None) -> str:
    if years is None:
        return "Kept: no period set"
    return "1 year" if years == 1 else f"{years} years"


def _hold(work: Work, row: LegalHold) -> HoldView:
    label = codelist("legal-holds", work.today).label(row.why)
    reason = work.open(row, REASON).text
    return HoldView(row.id, label, reason, moment(row.set_at), row.set_by)
