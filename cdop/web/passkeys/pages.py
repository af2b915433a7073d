"""What the pages of passkeys show."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from cdop.sign_in.passkeys.models import Passkey
from cdop.web.buttons import Button
from cdop.web.forms import Bound
from cdop.web.passkeys.forms import NewPasskey
from cdop.web.templating import moment


@dataclass(frozen=True)
class Row:
    """A passkey in the list."""

    id: UUID
    name: str
    added: str
    used: str


@dataclass(frozen=True)
class PasskeysPage:
    """Somebody's passkeys. `done` says what has just been done."""

    rows: tuple[Row, ...]
    done: str | None


@dataclass(frozen=True)
class AddPage:
    """A passkey to be made on this device or another."""

    form: Bound[NewPasskey]


@dataclass(frozen=True)
class RemovePage:
    """A passkey to be removed, and the button that does, or says why it cannot."""

    row: Row
    remove: Button


DONE = {
    "added": "The passkey was added. Every other session was ended.",
    "removed": "The passkey was removed. Every other session was ended.",
}


def rows_of(passkeys: Iterable[Passkey]) -> tuple[Row, ...]:
    """Return passkeys as rows of the list."""
    return tuple(row_of(each) for each in passkeys)


def row_of(passkey: Passkey) -> Row:
    """Return a passkey as a row."""
    used = moment(passkey.used_at) if passkey.used_at else "Not used yet"
    return Row(passkey.id, passkey.name, moment(passkey.added_at), used)
