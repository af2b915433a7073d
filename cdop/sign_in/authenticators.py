"""Authenticator apps of an account: adding one, checking its codes, removing it."""

from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import col, select

from cdop.security import one_time_codes
from cdop.security.work import Work
from cdop.sign_in.documents import SEED, Seed
from cdop.sign_in.models import Authenticator
from cdop.sign_in.notices.telling import tell
from cdop.sign_in.notices.words import Kind


def of(work: Work, account_id: UUID) -> list[Authenticator]:
    """Return the authenticator apps in use of an account, the oldest first."""
    query = select(Authenticator).where(
        Authenticator.subject_id == account_id, col(Authenticator.removed_at).is_(None)
    )
    return list(work.session.exec(query.order_by(col(Authenticator.id))))


def holders(work: Work) -> set[UUID]:
    """Return the accounts that have an app in use."""
    query = select(Authenticator.subject_id).where(col(Authenticator.removed_at).is_(None))
    return set(work.session.exec(query))


def ever(work: Work, account_id: UUID) -> int:
    """Return how many apps an account has had, removed ones included."""
    query = select(func.count()).where(Authenticator.subject_id == account_id)
    return work.session.exec(query).one()


def add(work: Work, account_id: UUID, secret: str, code: str | None = None) -> bool:
    """Add an app once it has shown a code of its seed. Says whether the code was right.

    Without a code the app is added unproved: for accounts of a demonstration.
    """
    step = one_time_codes.step_of(secret, code, work.now) if code is not None else 0
    if step is None:
        return False
    row = Authenticator(subject_id=account_id, added_at=work.now, last_step=step)
    work.seal(row, {SEED: Seed(secret=secret)})
    work.session.add(row)
    work.session.flush()
    tell(work, account_id, Kind.FACTOR_ADDED)
    work.audit("accounts:factor:add", ("accounts", account_id), factor="authenticator")
    return True


def accepts(work: Work, account_id: UUID, code: str) -> bool:
    """Say whether a code is one of the account's, now and not used yet; then it is used."""
    for row in of(work, account_id):
        secret = work.open_within(row, SEED).secret
        step = one_time_codes.step_of(secret, code, work.now, row.last_step)
        if step is not None and _use(work, row.id, step):
            return True
    return False


def next_code(work: Work, account_id: UUID) -> str | None:
    """Return a code that is taken now, or None: for a demonstration and for tests only."""
    for row in of(work, account_id):
        step = max(one_time_codes.step_at(work.now), row.last_step + 1)
        if step <= one_time_codes.step_at(work.now) + 1:
            return one_time_codes.code_of(work.open_within(row, SEED).secret, step)
    return None


def remove(work: Work, row: Authenticator) -> None:
    """Remove an app. Its row stays without the seed: a sealed row that vanishes is a finding."""
    row.seed, row.removed_at = None, work.now
    row.sealed_revision += 1
    work.note_sealed(row)
    tell(work, row.subject_id, Kind.FACTOR_REMOVED)
    work.audit("accounts:factor:remove", ("accounts", row.subject_id), factor="authenticator")


def _use(work: Work, row_id: UUID, step: int) -> bool:
    """Use a step up. One statement, so that of two at once only one succeeds."""
    used = (
        update(Authenticator)
        .where(col(Authenticator.id) == row_id, col(Authenticator.last_step) < step)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(work.session.execute(used).rowcount == 1)  # type: ignore[attr-defined]
