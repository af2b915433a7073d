"""The check that no sealed row was put back from earlier, removed, or made outside the register."""

from sqlalchemy.engine import Engine
from sqlmodel import Session

import cdop.schema  # noqa: F401 - every table with sealed columns is loaded
from cdop.config import Settings
from cdop.doctor.checks import OK, SKIPPED, WRONG, Check
from cdop.errors import CdopError
from cdop.security import custody, rollback, walls

NAME = "newest rows"
SHOWN = 5
_WORDS = {
    "changed": "is not as it was sealed last",
    "unknown": "was made outside the register",
    "gone": "was removed outside the register",
}


def check(settings: Settings, engine: Engine, thorough: bool) -> Check:
    """Compare every sealed row with the newest audit line about it."""
    if not thorough:
        return Check(NAME, SKIPPED, "compared with the audit log by: cdop doctor --all")
    try:
        ring = custody.load(settings)
    except CdopError:
        return Check(NAME, SKIPPED, "the key file cannot be read")
    with Session(engine) as session:
        walls.go_everywhere(session.connection())
        found = list(rollback.find(session, ring))
    if not found:
        return Check(NAME, OK, "all are as they were sealed last")
    named = [f"{each.table} {each.row_id} {_WORDS[each.why]}" for each in found[:SHOWN]]
    rest = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    mend = "find out who wrote to the database; restore these rows from a backup"
    return Check(NAME, WRONG, "; ".join(named) + rest, mend)
