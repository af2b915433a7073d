"""Short proofs: that one line is in a tree, and that a tree only grew between two checkpoints.

A proof is a small JSON document for someone who is shown one line, not the log. Checking one needs
the public key alone.
"""

from typing import Any
from uuid import UUID

from sqlmodel import col, select

from cdop.errors import NotFound, Refused, Unsafe
from cdop.security.audit import lines, merkle
from cdop.security.audit.checkpoints import Checkpoint, Verifier
from cdop.security.audit.delivering import trees
from cdop.security.audit.exporting import signer
from cdop.security.audit.models import NO_ORGANISATION, AuditCheckpoint, AuditLeaf
from cdop.security.audit.scope import READ, reach
from cdop.security.models import AuditEntry
from cdop.security.work import Work

PROVE = "audit:log:prove"
FORMAT = 1


def newest(work: Work, tree: UUID | None = None) -> list[AuditCheckpoint]:
    """Return the newest checkpoint of each tree that the actor may audit, or of one."""
    work.check(READ)
    reached = reach(work.actor)
    wanted = [tree] if tree else trees(work)
    found = (_newest(work, each) for each in wanted if reached is None or each in reached)
    return [each for each in found if each]


def _newest(work: Work, tree: UUID) -> AuditCheckpoint | None:
    query = select(AuditCheckpoint).where(AuditCheckpoint.tree == tree)
    return work.session.exec(query.order_by(col(AuditCheckpoint.size).desc()).limit(1)).first()


def prove_inclusion(work: Work, entry_id: UUID) -> dict[str, Any]:
    """Return the proof that a line is in its tree, which is audited.

    Raises NotFound for a line that is not there or out of reach, Refused for one not sealed yet.
    """
    work.check(READ)
    line = work.session.get(AuditEntry, entry_id)
    reached = reach(work.actor)
    if line is None or (reached is not None and line.organisation_id not in reached):
        raise NotFound
    leaf = work.session.exec(select(AuditLeaf).where(AuditLeaf.entry_id == entry_id)).first()
    if leaf is None:
        raise Refused("This line is not sealed yet. Seal it with: cdop audit seal")
    (last,) = newest(work, leaf.tree)
    path = merkle.inclusion(_leaves(work, leaf.tree, last.size), leaf.position)
    work.audit(PROVE, ("audit_log", entry_id), line.organisation_id)
    return {
        "kind": "inclusion",
        "format": FORMAT,
        "line": lines.content(line),
        "position": leaf.position,
        "path": [hash.hex() for hash in path],
        "note": last.note,
    }


def prove_growth(work: Work, old_note: str) -> dict[str, Any]:
    """Return the proof that a tree still begins as it was at an earlier checkpoint, audited.

    Raises Unsafe for a checkpoint that is not this register's, and Refused when the tree is shorter
    now than it was then.
    """
    work.check(READ)
    old = signer(work).verifier.open(old_note)
    tree = UUID(old.origin.rpartition("/")[2])
    found = newest(work, tree)
    if not found:
        raise NotFound
    if found[0].size < old.size:
        raise Refused("The log is shorter now than that checkpoint says: lines were cut off.")
    path = merkle.consistency(_leaves(work, tree, found[0].size), old.size)
    work.audit(PROVE, None, None if tree == NO_ORGANISATION else tree)
    return {
        "kind": "consistency",
        "format": FORMAT,
        "path": [hash.hex() for hash in path],
        "old": old_note,
        "note": found[0].note,
    }


def check(proof: dict[str, Any], verifier: Verifier) -> Checkpoint:
    """Return the checkpoint for which a proof holds. Raises Unsafe when it does not hold."""
    try:
        new = verifier.open(proof["note"])
        path = [bytes.fromhex(text) for text in proof["path"]]
        if proof["kind"] == "inclusion":
            leaf = lines.leaf_of_content(proof["line"])
            holds = merkle.includes(leaf, int(proof["position"]), new.size, path, new.root)
        else:
            old = verifier.open(proof["old"])
            holds = old.origin == new.origin and merkle.continues(
                old.size, new.size, old.root, new.root, path
            )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Unsafe("This is not a proof in the form that is read here.") from None
    if not holds:
        raise Unsafe("The proof does not hold: what it shows is not what was signed.")
    return new


def _leaves(work: Work, tree: UUID, size: int) -> list[bytes]:
    query = select(AuditLeaf.hash).where(AuditLeaf.tree == tree, col(AuditLeaf.position) < size)
    return list(work.session.exec(query.order_by(col(AuditLeaf.position))))
