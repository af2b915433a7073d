"""Keeping what is to be told in the transaction of what was done, and sending it afterwards.

A notice that the mail server does not take is tried again each minute, for some days.
"""

import logging
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, delete, or_, select

from cdop.organisations.models import Account
from cdop.security import mail
from cdop.security.actor import system
from cdop.security.work import Register, Work
from cdop.sign_in.notices.models import Notice
from cdop.sign_in.notices.words import SUBJECT, Kind, text_of

log = logging.getLogger("cdop.notices")

MAILER = system("mail", sees_cases=False)
RETRY, FORGOTTEN = timedelta(minutes=1), timedelta(days=7)
_AT_ONCE = 20


def tell(work: Work, account_id: UUID, kind: Kind, address: str | None = None) -> None:
    """Tell an account's owner by mail what was done; once for several of a kind that wait.

    Nothing is kept for an account without an address. `address` is another one than its own: the
    one before.
    """
    to = address or work.session.get_one(Account, account_id).email
    if not to:
        return
    waiting = select(Notice.id).where(
        Notice.account_id == account_id, Notice.kind == kind, col(Notice.sent_at).is_(None)
    )
    if not work.session.exec(waiting.where(Notice.email == to)).first():
        row = Notice(account_id=account_id, email=to, kind=kind.value, made_at=work.now)
        work.session.add(row)
        work.session.flush()


def deliver(register: Register) -> int:
    """Send what waits and is due, where a mail server is configured. Returns how many were sent."""
    server = mail.configured(register.settings.sending)
    with register.reading(MAILER) as work:
        if not work.session.exec(select(Notice.id).limit(1)).first():
            return 0
    register.do(MAILER, _forget_old)
    if server is None:
        return 0
    sent = 0
    for row, username in register.do(MAILER, _claim):
        text = text_of(row.kind, username, row.made_at, register.settings.origin)
        try:
            mail.send(server, row.email, SUBJECT, text)
        except OSError as error:  # smtplib's own are OSErrors too
            log.warning("a notice was not taken by the mail server: %s", type(error).__name__)
            break
        register.do(MAILER, _note_sent, row.id)
        sent += 1
    return sent


def _claim(work: Work) -> list[tuple[Notice, str]]:
    """Take up what is due, so that no other server sends it too."""
    tried = col(Notice.tried_at)
    query = (
        select(Notice, Account.username)
        .join(Account, col(Account.id) == Notice.account_id)
        .where(col(Notice.sent_at).is_(None), or_(tried.is_(None), tried <= work.now - RETRY))
        .order_by(col(Notice.made_at))
        .limit(_AT_ONCE)
        .with_for_update(of=Notice, skip_locked=True)
    )
    found = list(work.session.exec(query).all())
    for row, _ in found:
        row.tried_at = work.now
    return found


def _note_sent(work: Work, notice_id: UUID) -> None:
    row = work.session.get_one(Notice, notice_id)
    row.sent_at = work.now
    work.audit("accounts:notice:send", ("accounts", row.account_id), about=row.kind)


def _forget_old(work: Work) -> None:
    work.session.exec(delete(Notice).where(col(Notice.made_at) < work.now - FORGOTTEN))
