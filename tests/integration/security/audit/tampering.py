"""What someone can do who has the database: as PostgreSQL's superuser, or with the file itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from cdop import db
from cdop.security.audit import lines
from cdop.security.audit.checkpoints import Checkpoint, origin_of, signer_of
from cdop.security.audit.merkle import Frontier
from cdop.security.audit.models import AuditCheckpoint, AuditLeaf
from cdop.security.models import AuditEntry, RegisterInfo
from cdop.security.work import Register


@contextmanager
def past_every_trigger(register: Register) -> Iterator[Session]:
    """Open a session that no trigger and no right holds back. Afterwards all stand as before."""
    url = sa.make_url(register.settings.database_url)
    if not register.settings.is_sqlite:
        url = url.set(username="postgres")
    engine = db.connect(url.render_as_string(hide_password=False))
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        triggers = _drop_triggers(session) if register.settings.is_sqlite else []
        if not register.settings.is_sqlite:
            session.execute(sa.text("SET session_replication_role = replica"))
        yield session
        session.flush()
        for text in triggers:
            session.connection().exec_driver_sql(text)
    engine.dispose()


def _drop_triggers(session: Session) -> list[str]:
    connection = session.connection()
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    found = connection.exec_driver_sql(query).all()
    for name, _ in found:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    return [text for _, text in found]


def leaves(session: Session, tree: UUID) -> list[AuditLeaf]:
    query = select(AuditLeaf).where(col(AuditLeaf.tree) == tree).order_by(col(AuditLeaf.position))
    return list(session.exec(query))


def put_leaves(session: Session, tree: UUID, wanted: list[tuple[UUID, bytes]]) -> None:
    """Give a tree other leaves, numbered as if they had always been there."""
    session.execute(sa.delete(AuditLeaf).where(col(AuditLeaf.tree) == tree))
    session.flush()
    for position, (entry_id, hash) in enumerate(wanted):
        session.execute(
            sa.insert(AuditLeaf).values(tree=tree, position=position, entry_id=entry_id, hash=hash)
        )


def leaf_now(session: Session, entry_id: UUID) -> bytes:
    """Return the leaf of a line as it stands now."""
    session.expire_all()
    line = session.get(AuditEntry, entry_id)
    return lines.leaf_of(lines.text_of(line), line.mac)


def forged(register: Register, **values: Any) -> AuditEntry:
    """Return a line that nobody wrote."""
    now = register.clock.now()
    fields = {"at": now, "recorded_at": now, "actor": "somebody", "action": "tests:forged:done"}
    return AuditEntry(**{**fields, "outcome": "done", "mac": b"m" * 32, **values})


def sign_all_anew(session: Session, register: Register, tree: UUID) -> None:
    """Do what only whoever has the key file too can do: sign every checkpoint over what is there.

    The sizes of the checkpoints stay, so that nothing in the register shows it.
    """
    info = session.exec(select(RegisterInfo.id)).one()
    signer, edge = signer_of(register.vault.ring, info), Frontier()
    query = select(AuditCheckpoint).where(col(AuditCheckpoint.tree) == tree)
    by_size = {row.size: row for row in session.exec(query)}
    for leaf in leaves(session, tree):
        edge.append(leaf.hash)
        if row := by_size.get(edge.size):
            made = Checkpoint(origin_of(info, tree), edge.size, edge.root(), row.at)
            row.note, row.frontier = signer.note(made), edge.encode()
            session.add(row)
