"""What a table with sealed columns looks like.

A row belongs to a subject (the case whose key seals it) and an organisation (whose people may see
it). All sealed columns of a row share one revision: sealing one again seals all of them again.
A change of a row that somebody else sealed meanwhile fails (`StaleDataError`), and is tried again.
"""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Key, Number, new_id

ERASED = b"\x00"
"""Stands in a sealed column in place of what was erased. No sealed value begins so."""


class Sealed(SQLModel):
    """Mixin for a table with sealed columns."""

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    subject_id: UUID = Field(sa_type=Key, index=True)
    organisation_id: UUID = Field(sa_type=Key)
    sealed_revision: int = Field(default=0, sa_type=Number)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.sealed_revision, "version_id_generator": False}


def sealed_column() -> Any:
    """Declare a sealed column; null until something is sealed in it."""
    return Field(default=None, sa_type=Bytes)


@cache
def sealed_columns(table: type[Sealed]) -> tuple[str, ...]:
    """Return the names of a table's sealed columns: all its binary ones."""
    return tuple(c.name for c in table.__table__.columns if c.type.python_type is bytes)  # type: ignore[attr-defined]


def sealed_tables() -> list[type[Sealed]]:
    """Return every table with sealed columns that is loaded (`cdop.schema` loads all), by name."""
    return sorted(Sealed.__subclasses__(), key=lambda table: str(table.__tablename__))
