"""The check of the audit log's seals: trees, checkpoints, what waits, and where checkpoints go."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from cdop.config import Settings
from cdop.doctor.checks import OK, SKIPPED, WRONG, Check
from cdop.errors import CdopError, Unsafe
from cdop.registers import open_register
from cdop.security.actor import system
from cdop.security.audit import delivering, exporting, lines, proving, sealer
from cdop.security.audit.checkpoints import Verifier, notes_in
from cdop.security.audit.merkle import Frontier
from cdop.security.audit.models import AuditCheckpoint, AuditLeaf, Unsealed
from cdop.security.audit.verifying import verify
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work

NAME = "audit seals"
LATEST = 500
_MEND = "keep what there is; hold an export to checkpoints from outside: cdop audit verify"
_SEAL = "find out why nothing seals: cdop audit seal; a serving register does it every second"
_SINK = "mend the sink; what it lacks is delivered by itself, and by: cdop audit seal"


def check(settings: Settings, thorough: bool) -> Check:
    """Hold the log to its trees and checkpoints: the newest lines, or all of them."""
    try:
        register = open_register(settings)
    except CdopError:
        return Check(NAME, SKIPPED, "the register cannot be opened")
    try:
        faults = list(_all_faults(register)) if thorough else list(_newest_faults(register))
        with register.reading(system("doctor")) as work:
            waits = sealer.waiting(work)
            sinks = delivering.standings(work, settings)
            sealed = sum(each.size for each in proving.newest(work))
    finally:
        register.engine.dispose()
    if faults:
        return Check(NAME, WRONG, "; ".join(faults), _MEND)
    if waits.is_late(datetime.now(UTC)):
        return Check(NAME, WRONG, f"{waits.lines:,} lines wait to be sealed", _SEAL)
    if failing := [each.name for each in sinks if each.is_failing]:
        return Check(NAME, WRONG, f"checkpoints do not reach {', '.join(failing)}", _SINK)
    sent = f"to {len(sinks)} sinks" if sinks else "but no sink is set: they stay on this machine"
    return Check(NAME, OK, f"{sealed:,} lines are sealed; their checkpoints go {sent}")


def _newest_faults(register: Register) -> Iterator[str]:
    with register.reading(system("doctor"), one_moment=True) as work:
        verifier = exporting.signer(work).verifier
        for last in proving.newest(work):
            if not _is_as_signed(work, verifier, last):
                yield f"the tree {last.tree} is not as it was signed last"
        if astray := _astray(work):
            yield f"{astray:,} lines were put in or taken out past the register"
        if changed := sum(_is_changed(work)):
            yield f"{changed:,} of the latest {LATEST} lines are not as they were sealed"


def _is_as_signed(work: Work, verifier: Verifier, last: AuditCheckpoint) -> bool:
    try:
        signed, edge = verifier.open(last.note), Frontier.decode(last.size, last.frontier)
    except (Unsafe, ValueError):
        return False
    query = select(func.max(AuditLeaf.position) + 1).where(AuditLeaf.tree == last.tree)
    leaves = work.session.exec(query).one() or 0
    return signed.size == leaves == last.size and signed.root == edge.root()


def _astray(work: Work) -> int:
    """Return how many lines there are more or fewer than leaves and lines that wait."""
    log, leaves, queue = (
        work.session.exec(select(func.count()).select_from(table)).one()
        for table in (AuditEntry, AuditLeaf, Unsealed)
    )
    return abs(log - leaves - queue)


def _is_changed(work: Work) -> Iterator[bool]:
    query = (
        select(AuditEntry, AuditLeaf.hash)
        .join(AuditLeaf, col(AuditLeaf.entry_id) == AuditEntry.id)
        .order_by(col(AuditEntry.id).desc())
        .limit(LATEST)
    )
    for line, hash in work.session.exec(query):
        yield lines.leaf_of(lines.text_of(line), line.mac) != hash


def _all_faults(register: Register) -> Iterator[str]:
    """Verify everything, held to what the file sink has kept, where there is one."""
    with register.reading(system("doctor")) as work:
        verifier = exporting.signer(work).verifier
    file = register.settings.sending.get("CDOP_AUDIT_FILE")
    try:
        notes = notes_in(Path(file).read_text()) if file else []
    except (OSError, Unsafe):
        notes = []  # a sink that cannot be read is told as one that fails
    report = verify(exporting.records(register, system("doctor")), verifier, notes)
    for fault in report.faults[:5]:
        yield f"{fault.kind}: {fault.what}"
    if len(report.faults) > 5:
        yield f"and {len(report.faults) - 5:,} more"
