"""What a person may see of referrals: those of the groups and boards within their scope.

A group's people see its referrals, a board's decision makers those made to the board. A panel that
referred a concern sees only, on its own case, that it did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from cdop.case_reviews.models import Assent, CaseReview, Decision, Recommendation, Referral
from cdop.errors import NotFound
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.security.actor import everywhere
from cdop.security.work import Work

READ = "case_reviews:referral:read"
CREATE = "case_reviews:referral:create"


@dataclass(frozen=True)
class ListedReferral:
    """A referral as a list shows it: nothing sealed is opened for it."""

    id: UUID
    reference: str
    status: str
    source: str
    received_on: date
    board_id: UUID


def visible(work: Work, permission: str = READ) -> SelectOfScalar[Referral]:
    """Return the query of the referrals within the actor's scope for a permission."""
    query = select(Referral)
    return query if everywhere(work.actor) else query.where(_within(work, permission))


def get(work: Work, referral_id: UUID, permission: str = READ, *, lock: bool = False) -> Referral:
    """Return a referral; `lock` holds it until the unit of work ends, so that steps queue up.

    Raises Denied without the permission, NotFound when absent or out of scope.
    """
    work.check(permission)
    query = visible(work, permission).where(Referral.id == referral_id)
    found = work.session.exec(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound(("referrals", referral_id), permission)
    return found


def latest(
    work: Work, limit: int = 25, before: tuple[date, UUID] | None = None
) -> list[ListedReferral]:
    """Return referrals in scope, the last received first; `before` continues after a row seen."""
    work.check(READ)
    query = visible(work).order_by(col(Referral.received_on).desc(), col(Referral.id).desc())
    if before:
        day, last = before
        query = query.where(
            (col(Referral.received_on) < day)
            | ((col(Referral.received_on) == day) & (col(Referral.id) < last))
        )
    return [
        ListedReferral(r.id, r.reference, r.status, r.source, r.received_on, r.board_id)
        for r in work.session.exec(query.limit(limit))
    ]


def standpoint(work: Work, referral: Referral, permission: str) -> UUID:
    """Return where somebody stands towards a referral: at its board when that gives the permission,
    otherwise at its group.
    """
    at_board = work.actor.may(permission, referral.board_id)
    return referral.board_id if at_board else referral.organisation_id


def recommendations(work: Work, referral: Referral) -> Sequence[Recommendation]:
    """Return a referral's recommendations in the order recorded; the last one counts."""
    query = select(Recommendation).where(Recommendation.referral_id == referral.id)
    return work.session.exec(query.order_by(col(Recommendation.id))).all()


def decisions(work: Work, referral: Referral) -> Sequence[Decision]:
    """Return a referral's decisions in the order proposed, withdrawn ones included."""
    query = select(Decision).where(Decision.referral_id == referral.id)
    return work.session.exec(query.order_by(col(Decision.id))).all()


def live_decision(work: Work, referral: Referral) -> Decision | None:
    """Return the decision proposed or standing, or None."""
    return next((d for d in decisions(work, referral) if d.withdrawn_on is None), None)


def assents(work: Work, decision: Decision) -> Sequence[Assent]:
    """Return the assents to a decision in the order given."""
    query = select(Assent).where(Assent.decision_id == decision.id)
    return work.session.exec(query.order_by(col(Assent.id))).all()


def reviews(work: Work, referral: Referral) -> Sequence[CaseReview]:
    """Return the reviews of a referral in the order started."""
    query = select(CaseReview).where(CaseReview.referral_id == referral.id)
    return work.session.exec(query.order_by(col(CaseReview.started_on), col(CaseReview.id))).all()


def undecided_from_panel(session: Session, death_id: UUID, board_id: UUID) -> bool:
    """Say whether a referral of a death to a board awaits its decision. For a rule, not a page."""
    query = select(Referral.id).where(
        Referral.death_id == death_id,
        Referral.board_id == board_id,
        col(Referral.status).in_(("received", "recommended")),
    )
    return session.exec(query).first() is not None


def group_of(session: Session, board_id: UUID, day: date) -> Organisation | None:
    """Return the joint case review group that serves a board on a day, or None."""
    return next(iter(organisations.serving(session, board_id, Kind.GROUP, day)), None)


def boards_to_refer_to(work: Work, day: date) -> list[Organisation]:
    """Return the boards served on a day by the groups at which the actor may record a referral."""
    groups = organisations.in_force(work.session, Kind.GROUP, day)
    served = {
        board.id: board
        for group in groups
        if work.actor.may(CREATE, group.id)
        for board in organisations.served_by(work.session, group.id, day)
    }
    return sorted(served.values(), key=lambda board: board.slug)


def boards_for_panel(session: Session, cdop_id: UUID, day: date) -> list[Organisation]:
    """Return the boards to which a panel may refer on a day.

    They are those that it serves, or that answer for an area it serves, and that a group serves.
    """
    found: dict[UUID, Organisation] = {}
    for place in organisations.served_by(session, cdop_id, day):
        near = organisations.serving(session, place.id, Kind.BOARD, day)
        for board in (place, *near):
            if board.kind == Kind.BOARD and group_of(session, board.id, day):
                found[board.id] = board
    return sorted(found.values(), key=lambda board: board.slug)


def _within(work: Work, permission: str) -> ColumnElement[bool]:
    scope = work.actor.scope(permission)
    return col(Referral.organisation_id).in_(scope) | col(Referral.board_id).in_(scope)
