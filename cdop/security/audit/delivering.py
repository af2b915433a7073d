"""Bringing checkpoints to the sinks. What a sink does not take is kept and brought again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from cdop.config import Settings
from cdop.security.audit import sinks
from cdop.security.audit.models import AuditCheckpoint, Delivery, SinkState
from cdop.security.audit.sealer import SEALER
from cdop.security.audit.sinks import Sink
from cdop.security.work import Register, Work

RETRY = timedelta(minutes=1)
FAIL, RECOVER = "audit:sink:fail", "audit:sink:recover"
_AT_ONCE = 500


@dataclass(frozen=True)
class Standing:
    """How a sink does. `behind` counts the trees of which it lacks the newest checkpoint."""

    name: str
    behind: int
    state: SinkState | None

    @property
    def is_failing(self) -> bool:
        """Say whether it did not take what it was sent last."""
        return self.state is not None and self.state.failing_since is not None


def deliver(register: Register) -> None:
    """Bring each sink what it lacks, where it is due. A sink that fails holds up no other."""
    for sink in sinks.configured(register.settings.sending):
        while _deliver_to(register, sink):
            pass


def standings(work: Work, settings: Settings) -> list[Standing]:
    """Return how each configured sink does. Raises Misconfigured."""
    return [
        Standing(sink.name, _behind(work, sink), _state(work, sink))
        for sink in sinks.configured(settings.sending)
    ]


def trees(work: Work) -> Iterator[UUID]:
    """Yield the trees there are, in order: one step of an index for each."""
    query = select(AuditCheckpoint.tree).order_by(col(AuditCheckpoint.tree)).limit(1)
    found = work.session.exec(query).first()
    while found:
        yield found
        found = work.session.exec(query.where(col(AuditCheckpoint.tree) > found)).first()


def _deliver_to(register: Register, sink: Sink) -> bool:
    """Bring a sink some of what it lacks. Says whether there may be more."""
    with register.reading(SEALER) as work:
        rows = _lacking(work, sink) if _is_due(_state(work, sink), sink, work) else []
    if not rows or not register.do(SEALER, _claim, sink):
        return False
    try:
        sink.send([row.note for row in rows])
    except OSError as error:  # smtplib's own are OSErrors too
        register.do(SEALER, _failed, sink, type(error).__name__)
        return False
    register.do(SEALER, _taken, sink, rows)
    return len(rows) == _AT_ONCE


def _is_due(state: SinkState | None, sink: Sink, work: Work) -> bool:
    if state is None:
        return True
    return work.now - state.tried_at >= (RETRY if state.failing_since else sink.every)


def _lacking(work: Work, sink: Sink) -> list[AuditCheckpoint]:
    there = _there(work, sink)
    found: list[AuditCheckpoint] = []
    for tree in trees(work):
        size = col(AuditCheckpoint.size)
        newer = select(AuditCheckpoint).where(
            AuditCheckpoint.tree == tree, size > there.get(tree, 0)
        )
        ordered = newer.order_by(size.desc() if sink.newest else size)
        found += work.session.exec(ordered.limit(1 if sink.newest else _AT_ONCE - len(found)))
        if len(found) == _AT_ONCE:
            break
    return found


def _behind(work: Work, sink: Sink) -> int:
    there = _there(work, sink)
    newest = {
        tree: work.session.exec(
            select(func.max(AuditCheckpoint.size)).where(AuditCheckpoint.tree == tree)
        ).one()
        for tree in trees(work)
    }
    return sum(size > there.get(tree, 0) for tree, size in newest.items())


def _there(work: Work, sink: Sink) -> dict[UUID, int]:
    """Return up to which size a sink has each tree."""
    query = select(Delivery.tree, Delivery.size).where(Delivery.sink == sink.name)
    return dict(work.session.exec(query).all())


def _state(work: Work, sink: Sink) -> SinkState | None:
    return work.session.get(SinkState, sink.name)


def _claim(work: Work, sink: Sink) -> bool:
    """Note the attempt before it is made, so that two servers do not make it both."""
    state = work.session.get(SinkState, sink.name, with_for_update=True)
    if not _is_due(state, sink, work):
        return False
    if state is None:
        state = SinkState(sink=sink.name, tried_at=work.now)
        work.session.add(state)
    state.tried_at = work.now
    return True


def _failed(work: Work, sink: Sink, error: str) -> None:
    state = work.session.get_one(SinkState, sink.name)
    if state.failing_since is None:
        state.failing_since = work.now
        work.audit(FAIL, sink=sink.name.partition(" ")[0], error=error)
    state.error = error


def _taken(work: Work, sink: Sink, rows: Sequence[AuditCheckpoint]) -> None:
    state = work.session.get_one(SinkState, sink.name)
    if state.failing_since is not None:
        work.audit(RECOVER, sink=sink.name.partition(" ")[0])
    state.failing_since, state.error = None, ""
    for row in rows:
        delivery = work.session.get(Delivery, (sink.name, row.tree))
        if delivery is None:
            delivery = Delivery(sink=sink.name, tree=row.tree, size=row.size, at=work.now)
            work.session.add(delivery)
        delivery.size, delivery.at = max(delivery.size, row.size), work.now
