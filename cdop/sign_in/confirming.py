"""Confirming once more who it is, within a session, before something grave: a step up."""

from datetime import timedelta

from cdop.organisations.models import Account, SignIn
from cdop.organisations.sessions import Current
from cdop.security import passwords
from cdop.security.actor import Actor
from cdop.security.work import Register, Work
from cdop.sign_in import delays, factors, rules
from cdop.sign_in.delays import Visitor
from cdop.sign_in.limits import limits
from cdop.sign_in.steps import method_of, note_refusal


def is_confirmed(register: Register, current: Current) -> bool:
    """Say whether a second factor was given in this session within the last minutes."""
    within = timedelta(minutes=limits().confirmed_minutes)
    return rules.is_fresh(current.confirmed_at, register.clock.now(), within)


def confirm(register: Register, actor: Actor, code: str, visitor: Visitor) -> bool:
    """Take a code of the second factor; or the password, from whoever has no second factor.

    Says whether it was right. Raises TooSoon.
    """
    counted = delays.count(register, "factor", actor.name, visitor)
    with register.reading(actor) as work:
        account = work.session.get_one(Account, actor.account_id)
        by_password = not factors.has_any(work, account.id)
    # A hash takes long: outside the transaction that writes.
    known = by_password and passwords.matches(code, account.password_hash)

    def prove(work: Work) -> bool:
        right = known if by_password else method_of(work, account.id, code) is not None
        if not right:
            note_refusal(work, account.id)
            return False
        delays.take_back(work, counted)
        note(work)
        return True

    return register.do(actor, prove)


def note(work: Work) -> None:
    """Write down that whoever acts has just confirmed who they are, however they did."""
    row = work.session.get_one(SignIn, work.actor.session_id)
    row.confirmed_at = work.now
    work.audit("accounts:session:confirm", ("accounts", row.account_id))
