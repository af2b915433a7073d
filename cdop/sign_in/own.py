"""What somebody does to their own account: password, second factors, recovery codes, sessions.

A changed password or second factor ends every other session of the account.
"""

from uuid import UUID

from sqlmodel import select

from cdop.errors import Invalid, NotFound, Refused
from cdop.organisations import sessions
from cdop.organisations.models import Account, SignIn
from cdop.security import one_time_codes, passwords
from cdop.security.actor import Actor
from cdop.security.passkeys import Known
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators, delays, factors, recovery
from cdop.sign_in import passwords as password_rules
from cdop.sign_in.delays import Visitor
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.models import Authenticator
from cdop.sign_in.passkeys import keeping as passkeys
from cdop.sign_in.steps import note_refusal

WRONG = {"current": "That is not your password"}


def change_password(
    register: Register, actor: Actor, current: str, password: str, visitor: Visitor
) -> None:
    """Change one's own password. Raises Invalid on `current` or `password`, TooSoon."""
    counted = delays.count(register, "password", actor.name, visitor)
    account = register.do(actor, own)
    if not passwords.matches(current, account.password_hash):
        register.do(actor, note_refusal, account.id)
        raise Invalid(WRONG)
    password_rules.check(password, account.username)
    hashed = passwords.hash_password(password)

    def keep(work: Work) -> None:
        if not password_rules.exchange(work, account.id, account.password_hash, hashed):
            raise Invalid(WRONG)
        delays.take_back(work, counted)
        password_rules.keep(work, account.id, hashed)
        _end_other_sessions(work)

    register.do(actor, keep)


def offered_secret(work: Work, token: str) -> str:
    """Return the seed that a session, by its token, offers for a further app.

    The same until an app was added; kept nowhere before it is proved.
    """
    number = authenticators.ever(work, own(work).id)
    return one_time_codes.secret_from(token, f"authenticator {number}")


def add_app(work: Work, token: str, code: str) -> tuple[str, ...] | None:
    """Add the authenticator app that a session offered, once it shows a code of its seed.

    Returns the recovery codes that were made now, for a first factor; none for a further one; and
    None when the code is wrong.
    """
    account = own(work)
    first = not factors.has_any(work, account.id)
    if not authenticators.add(work, account.id, offered_secret(work, token), code):
        return None
    _end_other_sessions(work)
    return recovery.renew(work, account.id) if first else ()


def remove_app(work: Work, authenticator_id: UUID) -> None:
    """Remove one's own authenticator app. Raises NotFound; Refused for the only factor."""
    account = own(work)
    query = select(Authenticator).where(Authenticator.id == authenticator_id)
    row = work.session.exec(query.with_for_update()).one_or_none()
    if row is None or row.subject_id != account.id or row.removed_at:
        raise NotFound
    factors.check_removable(work, account.id)
    authenticators.remove(work, row)
    _end_other_sessions(work)


def add_passkey(work: Work, made: Known, name: str) -> tuple[str, ...]:
    """Add a passkey that was just made. Raises Invalid.

    Returns the recovery codes that were made now, for a first factor.
    """
    account = own(work)
    first = not factors.has_any(work, account.id)
    passkeys.add(work, account.id, made, name)
    _end_other_sessions(work)
    return recovery.renew(work, account.id) if first else ()


def remove_passkey(work: Work, passkey_id: UUID) -> None:
    """Remove one's own passkey. Raises NotFound; Refused for the only factor or the only way in."""
    row = passkeys.get_own(work, passkey_id)
    check_passkey_removable(work)
    passkeys.remove(work, row)
    _end_other_sessions(work)


def check_passkey_removable(work: Work) -> None:
    """Raise Refused when none of one's own passkeys can be done without."""
    account = own(work)
    factors.check_removable(work, account.id)
    others = len(passkeys.of(work, account.id)) > 1 or identities.of(work, account.id)
    if not (account.password_hash or others):
        raise Refused(identities.ONLY_WAY)


def renew_codes(work: Work) -> tuple[str, ...]:
    """Make new recovery codes in place of one's old ones. Returns them, to be shown once."""
    return recovery.renew(work, own(work).id)


def end_session(work: Work, session_id: UUID) -> None:
    """End one of one's own sessions. Raises NotFound."""
    row = work.session.get(SignIn, session_id)
    if row is None or row.account_id != work.actor.account_id:
        raise NotFound
    if row.ended_at is None:
        row.ended_at = work.now
        work.audit("accounts:session:end", ("accounts", row.account_id))


def end_all_sessions(work: Work) -> int:
    """Sign out everywhere, here too. Returns how many sessions were ended."""
    return sessions.end_others(work, own(work).id)


def see_elsewhere(work: Work) -> None:
    """Note that the owner has seen that the account was signed in to elsewhere, and knows of it."""
    row = work.session.get_one(SignIn, work.actor.session_id)
    row.elsewhere_at = row.elsewhere_browser = None
    work.audit("accounts:session:recognise", ("accounts", row.account_id))


def own(work: Work) -> Account:
    """Return the account of whoever acts."""
    return work.session.get_one(Account, work.actor.account_id)


def _end_other_sessions(work: Work) -> None:
    sessions.end_others(work, own(work).id, but=work.actor.session_id)
