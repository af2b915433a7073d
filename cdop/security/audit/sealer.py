"""The sealer: puts lines into the tree of their organisation, and signs a checkpoint of each tree.

It follows the lines and holds nobody up. One process seals at a time: a row is locked while it
does, and a lease says which of several servers goes on. Lines, leaves, checkpoint and the end of
their waiting are one transaction, so that it may be killed at any moment.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert
from sqlmodel import col, select

from cdop.security.actor import system
from cdop.security.audit import lines
from cdop.security.audit.checkpoints import Checkpoint, Signer, origin_of
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
SEALER = system("sealer")
DOUBT = "audit:line:doubt"
_NAMED = 5

_COLUMNS = AuditEntry.__table__.columns  # type: ignore[attr-defined]


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
        return work.session.exec(select(Unsealed.entry_id).limit(1)).first() is not None


def _seal_batch(work: Work, holder: str | None) -> int:
    if not _may_seal(work, holder):
        return 0
    by_tree: defaultdict[UUID, list[tuple[UUID, bytes]]] = defaultdict(list)
    doubtful = []
    for row in _oldest(work):
        text = lines.text_of(row)
        if lines.mac(work.vault.ring, text) != row.mac:
            doubtful.append(row)
        leaf = (row.id, lines.leaf_of(text, row.mac))
        by_tree[row.organisation_id or NO_ORGANISATION].append(leaf)
    register_id = work.session.exec(select(RegisterInfo.id)).one()
    signer = Signer(work.vault.ring, register_id)
    sealed: list[UUID] = []
    for tree in sorted(by_tree):
        if _extend(work, signer, origin_of(register_id, tree), tree, by_tree[tree]):
            sealed += [entry_id for entry_id, _ in by_tree[tree]]
    work.session.execute(delete(Unsealed).where(col(Unsealed.entry_id).in_(sealed)))
    told = [row for row in doubtful if row.id in set(sealed)]
    if told:
        _tell(work, told)
    return len(sealed)


def _may_seal(work: Work, holder: str | None) -> bool:
    """Lock the lease, and take it up or go on with it. Says no while another server has it."""
    lease = work.session.exec(select(SealerLease).with_for_update()).one_or_none()
    if lease is None:
        lease = SealerLease(until=work.now)
        work.session.add(lease)
        work.session.flush()  # a second one at the same time waits here, fails and begins again
    if holder is None:
        return True
    if lease.holder != holder and lease.until > work.now:
        return False
    lease.holder, lease.until = holder, work.now + LEASE
    return True


def _oldest(work: Work) -> Sequence[Row[Any]]:
    query = (
        select(*_COLUMNS)
        .join(Unsealed, col(Unsealed.entry_id) == AuditEntry.id)
        .order_by(col(AuditEntry.id))
        .limit(BATCH)
    )
    return work.session.execute(query).all()


def _extend(
    work: Work, signer: Signer, origin: str, tree: UUID, added: list[tuple[UUID, bytes]]
) -> bool:
    """Add leaves to a tree and sign it. Says no when the tree is not as its checkpoint left it.

    Such a tree was changed past the register: nothing more is signed over it, and its lines wait.
    """
    query = select(AuditCheckpoint).where(AuditCheckpoint.tree == tree)
    last = work.session.exec(query.order_by(col(AuditCheckpoint.size).desc()).limit(1)).first()
    edge = Frontier.decode(last.size, last.frontier) if last else Frontier()
    highest = select(func.max(AuditLeaf.position) + 1).where(AuditLeaf.tree == tree)
    if (work.session.exec(highest).one() or 0) != edge.size:
        return False
    leaves = []
    for entry_id, hash in added:
        leaves.append({"tree": tree, "position": edge.size, "entry_id": entry_id, "hash": hash})
        edge.append(hash)
    work.session.execute(insert(AuditLeaf), leaves)
    at = datetime.now(UTC)
    note = signer.note(Checkpoint(origin, edge.size, edge.root(), at))
    work.session.add(
        AuditCheckpoint(tree=tree, size=edge.size, at=at, frontier=edge.encode(), note=note)
    )
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
