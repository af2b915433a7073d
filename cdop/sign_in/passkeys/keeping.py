"""The passkeys of an account: adding one, listing them, removing one."""

from uuid import UUID

from sqlalchemy import select as columns
from sqlmodel import col, select

from cdop.errors import Invalid, NotFound, Refused
from cdop.organisations.sessions import GATE
from cdop.security import passkeys
from cdop.security.passkeys import Known, NotAccepted, Site
from cdop.security.work import Register, Work
from cdop.sign_in.limits import limits
from cdop.sign_in.notices.telling import tell
from cdop.sign_in.notices.words import Kind
from cdop.sign_in.passkeys import challenges
from cdop.sign_in.passkeys.challenges import Purpose
from cdop.sign_in.passkeys.models import Passkey

NOT_ADDED = "The passkey could not be added. Try again, or use another device"


def of(work: Work, account_id: UUID) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    query = select(Passkey).where(Passkey.account_id == account_id)
    return list(work.session.exec(query.order_by(col(Passkey.id))))


def any_of(work: Work, account_id: UUID) -> bool:
    """Say whether an account has a passkey."""
    query = columns(col(Passkey.id)).where(col(Passkey.account_id) == account_id).limit(1)
    return work.session.execute(query).first() is not None


def holders(work: Work) -> set[UUID]:
    """Return the accounts that have a passkey."""
    return set(work.session.exec(select(Passkey.account_id)))


def offer(work: Work, site: Site, browser: str) -> str:
    """Return what a browser needs to make a passkey for whoever acts (JSON).

    `browser` is its session or half sign-in. Raises Refused at the most that an account may have.
    """
    actor = work.actor
    assert actor.account_id
    held = of(work, actor.account_id)
    if len(held) >= limits().most_passkeys:
        raise Refused("This account has as many passkeys as it may have. Remove one first.")
    return passkeys.adding_options(
        site,
        challenges.ask(work, Purpose.ADD, browser),
        handle=actor.account_id.bytes,
        username=actor.name,
        display_name=actor.display_name,
        held=[known(row) for row in held],
    )


def made(register: Register, browser: str, answer: str) -> Known:
    """Return the passkey that a browser has just made, for `add`. Uses its challenge up.

    Raises Invalid on `answer`.
    """
    challenge = register.do(GATE, challenges.take, Purpose.ADD, browser)
    if challenge is None:
        raise Invalid({"answer": NOT_ADDED})
    try:
        return passkeys.added(Site(register.settings.origin), challenge, answer)
    except NotAccepted:
        raise Invalid({"answer": NOT_ADDED}) from None


def add(work: Work, account_id: UUID, made: Known, name: str) -> None:
    """Keep a new passkey. Raises Invalid for one that an account has already."""
    query = select(Passkey.id).where(Passkey.credential_id == made.credential_id)
    if work.session.exec(query).first():
        raise Invalid({"answer": NOT_ADDED})
    row = Passkey(
        account_id=account_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=list(made.transports),
        name=name,
        added_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    tell(work, account_id, Kind.FACTOR_ADDED)
    work.audit(
        "accounts:factor:add", ("accounts", account_id), factor="passkey", passkey=row.id.hex
    )


def remove(work: Work, row: Passkey) -> None:
    """Remove a passkey. `factors.check_removable` says whether it may go."""
    work.session.delete(row)
    work.session.flush()
    tell(work, row.account_id, Kind.FACTOR_REMOVED)
    work.audit(
        "accounts:factor:remove",
        ("accounts", row.account_id),
        factor="passkey",
        passkey=row.id.hex,
    )


def get_own(work: Work, passkey_id: UUID) -> Passkey:
    """Return a passkey of whoever acts. Raises NotFound, for another's too."""
    row = work.session.get(Passkey, passkey_id)
    if row is None or row.account_id != work.actor.account_id:
        raise NotFound
    return row


def known(row: Passkey) -> Known:
    """Return what is checked of a passkey."""
    return Known(row.credential_id, row.public_key, row.sign_count, tuple(row.transports))
