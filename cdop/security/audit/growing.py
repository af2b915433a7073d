"""By what the trees are to grow: waiting lines, read and hashed before anything is locked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Row, Text, bindparam, cast, func, type_coerce
from sqlmodel import col, select

from cdop.db import Key, Moment
from cdop.security.audit import lines
from cdop.security.audit.merkle import Frontier
from cdop.security.audit.models import NO_ORGANISATION, AuditCheckpoint, AuditLeaf, Unsealed
from cdop.security.models import AuditEntry
from cdop.security.work import Work


@dataclass
class Growth:
    """What a tree of `before` leaves grows by: each new leaf's entry and hash, in their order.

    `edge` is the tree's edge with them. `doubtful` are the lines among them that this register did
    not write, or not so.
    """

    tree: UUID
    before: int
    edge: Frontier
    leaves: list[tuple[str, bytes]] = field(default_factory=list)
    doubtful: list[Row[Any]] = field(default_factory=list)


def _as_text(column: Column[Any]) -> ColumnElement[Any]:
    """Ask for what a line's text says: to make a UUID or a time of it takes longer than to hash it.

    A time is such a text on SQLite; PostgreSQL gives it as it is.
    """
    if isinstance(column.type, Key):
        return cast(column, Text).label(column.name)
    if isinstance(column.type, Moment):
        return type_coerce(column, Text).label(column.name)
    return column


# Asked every second: built once, and no entities are made of their rows.
_OLDEST = (
    select(*(_as_text(each) for each in AuditEntry.__table__.columns))  # type: ignore[attr-defined]
    .join(Unsealed, col(Unsealed.entry_id) == AuditEntry.id)
    .order_by(col(AuditEntry.id))
    .limit(bindparam("most"))
)
_TREE = bindparam("tree", type_=Key)
_NEWEST = (
    select(col(AuditCheckpoint.size), col(AuditCheckpoint.frontier))
    .where(col(AuditCheckpoint.tree) == _TREE)
    .order_by(col(AuditCheckpoint.size).desc())
    .limit(1)
)
_LEAVES = select(func.max(AuditLeaf.position) + 1).where(col(AuditLeaf.tree) == _TREE)


def growths(work: Work, most: int) -> list[Growth]:
    """Return what the longest waiting lines, `most` at most, add to their trees.

    A tree that is not as its checkpoint left it was changed past the register. Nothing more is
    signed over it, and its lines go on waiting: it is not among them.
    """
    by_tree = defaultdict(list)
    for line in work.session.connection().execute(_OLDEST, {"most": most}).all():
        by_tree[line.organisation_id].append(line)
    found = (_growth(work, each, waiting) for each, waiting in by_tree.items())
    return [each for each in found if each]


def size(work: Work, tree: UUID) -> int:
    """Return how many leaves a tree has now."""
    return work.session.connection().execute(_LEAVES, {"tree": tree}).scalar_one() or 0


def _growth(work: Work, of: str | None, waiting: Sequence[Row[Any]]) -> Growth | None:
    tree = UUID(of) if of else NO_ORGANISATION
    last = work.session.connection().execute(_NEWEST, {"tree": tree}).first()
    edge = Frontier.decode(last.size, last.frontier) if last else Frontier()
    if size(work, tree) != edge.size:
        return None
    found = Growth(tree, edge.size, edge)
    for line in waiting:
        text = lines.text_of(line)
        if lines.mac(work.vault.ring, text) != line.mac:
            found.doubtful.append(line)
        hash = lines.leaf_of(text, line.mac)
        found.leaves.append((line.id, hash))
        edge.append(hash)
    return found
