"""What the tests of rotation share: cases to seal, all their values, and a second server."""

from uuid import UUID

from sqlmodel import select

from cdop import registers
from cdop.deaths.service import notify
from cdop.security.models import DataKey
from cdop.security.rotation import KEYS
from cdop.security.sealing import sealed_columns, sealed_tables
from cdop.security.vault import place_of
from cdop.security.work import Register
from tests.factories import Herefordshire, child, told

Values = dict[tuple[str, UUID, str], bytes]


def notified(county: Herefordshire, *seeds: int, by: Register | None = None) -> list[UUID]:
    """Notify invented deaths, through another server when one is given. Returns their ids."""
    register = by or county.register
    panel, actor = county["herefordshire-cdop"], county.actors["coordinator"]
    receipts = [register.do(actor, notify, told(panel, child(seed))) for seed in seeds]
    return [receipt.death_id for receipt in receipts if receipt.death_id]


def another_server(register: Register) -> Register:
    """Open the same register again, as another process would."""
    return registers.open_register(register.settings, clock=register.clock)


def values(register: Register) -> Values:
    """Open every sealed value there is."""
    found: Values = {}
    with register.reading(KEYS) as work:
        for table in sealed_tables():
            for row in work.session.exec(select(table)):
                for column in sealed_columns(table):
                    sealed = getattr(row, column)
                    if sealed is not None:
                        place = place_of(row, column)
                        text = work.vault.open_bytes(work.session, place, sealed)
                        found[str(row.__tablename__), row.id, column] = text
    return found


def data_keys(register: Register) -> list[DataKey]:
    """Return the rows of all case keys."""
    with register.reading(KEYS) as work:
        return list(work.session.exec(select(DataKey)))
