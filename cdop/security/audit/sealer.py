"""The sealer: puts lines into the tree of their organisation, and signs a checkpoint of each tree.

It follows the lines and holds nobody up: they are read and hashed before anything is locked. One
process seals at a time: a row is locked while it does, and a lease says which of several servers
goes on. Leaves, checkpoint and the end of the lines' waiting are one transaction, so that it may be
killed at any moment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, or_, text, update
from sqlalchemy.engine import Connection
from sqlmodel import col, select

from cdop.db import Key, Moment
from cdop.security.actor import system
from cdop.security.audit import growing, lines
from cdop.security.audit.checkpoints import Checkpoint, origin_of, signer_of
from cdop.security.audit.growing import Growth
from cdop.security.audit.models import AuditCheckpoint, AuditLeaf, SealerLease, Unsealed
from cdop.security.models import AuditEntry, RegisterInfo
from cdop.security.work import Register, Work

BATCH = 1000
LEASE = timedelta(seconds=15)
LATE = timedelta(minutes=5)
SEALER = system("sealer", sees_cases=False)
DOUBT = "audit:line:doubt"
_NAMED = 5

# Asked every second: built once.
_REGISTER = select(RegisterInfo.id)
_LEASE = select(col(SealerLease.holder), col(SealerLease.until))
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
_ADD_LEAF, _ADD_CHECKPOINT = insert(AuditLeaf), insert(AuditCheckpoint)
# PostgreSQL's way to take many at once: its driver would send a statement for each.
_ADD_LEAVES = text(
    "INSERT INTO audit_leaves (tree, position, entry_id, hash)"
    " SELECT :tree, :before + number - 1, entry_id, hash"
    " FROM unnest(CAST(:entries AS uuid[]), CAST(:hashes AS bytea[]))"
    " WITH ORDINALITY AS added (entry_id, hash, number)"
)
_WAIT_NO_MORE = delete(Unsealed).where(
    col(Unsealed.entry_id).in_(
        select(AuditLeaf.entry_id).where(
            col(AuditLeaf.tree) == bindparam("tree", type_=Key),
            col(AuditLeaf.position) >= bindparam("before"),
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


class _Outrun(Exception):
    """Another has sealed since the lines were read."""


def seal(register: Register, holder: str | None = None) -> int:
    """Seal all that waits. Returns how many lines that were; 0 when another holds the lease.

    `holder` names a server, which seals under the lease. A command gives none: it seals whoever
    holds the lease, after them, and does not take it away.
    """
    done = 0
    while growths := _waiting_growths(register, holder):
        try:
            count = register.do(SEALER, _seal, holder, growths)
        except _Outrun:
            continue
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


def _waiting_growths(register: Register, holder: str | None) -> list[Growth]:
    """Read and hash without writing: nobody waits for it, and an idle register is left idle."""
    with register.reading(SEALER, one_moment=True) as work:
        lease = work.session.connection().execute(_LEASE).first()
        if holder and lease and lease.holder != holder and lease.until > work.now:
            return []
        return growing.growths(work, BATCH)


def _seal(work: Work, holder: str | None, growths: list[Growth]) -> int:
    if not _may_seal(work, holder):
        return 0
    register_id = work.session.connection().execute(_REGISTER).scalar_one()
    for growth in growths:
        _extend(work, register_id, growth)
    if told := [row for growth in growths for row in growth.doubtful]:
        _tell(work, told)
    return sum(len(growth.leaves) for growth in growths)


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


def _extend(work: Work, register_id: UUID, growth: Growth) -> None:
    """Add the leaves to their tree, sign it, and let its lines wait no more."""
    tree, edge = growth.tree, growth.edge
    if growing.size(work, tree) != growth.before:
        raise _Outrun
    connection = work.session.connection()
    _add_leaves(connection, growth)
    connection.execute(_WAIT_NO_MORE, {"tree": tree, "before": growth.before})
    at = datetime.now(UTC)
    checkpoint = Checkpoint(origin_of(register_id, tree), edge.size, edge.root(), at)
    note = signer_of(work.vault.ring, register_id).note(checkpoint)
    values = {"tree": tree, "size": edge.size, "at": at, "frontier": edge.encode(), "note": note}
    connection.execute(_ADD_CHECKPOINT, values)


def _add_leaves(connection: Connection, growth: Growth) -> None:
    if connection.dialect.name == "postgresql":
        entries, hashes = (list(each) for each in zip(*growth.leaves, strict=True))
        values = {"tree": growth.tree, "before": growth.before}
        connection.execute(_ADD_LEAVES, values | {"entries": entries, "hashes": hashes})
        return
    rows = [
        {"tree": growth.tree, "position": position, "entry_id": entry_id, "hash": hash}
        for position, (entry_id, hash) in enumerate(growth.leaves, growth.before)
    ]
    connection.execute(_ADD_LEAF, rows)


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
