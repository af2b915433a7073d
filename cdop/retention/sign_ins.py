"""Removing old sign-ins: they say only who was at work when, and nobody has to approve."""

from typing import Any

from sqlalchemy import func
from sqlmodel import col, delete, select

from cdop.errors import Refused
from cdop.organisations.models import SignIn
from cdop.retention import periods, rules
from cdop.retention.moments import over_before
from cdop.security.work import Work

KIND = "sign-in"
# One that was left open ended when it was last seen.
ENDED: Any = func.coalesce(col(SignIn.ended_at), col(SignIn.seen_at))


def remove_sign_ins(work: Work) -> int:
    """Remove the sign-ins past the register's period, and return how many.

    Raises Refused while no period is set.
    """
    work.check(periods.SET_FOR_REGISTER)
    period = periods.in_force(work, periods.register_id(work), KIND)
    if period is None or period.years is None:
        raise Refused(rules.NO_PERIOD)
    before = over_before(work.today, period.years)
    count = work.session.exec(select(func.count()).select_from(SignIn).where(before > ENDED)).one()
    work.session.exec(delete(SignIn).where(before > ENDED))
    work.audit("retention:sign-ins:remove", removed=count, edition=period.edition)
    return count
