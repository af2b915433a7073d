"""The sealer: puts lines into the tree of their organisation, and signs a checkpoint of each tree.

It follows the lines and holds nobody up. One process seals at a time: a row is locked while it
does, and a lease says which of several servers goes on. Lines, leaves, checkpoint and the end of
their waiting are one transaction, so that it may be killed at any moment.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, or_, update
from sqlmodel import col, select

from cdop.db import Key, Moment
from cdop.security.actor import system
from cdop.security.audit import lines
from cdop.security.audit.checkpoints import Checkpoint, origin_of, signer_of
from cdop.security.audit.merkle import Frontier
from cdop.security.audit.models import (
    NO_ORGANISATION,
    AuditCheckpoint,
    AuditLeaf,
    SealerLease,
    Unsealed,
)
from cdop.security.models import AuditEntry, RegisterInfo
from cdop.security.work import Register, Work

BATCH = 1000
LEASE = timedelta(seconds=15)
LATE = timedelta(minutes=5)
SEALER = system("sealer", sees_cases=False)
DOUBT = "audit:line:doubt"
_NAMED = 5

_COLUMNS = AuditEntry.__table__.columns  # type: ignore[attr-defined]


# Asked every second: built once, and no entities are made of their rows.
_ANY = select(Unsealed.entry_id).limit(1)
_OLDEST = (
    select(*_COLUMNS)
    .join(Unsealed, col(Unsealed.entry_id) == AuditEntry.id)
    .order_by(col(AuditEntry.id))
)
_REGISTER = select(RegisterInfo.id)
_LOCK = update(SealerLease).where(col(SealerLease.id) == 1).values(holder=SealerLease.holder)
_TAKE = (
    update(SealerLease)
    .where(
        or_(
            col(SealerLease.holder) == bindparam("asks"),
            col(SealerLease.until) <= bindparam("now", type_=Moment),
        )
    )
    .values(holder=bindparam("asks"), until=bindparam("then", type_=Moment))
)
_TREE = bindparam("tree", type_=Key)
_NEWEST = (
    select(col(AuditCheckpoint.size), col(AuditCheckpoint.frontier))
    .where(col(AuditCheckpoint.tree) == _TREE)
    .order_by(col(AuditCheckpoint.size).desc())
    .limit(1)
)
_LEAVES = select(func.max(AuditLeaf.position) + 1).where(col(AuditLeaf.tree) == _TREE)
_ADD_LEAF, _ADD_CHECKPOINT = insert(AuditLeaf), insert(AuditCheckpoint)
_WAIT_NO_MORE = delete(Unsealed).where(
    col(Unsealed.entry_id).in_(
        select(AuditLeaf.entry_id).where(
            col(AuditLeaf.tree) == _TREE, col(AuditLeaf.position) >= bindparam("before")
        )
    )
)


@dataclass(frozen=True)
class Waiting:
    """How many lines are in no tree yet, and since when the oldest of them waits."""

    lines: int
    since: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Say whether a line waits for so long that nothing seals. `now` is the machine's time."""
        return self.since is not None and now - self.since > LATE


def seal(register: Register, holder: str | None = None) -> int:
    """Seal all that waits. Returns how many lines that were; 0 when another holds the lease.

    `holder` names a server, which seals under the lease. A command gives none: it seals whoever
    holds the lease, after them, and does not take it away.
    """
    done = 0
    while _is_needed(register):
        count = register.do(SEALER, _seal_batch, holder)
        done += count
        if count < BATCH:
            break
    return done


def waiting(work: Work) -> Waiting:
    """Return what waits to be sealed."""
    query = select(func.count(), func.min(AuditEntry.recorded_at)).join(
        Unsealed, col(Unsealed.entry_id) == AuditEntry.id
    )
    return Waiting(*work.session.exec(query).one())


def _is_needed(register: Register) -> bool:
    """Look without writing: an idle register is left idle."""
    with register.reading(SEALER) as work:
        return work.session.connection().execute(_ANY).first() is not None


def _seal_batch(work: Work, holder: str | None) -> int:
    if not _may_seal(work, holder):
        return 0
    by_tree: defaultdict[UUID, list[tuple[UUID, bytes]]] = defaultdict(list)
    doubtful = []
    for row in work.session.connection().execute(_OLDEST.limit(BATCH)):
        text = lines.text_of(row)
        if lines.mac(work.vault.ring, text) != row.mac:
            doubtful.append(row)
        leaf = (row.id, lines.leaf_of(text, row.mac))
        by_tree[row.organisation_id or NO_ORGANISATION].append(leaf)
    register_id = work.session.connection().execute(_REGISTER).scalar_one()
    sealed = [tree for tree in sorted(by_tree) if _extend(work, register_id, tree, by_tree[tree])]
    told = [row for row in doubtful if (row.organisation_id or NO_ORGANISATION) in sealed]
    if told:
        _tell(work, told)
    return sum(len(by_tree[tree]) for tree in sealed)


def _may_seal(work: Work, holder: str | None) -> bool:
    """Lock the lease, and take it up or go on with it. Says no while another server has it."""
    connection = work.session.connection()
    values = {"asks": holder, "now": work.now, "then": work.now + LEASE}
    if connection.execute(_LOCK if holder is None else _TAKE, values).rowcount:
        return True
    if connection.execute(select(SealerLease.id)).first():
        return False
    # The first time of all. A second one at the same time waits here, fails and begins again.
    until = work.now if holder is None else values["then"]
    connection.execute(insert(SealerLease).values(id=1, holder=holder or "", until=until))
    return True


def _extend(work: Work, register_id: UUID, tree: UUID, added: list[tuple[UUID, bytes]]) -> bool:
    """Add leaves to a tree, sign it, and let its lines wait no more.

    Says no when the tree is not as its checkpoint left it: it was changed past the register.
    Nothing more is signed over it, and its lines go on waiting.
    """
    connection = work.session.connection()
    last = connection.execute(_NEWEST, {"tree": tree}).first()
    edge = Frontier.decode(last.size, last.frontier) if last else Frontier()
    if (connection.execute(_LEAVES, {"tree": tree}).scalar_one() or 0) != edge.size:
        return False
    before = edge.size
    leaves = []
    for entry_id, hash in added:
        leaves.append({"tree": tree, "position": edge.size, "entry_id": entry_id, "hash": hash})
        edge.append(hash)
    connection.execute(_ADD_LEAF, leaves)
    connection.execute(_WAIT_NO_MORE, {"tree": tree, "before": before})
    at = datetime.now(UTC)
    checkpoint = Checkpoint(origin_of(register_id, tree), edge.size, edge.root(), at)
    note = signer_of(work.vault.ring, register_id).note(checkpoint)
    values = {"tree": tree, "size": edge.size, "at": at, "frontier": edge.encode(), "note": note}
    connection.execute(_ADD_CHECKPOINT, values)
    return True


def _tell(work: Work, doubtful: list[Row[Any]]) -> None:
    """Write a line about lines that this register did not write, or not so."""
    lines.record(
        work.session,
        work.vault.ring,
        work.actor,
        work.now,
        DOUBT,
        outcome="failed",
        lines=len(doubtful),
        without_code=sum(not row.mac for row in doubtful),
        first=[str(row.id) for row in doubtful[:_NAMED]],
    )
