"""Mail: whether those who have a work address are told of what changed at their account."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from cdop.config import Settings
from cdop.doctor.checks import OK, SKIPPED, WEAK, WRONG, Check
from cdop.errors import CdopError
from cdop.organisations.models import Account
from cdop.security import mail
from cdop.sign_in.notices.models import Notice

LATE = timedelta(hours=1)  # a notice is tried each minute
_NAME_ONE = "name a mail server with CDOP_SMTP and CDOP_SMTP_FROM"


def check(name: str, settings: Settings, engine: Engine) -> Check:
    """Check that notices of changed ways to sign in have a server, and that it takes them."""
    try:
        server = mail.configured(settings.sending)
    except CdopError as error:
        return Check(name, WRONG, str(error))
    with Session(engine) as session:
        if server is None:
            reached = select(func.count()).where(col(Account.email).is_not(None))
            return _without(name, session.exec(reached).one())
        waiting = select(func.count()).where(
            col(Notice.sent_at).is_(None), col(Notice.made_at) < datetime.now(UTC) - LATE
        )
        late = session.exec(waiting).one()
    if late:
        text = f"{late} notices of changed ways to sign in wait for more than an hour"
        return Check(name, WRONG, text, "find out why the server of CDOP_SMTP does not take them")
    return Check(name, OK, f"notices go by {server.where.hostname}")


def _without(name: str, people: int) -> Check:
    if not people:
        return Check(name, SKIPPED, "no mail server is named, and no account has an address")
    text = (
        f"no mail server is named: {people} people with an address are not told of a changed way "
        "to sign in, and whoever resets one sees the invitation"
    )
    return Check(name, WEAK, text, _NAME_ONE)
