"""Removing old rows by the register's periods: of no child, so that nobody has to approve.

What somebody wrote about an access by break-glass is erased, and its row stays.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, null
from sqlmodel import SQLModel, col, delete, select

from cdop.errors import Refused
from cdop.organisations.models import SignIn
from cdop.organisations.reach_models import BreakGlass
from cdop.reference.retention import record_kinds
from cdop.retention import periods, rules
from cdop.retention.erasing import destroy_values
from cdop.retention.moments import over_before
from cdop.security.sealing import ERASED
from cdop.security.work import Work
from cdop.sign_in.models import Invitation, RecoveryCode

# From when each counts. A session that was left open ended when it was last seen; a recovery code
# that was not used is kept.
OLD: dict[str, tuple[type[SQLModel], Any]] = {
    "sign-in": (SignIn, func.coalesce(col(SignIn.ended_at), col(SignIn.seen_at))),
    "invitation": (Invitation, func.coalesce(col(Invitation.used_at), col(Invitation.expires_at))),
    "recovery-code": (RecoveryCode, col(RecoveryCode.used_at)),
    "break-glass": (
        BreakGlass,
        case((col(BreakGlass.need) == ERASED, null()), else_=col(BreakGlass.reviewed_at)),
    ),
}


def remove_old(work: Work) -> dict[str, int]:
    """Remove what is past the register's periods. Returns how many of each kind that has one.

    Raises Refused while no period is set for any.
    """
    work.check(periods.SET_FOR_REGISTER)
    removed = {}
    for kind in record_kinds():
        period = periods.in_force(work, periods.register_id(work), kind.code)
        if kind.code not in OLD or period is None or period.years is None:
            continue
        before = over_before(work.today, period.years)
        removed[kind.code] = _remove(work, kind.code, before)
        work.audit(
            "retention:rows:remove",
            kind=kind.code,
            removed=removed[kind.code],
            edition=period.edition,
        )
    if not removed:
        raise Refused(rules.NO_PERIOD)
    return removed


def _remove(work: Work, kind: str, before: datetime) -> int:
    if kind == "break-glass":
        return _erase_words(work, before)
    table, over = OLD[kind]
    count = work.session.exec(select(func.count()).select_from(table).where(over < before)).one()
    work.session.exec(delete(table).where(over < before))
    return count


def _erase_words(work: Work, before: datetime) -> int:
    """Destroy the keys of accesses that were reviewed before a moment, with what they seal."""
    query = select(BreakGlass.id).where(OLD["break-glass"][1] < before)
    subjects = list(work.session.exec(query))
    for each in subjects:
        work.vault.destroy(work.session, each, work.now)
    destroy_values(work, subjects)
    return len(subjects)
