"""Handing an invitation to whom it is for: by mail where that can be, or shown to be passed on."""

from dataclasses import dataclass
from uuid import UUID

from cdop.security import mail
from cdop.security.actor import Actor
from cdop.security.work import Register, Work
from cdop.sign_in import invitations
from cdop.sign_in.limits import limits
from cdop.sign_in.notices import words


@dataclass(frozen=True)
class Handed:
    """What became of an invitation: `link` to be shown, or the address to which it was `sent_to`.

    With neither the mail server did not take it, and nobody has it: make another.
    """

    link: str | None
    sent_to: str | None = None


def hand_over(register: Register, actor: Actor, account_id: UUID, secret: str) -> Handed:
    """Send an invitation to its owner's address, so that no administrator holds it.

    Without a mail server, or an address, its link is shown once instead.
    """
    server = mail.configured(register.settings.sending)
    with register.reading(actor) as work:
        account = invitations.get(work, account_id)
    link = invitations.link(register, secret)
    if server is None or not account.email:
        return Handed(link)
    origin = register.settings.origin
    text = words.invitation(account.username, link, limits().invitation_hours, origin)
    try:
        mail.send(server, account.email, "Your invitation", text)
    except OSError:  # smtplib's own are OSErrors too
        register.do(actor, _note, account_id, outcome="failed")
        return Handed(None)
    register.do(actor, _note, account_id, outcome="done")
    return Handed(None, account.email)


def _note(work: Work, account_id: UUID, *, outcome: str) -> None:
    work.audit("accounts:invitation:mail", ("accounts", account_id), outcome=outcome)
