"""Assigning a case to the key worker of the family, whose role reaches assigned cases only."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from cdop.deaths import queries
from cdop.deaths.service.correcting import check_not_joined
from cdop.errors import Invalid
from cdop.organisations.models import Account, Membership
from cdop.organisations.queries import with_predecessors
from cdop.organisations.reach import in_force
from cdop.organisations.reach_models import Assignment
from cdop.security.permissions import ASSIGNED_ONLY
from cdop.security.work import Work

EDIT = "deaths:case:edit"


def key_workers(work: Work, panel: UUID) -> list[Account]:
    """Return who may be assigned cases of a panel today, by user name."""
    places = _with_successors(work, panel)
    query = (
        select(Account)
        .join(Membership, col(Membership.account_id) == Account.id)
        .where(
            col(Membership.role).in_(ASSIGNED_ONLY),
            col(Membership.organisation_id).in_(places),
            col(Account.disabled_at).is_(None),
            in_force(Membership),
        )
        .order_by(Account.username)
        .distinct()
    )
    return list(work.session.exec(query, params={"day": work.today}))


def assigned(work: Work, death_id: UUID) -> list[tuple[Assignment, Account]]:
    """Return to whom a case is assigned today. The caller has looked the case up."""
    query = (
        select(Assignment, Account)
        .join(Account, col(Account.id) == Assignment.account_id)
        .where(Assignment.subject_id == death_id, in_force(Assignment))
        .order_by(Account.username)
    )
    return list(work.session.exec(query, params={"day": work.today}))


def assign(work: Work, death_id: UUID, username: str) -> None:
    """Assign a case to a key worker of its panel, from today on; once assigned, nothing happens.

    Raises Invalid when nobody of that name is a key worker there; Refused for a joined case.
    """
    death = queries.get(work, death_id, EDIT)
    check_not_joined(death)
    workers = {each.username: each for each in key_workers(work, death.organisation_id)}
    chosen = workers.get(username.strip().lower())
    if chosen is None:
        raise Invalid({"key_worker": "Select a key worker of this panel"})
    if any(account.id == chosen.id for _, account in assigned(work, death.id)):
        return
    work.session.add(
        Assignment(
            account_id=chosen.id,
            organisation_id=_held_at(work, chosen, death.organisation_id),
            subject_id=death.id,
            valid_from=work.today,
        )
    )
    work.audit(
        "deaths:case:assign", ("deaths", death.id), death.organisation_id, to=chosen.username
    )


def unassign(work: Work, death_id: UUID, username: str) -> None:
    """End the assignment of a case to somebody: it is out of their reach from this moment."""
    death = queries.get(work, death_id, EDIT)
    for row, account in assigned(work, death.id):
        if account.username == username:
            if row.valid_from == work.today:
                work.session.delete(row)
            else:
                row.valid_to = work.today - timedelta(days=1)
            work.audit(
                "deaths:case:unassign",
                ("deaths", death.id),
                death.organisation_id,
                to=account.username,
            )


def _with_successors(work: Work, panel: UUID) -> frozenset[UUID]:
    """Return the panel and every organisation of the actor's that has taken its place."""
    own = work.actor.scope(EDIT) | {panel}
    return frozenset(o for o in own if panel in with_predecessors(work.session, o))


def _held_at(work: Work, account: Account, panel: UUID) -> UUID:
    query = select(Membership.organisation_id).where(
        Membership.account_id == account.id,
        col(Membership.role).in_(ASSIGNED_ONLY),
        col(Membership.organisation_id).in_(_with_successors(work, panel)),
        in_force(Membership),
    )
    found = work.session.exec(query, params={"day": work.today}).first()
    assert found
    return found
