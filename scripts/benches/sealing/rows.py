"""Rows of eight sealed values, against plain rows and other encrypted column types."""

import base64
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_utils import StringEncryptedType  # type: ignore[import-untyped]
from sqlalchemy_utils.types.encrypted.encrypted_type import (  # type: ignore[import-untyped]
    AesEngine,
    AesGcmEngine,
    FernetEngine,
)
from sqlmodel import Session

from cdop import db
from cdop.clock import SystemClock
from cdop.db import Key, Number, new_id
from cdop.security import case_keys
from cdop.security.key_versions import first_key
from cdop.security.keys import Ring, new_ring
from cdop.security.models import DataKey, RegisterInfo, SealingKey
from cdop.security.vault import Vault
from sealing.measuring import VALUE, in_turn, ratio, say

FIELDS, ROWS = 8, 1_000
NAMES = [f"field_{number}" for number in range(FIELDS)]
PREFIXES = [(field, case_keys.column("sealed", field)) for field in NAMES]
TEXT = VALUE.decode()
HOW = f"{ROWS} rows of a case each, {FIELDS} values of 64 bytes as text, SQLite on disk, cached"


class Base(DeclarativeBase):
    """Tables of this benchmark alone."""


def _table(name: str, kind: Any) -> Any:
    columns: dict[str, Any] = {
        "__tablename__": name,
        "id": mapped_column(Key, primary_key=True),
        "subject_id": mapped_column(Key),
        "sealed_revision": mapped_column(Number),
        "__annotations__": {
            "id": Mapped[UUID],
            "subject_id": Mapped[UUID],
            "sealed_revision": Mapped[int],
            **dict.fromkeys(NAMES, Mapped[Any]),
        },
    }
    columns |= {field: mapped_column(kind()) for field in NAMES}
    return type(name.title(), (Base,), columns)


def _encrypted(engine: Any) -> Callable[[], Any]:
    secret = base64.b64encode(os.urandom(32)).decode()
    return lambda: StringEncryptedType(sa.Text, secret, engine)


Plain = _table("plain", sa.Text)
SealedRow = _table("sealed", sa.LargeBinary)
THEIRS = {
    "AesEngine": _table("aes", _encrypted(AesEngine)),
    "AesGcmEngine": _table("aesgcm", _encrypted(AesGcmEngine)),
    "FernetEngine": _table("fernet", _encrypted(FernetEngine)),
}


def rows(folder: Path) -> None:
    """Compare reading 8 sealed values of a row with a plain row, and with other encrypted types."""
    engine, ring = _database(folder), new_ring()
    vault = Vault(ring)
    _fill(engine, vault, ring)
    calls: dict[str, Callable[[], object]] = {
        "plain": lambda: _read_plainly(engine, Plain),
        "ours": lambda: _read_sealed(engine, vault),
        "ours, keys wrapped": lambda: _read_sealed(engine, Vault(ring)),
        "AesEngine": lambda: _read_plainly(engine, THEIRS["AesEngine"]),
        "AesGcmEngine": lambda: _read_plainly(engine, THEIRS["AesGcmEngine"]),
        "FernetEngine": lambda: _read_plainly(engine, THEIRS["FernetEngine"]),
    }
    took = in_turn(calls, 1)
    medians = {name: statistics.median(each) / ROWS for name, each in took.items()}
    best = min(THEIRS, key=lambda name: medians[name])
    say(
        "row-of-8",
        ratio(took["ours"], took["plain"]),
        "times a plain ORM row, keys open",
        "<= 3.5",
        microseconds_a_row={name: round(each, 1) for name, each in medians.items()},
        keys_wrapped=round(ratio(took["ours, keys wrapped"], took["plain"]), 2),
        how=HOW,
    )
    say(
        "row-of-8-against-sqlalchemy-utils",
        ratio(took[best], took["ours"]),
        f"times faster than the fastest of sqlalchemy-utils' encrypted types ({best})",
        ">= 3",
        others={name: round(ratio(took[name], took["ours"]), 2) for name in THEIRS},
        how=HOW,
    )


def _database(folder: Path) -> sa.Engine:
    engine = db.connect(f"sqlite:///{folder / 'rows.db'}")
    for table in Base.metadata.tables.values():
        table.dialect_options["sqlite"]["strict"] = False  # their types are VARCHAR
    Base.metadata.create_all(engine)
    for needed in (SealingKey, DataKey, RegisterInfo):
        needed.__table__.create(engine)  # type: ignore[union-attr]
    return engine


def _read_plainly(engine: sa.Engine, table: Any) -> None:
    with Session(engine) as session:
        for row in session.scalars(sa.select(table)):
            values = [getattr(row, field) for field in NAMES]
            assert values[0] == TEXT


def _read_sealed(engine: sa.Engine, vault: Vault) -> None:
    with Session(engine) as session:
        found = session.scalars(sa.select(SealedRow)).all()
        vault.prepare(session, [row.subject_id for row in found])
        for row in found:
            assert _open(vault, session, row)[0] == TEXT


def _open(vault: Vault, session: Session, row: Any) -> list[str]:
    key = vault.key(session, row.subject_id)
    shared = case_keys.row(row.id, row.subject_id, row.sealed_revision, key.head)
    return [key.open(getattr(row, field), prefix + shared).decode() for field, prefix in PREFIXES]


def _fill(engine: sa.Engine, vault: Vault, ring: Ring) -> None:
    with Session(engine) as session:
        session.add(first_key(ring, SystemClock().now()))
        session.flush()
        for _ in range(ROWS):
            row_id, case = new_id(), new_id()
            start = {"id": row_id, "subject_id": case, "sealed_revision": 1}
            for table in (Plain, *THEIRS.values()):
                session.add(table(**start, **dict.fromkeys(NAMES, TEXT)))
            key = vault.sealing_key(session, case)
            shared = case_keys.row(row_id, case, 1, key.head)
            sealed = {
                field: key.seal(VALUE, case_keys.column("sealed", field) + shared)
                for field in NAMES
            }
            session.add(SealedRow(**start, **sealed))
        session.commit()
