"""Breaking the glass, ending the access, seeing it, reviewing it."""

from datetime import timedelta
from uuid import UUID

from cdop.break_glass import queries, rules
from cdop.break_glass.documents import FINDING, NEED, OPEN, READ, REASONS, REVIEW, Words
from cdop.db import new_id
from cdop.errors import Denied, Invalid, Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind
from cdop.organisations.reach_models import BreakGlass
from cdop.reference import codelist
from cdop.security.permissions import GLASS
from cdop.security.work import Work
from cdop.tasks.service import close_task, open_task

TABLE = "break_glass"
SEE, JUDGE = "see-break-glass", "review-break-glass"


def break_glass(work: Work, organisation_id: UUID, reason: str, need: str) -> UUID:
    """Give the actor another panel's cases to read for a short time. Returns the access's id.

    The panel's coordinator and its Caldicott guardian have a task of it at once, the auditor a
    line. `reason` is a code of `break-glass-reasons`; `need` is sealed. Raises Invalid for a reason
    that is none or nothing said; NotFound for no organisation; Refused with a rule's sentence.
    """
    work.check(OPEN)
    assert work.actor.account_id
    panel = organisations.get(work.session, organisation_id)
    held = [g for g in work.actor.grants if panel.id in g.organisations]
    _refuse(
        rules.open_refusal(
            is_panel=panel.kind == Kind.CDOP,
            within_reach=any("deaths:case:read" in g.permissions for g in held if g.role),
            is_open=any(g.glass for g in held),
        )
    )
    faults = {}
    if reason not in codelist(REASONS, work.today):
        faults["reason"] = "Choose the reason"
    if not need.strip():
        faults["need"] = "Say what you need, and why it cannot wait"
    if faults:
        raise Invalid(faults)
    id = new_id()
    row = BreakGlass(
        id=id,
        subject_id=id,
        organisation_id=panel.id,
        account_id=work.actor.account_id,
        opened_by=work.actor.name,
        reason=reason,
        opened_at=work.now,
        ends_at=work.now + timedelta(minutes=GLASS.minutes),
    )
    work.seal(row, {NEED: Words(text=need)})
    work.session.add(row)
    work.session.flush()
    work.audit(OPEN, (TABLE, row.id), panel.id, reason=reason, minutes=GLASS.minutes)
    _tell(work, row)
    return row.id


def end(work: Work, id: UUID) -> None:
    """End an access before its time: whoever took it may, and the panel's coordinator."""
    row = queries.get(work, id, lock=True)
    own, owner = queries.standing(work, row)
    _refuse(rules.end_refusal(queries.state_of(row), work.now, is_own=own, is_owner=owner))
    row.ended_at = work.now
    work.audit("access:break-glass:end", (TABLE, row.id), row.organisation_id)


def see(work: Work, id: UUID) -> None:
    """Take note of an access, as the coordinator of the panel whose cases were opened."""
    row = queries.get(work, id)
    work.check(queries.EDIT, row.organisation_id)
    close_task(work, SEE, row.id, row.organisation_id)
    work.audit(READ, (TABLE, row.id), row.organisation_id)


def review(work: Work, id: UUID, verdict: str, text: str) -> None:
    """Say whether an access was right, as the Caldicott guardian to whom it falls, with words.

    Raises Invalid for no verdict or no words; Refused while it lasts, and for one's own.
    """
    row = queries.get(work, id, lock=True)
    at = queries.reviews_at(work, row)
    if at is None:
        raise Denied(REVIEW)
    own, _ = queries.standing(work, row)
    _refuse(rules.review_refusal(queries.state_of(row), work.now, is_own=own))
    faults = {}
    if verdict not in ("appropriate", "not-appropriate"):
        faults["verdict"] = "Say whether the access was appropriate"
    if not text.strip():
        faults["text"] = "Say why"
    if faults:
        raise Invalid(faults)
    row.verdict, row.reviewed_at, row.reviewed_by = verdict, work.now, work.actor.name
    work.seal(row, {FINDING: Words(text=text)})
    with work.beyond("reviewed-by-one-guardian"):
        close_task(work, JUDGE, row.id)
    work.audit(REVIEW, (TABLE, row.id), row.organisation_id, verdict=verdict, guardian_of=str(at))


def _tell(work: Work, row: BreakGlass) -> None:
    """Give the panel's coordinator a task at once, and the guardians to whom the review falls."""
    _ask(work, row, SEE, queries.EDIT, row.organisation_id)
    # Where nobody is a guardian the task waits at the panel for whoever becomes one.
    for place in sorted(queries.reviewers(work, row)) or [row.organisation_id]:
        _ask(work, row, JUDGE, REVIEW, place)


def _ask(work: Work, row: BreakGlass, kind: str, permission: str, at: UUID) -> None:
    with work.beyond("tell-whose-cases"):
        open_task(
            work,
            kind,
            organisation_id=at,
            permission=permission,
            subject=(TABLE, row.id),
            reference=queries.reference_of(row),
            due_on=None,
        )


def _refuse(sentence: str | None) -> None:
    if sentence:
        raise Refused(sentence)
