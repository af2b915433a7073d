"""The doctor: every check of a register by itself, what is wrong, and how to mend it.

Each check looks with its own eyes, so that one fault does not hide another.
"""

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from cdop import db
from cdop.config import Settings
from cdop.doctor import database, files, newest, providers, sealed, seals
from cdop.doctor.checks import OK, RESTORE, SKIPPED, WEAK, WRONG, Check
from cdop.doctor.sealed import Progress
from cdop.errors import CdopError
from cdop.registers import open_register
from cdop.security.actor import system
from cdop.security.audit import sealer
from cdop.security.work import Work

__all__ = ["OK", "SKIPPED", "WEAK", "WRONG", "Check", "examine"]

DOCTOR = system("doctor")


def examine(
    settings: Settings, *, thorough: bool = False, progress: Progress = sealed.unseen
) -> list[Check]:
    """Run every check on the register of `settings`.

    `thorough` opens every sealed row instead of the latest of each table; `progress` is told how
    many rows of how many were opened. Leaves an audit line where the register can be opened.
    """
    found = [check(settings) for check in (*files.CHECKS, providers.check)]
    engine = _engine(settings)
    if engine is None:
        mend = f"make a register with: cdop init; or {RESTORE}"
        return [*found, Check("database", WRONG, "there is none here", mend)]
    try:
        for name, check in database.CHECKS.items():
            try:
                found.append(check(name, settings, engine))
            except (DBAPIError, CdopError) as error:
                found.append(_unanswered(name, error))
        try:
            found.append(sealed.check(settings, engine, thorough, progress))
        except (DBAPIError, CdopError) as error:
            found.append(_unanswered(sealed.NAME, error))
        try:
            found.append(newest.check(settings, engine, thorough))
        except (DBAPIError, CdopError) as error:
            found.append(_unanswered(newest.NAME, error))
        try:
            found.append(seals.check(settings, thorough))
        except (DBAPIError, CdopError) as error:
            found.append(_unanswered(seals.NAME, error))
    finally:
        engine.dispose()
    _leave_a_line(settings, found)
    return found


def _engine(settings: Settings) -> Engine | None:
    if settings.is_sqlite and not settings.database_file.exists():
        return None
    try:
        return db.connect(settings.database_url)
    except CdopError:
        return None


def _unanswered(name: str, error: DBAPIError | CdopError) -> Check:
    """A database that cannot answer a check is a finding too; its own words may quote values."""
    kind = type(error.orig).__name__ if isinstance(error, DBAPIError) else str(error)
    return Check(name, WRONG, f"cannot be read ({kind})", RESTORE)


def _leave_a_line(settings: Settings, found: list[Check]) -> None:
    """Write the audit line; a register that does not open has nowhere to write it."""
    try:
        register = open_register(settings)
    except CdopError:
        return
    register.do(DOCTOR, _audit, [check.name for check in found if check.state == WRONG])
    sealer.seal(register)
    register.engine.dispose()


def _audit(work: Work, wrong: list[str]) -> None:
    work.audit("register:doctor:run", wrong=wrong)
