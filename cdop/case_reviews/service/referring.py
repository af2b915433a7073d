"""A referral arrives at the group that serves its board: from anyone, or from a panel's case."""

from datetime import date
from uuid import UUID

from cdop.case_reviews import queries
from cdop.case_reviews.commands import NewReferral
from cdop.case_reviews.models import CONCERN, SUBJECT, Concern, Referral, Subject
from cdop.case_reviews.service import duties
from cdop.db import new_id
from cdop.deaths import queries as deaths
from cdop.deaths.documents import IDENTITY, NAMES
from cdop.deaths.models import Death
from cdop.deaths.references import next_reference
from cdop.deaths.service.events import record_event
from cdop.errors import Invalid, Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.reference import codelist
from cdop.reference.derive import financial_year
from cdop.security.work import Work

PANEL = "panel"
REFERRED = "referred"


def refer(work: Work, new: NewReferral) -> UUID:
    """Record a referral at the group that serves its board on that day. Returns its id.

    Raises Invalid for what is missing or wrong, NotFound for a board that is none, Denied without
    the permission at the board's group. Sent twice with one id, it is recorded once.
    """
    work.check(queries.CREATE)
    day = new.received_on or work.today
    group = _group(work, new.board_id, day)
    work.check(queries.CREATE, group.id)
    if work.session.get(Referral, new.id):
        return queries.get(work, new.id, queries.CREATE).id
    faults = _subject_faults(new.subject, day)
    if day > work.today:
        faults["received_on"] = "The day must not be in the future"
    elif new.source not in codelist("referral-sources", day):
        faults["source"] = "Choose who made the referral"
    if not new.concern.narrative.strip():
        faults["narrative"] = "Say why the case is referred"
    if faults:
        raise Invalid(faults)
    return _record(work, group, new, day).id


def refer_from_panel(
    work: Work, death_id: UUID, board_id: UUID, narrative: str, *, id: UUID | None = None
) -> UUID:
    """Refer a concern that a panel found to the group that serves a board. Returns the id.

    The child's names and dates go with it, sealed anew under the referral's own key and shown to
    nobody on the way. Raises NotFound for a case out of scope, Invalid without a concern or for a
    board that the panel cannot refer to, Refused while an earlier referral of the case to that
    board is undecided.
    """
    death = deaths.get(work, death_id, queries.CREATE)
    with work.beyond("referral-to-group"):
        return _refer(work, death, board_id, narrative, id or new_id())


def _refer(work: Work, death: Death, board_id: UUID, narrative: str, id: UUID) -> UUID:
    earlier = work.session.get(Referral, id)
    if earlier and earlier.death_id == death.id:
        return earlier.id
    faults = {}
    boards = queries.boards_for_panel(work.session, death.organisation_id, work.today)
    if board_id not in [board.id for board in boards]:
        faults["board_id"] = "Choose the board that the concern is for"
    if not narrative.strip():
        faults["narrative"] = "Say what the concern is"
    if faults:
        raise Invalid(faults)
    _check_not_open(work, death, board_id)
    agency = organisations.name_on(work.session, death.organisation_id, work.today)
    concern = Concern(narrative=narrative, referrer=work.actor.display_name, agency=agency)
    new = NewReferral(board_id, PANEL, _subject(work, death), concern, id=id)
    group = _group(work, board_id, work.today)
    referral = _record(work, group, new, work.today, death)
    record_event(work, death, REFERRED, ("referrals", referral.id))
    return referral.id


def _record(
    work: Work, group: Organisation, new: NewReferral, day: date, death: Death | None = None
) -> Referral:
    referral = Referral(
        id=new.id,
        subject_id=new.id,
        organisation_id=group.id,
        reference=next_reference(work, "JCR", group.id),
        board_id=new.board_id,
        death_id=death.id if death else None,
        source=new.source,
        received_on=day,
        received_year=financial_year(day),
    )
    work.seal(referral, {SUBJECT: new.subject, CONCERN: new.concern})
    work.session.add(referral)
    work.session.flush()
    board = organisations.get(work.session, new.board_id)
    duties.to_recommend(work, referral, board.board_kind or "")
    work.audit(
        queries.CREATE,
        ("referrals", referral.id),
        group.id,
        fields=["board_id", "source", "received_on", "subject", "concern"],
        source=new.source,
    )
    return referral


def _group(work: Work, board_id: UUID, day: date) -> Organisation:
    board = organisations.get(work.session, board_id)
    group = queries.group_of(work.session, board_id, day)
    if board.kind != Kind.BOARD or group is None:
        raise Invalid({"board_id": "No joint case review group served this board on that day"})
    return group


def _subject(work: Work, death: Death) -> Subject:
    """Return the child as the subject of a referral: names and dates, no more than is needed."""
    names = work.open_within(death, NAMES)
    identity = work.open_within(death, IDENTITY)
    work.audit(
        "deaths:identity:refer",
        ("deaths", death.id),
        death.organisation_id,
        fields=["names", "born_on", "died_on"],
    )
    return Subject(
        name=names.full,
        name_answer="" if names.full else "not-known",
        born_on=identity.born_on,
        died_on=identity.died_on,
    )


def _subject_faults(subject: Subject, received_on: date) -> dict[str, str]:
    faults = {}
    if bool(subject.name.strip()) == (subject.name_answer == "not-known"):
        faults["name"] = "Enter the person's name, or say that it is not known, not both"
    for name, what in _DAYS.items():
        day = getattr(subject, name)
        if day and day > received_on:
            faults[name] = f"The {what} must not be after the day the referral was received"
    if not faults and subject.born_on and subject.died_on and subject.died_on < subject.born_on:
        faults["died_on"] = "The date of death must not be before the date of birth"
    return faults


_DAYS = {"born_on": "date of birth", "died_on": "date of death", "incident_on": "date of incident"}


def _check_not_open(work: Work, death: Death, board_id: UUID) -> None:
    if queries.undecided_from_panel(work.session, death.id, board_id):
        raise Refused(
            "This case was referred to that board before, and the referral is not decided yet."
        )
