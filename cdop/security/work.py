"""A unit of work: one transaction, one actor, one moment; and the register that hands them out.

The only commit of the program is here. A service is a function `verb(work, ...)`. To call one:

    register.do(actor, notify, form)            # with retries, for anything that writes
    with register.work(actor) as work: ...      # for a page that opens sealed values (audited)
    with register.reading(actor) as work: ...   # for a page that opens none
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, SQLModel, select

from cdop.clock import Clock, local_day
from cdop.config import Settings
from cdop.errors import Denied, NotFound, Unsafe
from cdop.security import audit, rollback, walls
from cdop.security.actor import Actor
from cdop.security.sealing import Sealed, sealed_columns
from cdop.security.sections import Section
from cdop.security.vault import KeyChanged, Vault, place_of

log = logging.getLogger("cdop")

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D", bound=BaseModel)

_TRIES = 5
_WITHIN = "within whose reach"
_RETRIED_STATES = {"40001", "40P01"}


@dataclass(frozen=True, eq=False)
class Work:
    """One unit of work. Services take it as their first argument and never commit.

    `lines` are the audit lines that are written before it ends.
    """

    session: Session
    actor: Actor
    now: datetime
    vault: Vault
    lines: list[audit.Said] = field(default_factory=list)

    @property
    def today(self) -> date:
        """Return the day in England at which the work is done."""
        return local_day(self.now)

    def check(
        self, permission: str, organisation_id: UUID | None = None, case_id: UUID | None = None
    ) -> None:
        """Raise Denied unless the actor holds `permission` (at that organisation, or the case)."""
        self.actor.check(permission, organisation_id, case_id)

    def audit(
        self,
        action: str,
        subject: tuple[str, UUID] | None = None,
        organisation_id: UUID | None = None,
        case: UUID | None = None,
        **detail: Any,
    ) -> None:
        """Have an audit line written in this transaction, at its end with all its others.

        See `cdop.security.audit.said`.
        """
        line = audit.said(
            self.actor,
            self.now,
            action,
            subject=subject,
            case=case,
            organisation_id=organisation_id,
            **detail,
        )
        self.lines.append(line)

    @contextmanager
    def beyond(self, why: str) -> Iterator[None]:
        """Go beyond the actor's reach for a named step between panels, with an audit line.

        For a step that shows the actor nothing of what lies there: one NHS number at two panels,
        a referral from a panel to a group. On PostgreSQL nothing else lets a row through: see
        `cdop.security.walls`. An error within ends the unit of work.
        """
        self.audit("register:reach:pass", why=why)
        self.session.flush()
        walls.go_everywhere(self.session.connection())
        yield
        self.session.flush()
        walls.enter(self.session.connection(), self.session.info[_WITHIN])

    def seal(self, row: Sealed, documents: dict[Section[Any], BaseModel]) -> None:
        """Seal documents into a row's columns under the next revision.

        The row's other sealed columns are sealed again under the same revision, without being
        shown to anyone, so that no older value of any column can be put back unnoticed.
        """
        # From here on nobody else gives the case another key.
        self.vault.sealing_key(self.session, row.subject_id)
        kept = self._kept(row, {section.column for section in documents})
        row.sealed_revision += 1
        for column, text in kept.items():
            setattr(row, column, self.vault.seal_bytes(self.session, place_of(row, column), text))
        for section, document in documents.items():
            place = place_of(row, section.column)
            setattr(row, section.column, self.vault.seal(self.session, place, document))
        self.note_sealed(row)

    def note_sealed(self, row: Sealed) -> None:
        """Write the audit line by which a whole row that is put back from earlier is found."""
        self.audit(
            rollback.SEALED,
            (str(row.__tablename__), row.id),
            row.organisation_id,
            row.subject_id,
            revision=row.sealed_revision,
            digest=rollback.digest(self.vault.ring, row),
        )

    def _kept(self, row: Sealed, written: set[str]) -> dict[str, bytes]:
        """Open the columns that are not written anew; read the row again when it was resealed."""
        columns = [name for name in sealed_columns(type(row)) if name not in written]
        try:
            return self._texts(row, columns)
        except KeyChanged:
            self._read_again(row)
            return self._texts(row, columns)

    def _texts(self, row: Sealed, columns: list[str]) -> dict[str, bytes]:
        return {
            name: self.vault.open_bytes(self.session, place_of(row, name), value)
            for name in columns
            if (value := getattr(row, name)) is not None
        }

    def _read_again(self, row: Sealed) -> None:
        self.session.refresh(row, [*sealed_columns(type(row)), "sealed_revision"])

    def open(
        self, row: Sealed, section: Section[D], *, why: str = "read", at: UUID | None = None
    ) -> D:
        """Open one sealed section of a row: asks permission, and writes the audit line.

        `at` is the organisation asked, where it is not the row's own: the board that decides.
        Raises Denied without the section's permission there, Unsafe when the value was tampered
        with, and returns an empty document when nothing was ever sealed.
        """
        self.check(section.permission, at or row.organisation_id, row.subject_id)
        self.audit(
            section.permission,
            (str(row.__tablename__), row.id),
            row.organisation_id,
            row.subject_id,
            section=section.column,
            why=why,
        )
        return self.open_within(row, section)

    def open_within(self, row: Sealed, section: Section[D]) -> D:
        """Open a section for a rule that shows it to nobody (a match, a derivation).

        The caller writes the audit line of what it does with the answer.
        """
        try:
            return self._opened(row, section)
        except KeyChanged:  # the row was read before its case was given another key
            self._read_again(row)
            return self._opened(row, section)

    def _opened(self, row: Sealed, section: Section[D]) -> D:
        sealed = getattr(row, section.column)
        if sealed is None:
            return section.document()
        place = place_of(row, section.column)
        return self.vault.open(self.session, place, sealed, section.document)


class _Reading(Session):
    """A session that refuses to write."""


class Register:
    """An open register: its settings, database, keys and clock."""

    def __init__(self, settings: Settings, engine: Engine, vault: Vault, clock: Clock) -> None:
        self.settings = settings
        self.engine = engine
        self.vault = vault
        self.clock = clock
        self._writing = engine.execution_options(writes=True)
        self._reading = engine.execution_options(reads=True, postgresql_readonly=True)
        # SQLite's transactions are like that by themselves.
        level = {} if settings.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._at_one_moment = self._reading.execution_options(**level)

    @contextmanager
    def work(self, actor: Actor) -> Iterator[Work]:
        """Open a unit of work that may write: commits at its end, rolls back on any error.

        A denial is recorded in a transaction of its own, so that it outlives the rollback.
        """
        session = Session(self._writing, expire_on_commit=False)
        try:
            with session, session.begin():
                self._enter(session, actor)
                work = Work(session, actor, self.clock.now(), self.vault)
                yield work
                if work.lines:
                    audit.write(session, self.vault.ring, work.lines)
        except (Denied, NotFound, Unsafe) as error:
            self._record(actor, error)
            raise

    @contextmanager
    def reading(self, actor: Actor, *, one_moment: bool = False) -> Iterator[Work]:
        """Open a unit of work that cannot write; what it reads needs no audit line.

        With `one_moment` all its queries see the register as it stood at the first of them.
        """
        engine = self._at_one_moment if one_moment else self._reading
        session = _Reading(engine, autoflush=False, expire_on_commit=False)
        try:
            with session, session.begin():
                self._enter(session, actor)
                work = Work(session, actor, self.clock.now(), self.vault)
                yield work
                if work.lines:
                    _refuse_flush()
        except (Denied, NotFound) as error:
            self._record(actor, error)
            raise

    @contextmanager
    def glancing(self) -> Iterator[Connection]:
        """Read rows of tables without a wall, for nobody yet: who asks, at every request.

        Less than half the cost of `reading`. On PostgreSQL no other row is seen.
        """
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def do(
        self,
        actor: Actor,
        service: Callable[Concatenate[Work, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run one service in a unit of work, again when the database asks for it.

        A unique constraint that another writer won, a sealed row that another writer sealed
        meanwhile, a deadlock or a failed serialisation starts the whole unit again, which then
        sees what the other wrote.
        """

        def once() -> R:
            with self.work(actor) as work:
                return service(work, *args, **kwargs)

        for _ in range(_TRIES - 1):
            try:
                return once()
            except (DBAPIError, StaleDataError) as error:
                if not _is_passing(error):
                    raise
        return once()

    def check(self, actor: Actor, permission: str) -> None:
        """Raise Denied, and keep it, unless the actor holds a permission somewhere."""
        try:
            actor.check(permission)
        except Denied as error:
            self._record(actor, error)
            raise

    @staticmethod
    def _enter(session: Session, actor: Actor) -> None:
        """Raise the walls for a unit of work, which may act for several people in turn."""
        session.info[_WITHIN] = actor
        walls.enter(session.connection(), actor)

    def _record(self, actor: Actor, error: Denied | NotFound | Unsafe) -> None:
        """Keep a denial, or a value that did not open, in a transaction of its own."""
        with Session(self._writing) as session, session.begin():
            line = partial(audit.record, session, self.vault.ring, actor, self.clock.now())
            match error:
                case Denied():
                    line(error.permission, outcome="denied")
                case Unsafe():
                    line("register:record:open", outcome="failed")
                case NotFound(sought=(table, id)):
                    # One look and one line whether out of reach or absent: the answer must not
                    # take longer for a record that exists.
                    at = _organisation_of(session, table, id)
                    line(
                        error.permission,
                        subject=(table, id),
                        organisation_id=at,
                        outcome="denied" if at else "failed",
                    )


def _organisation_of(session: Session, table: str, id: UUID) -> UUID | None:
    walls.go_everywhere(session.connection())
    columns = SQLModel.metadata.tables[table].c
    return session.execute(select(columns.organisation_id).where(columns.id == id)).scalar()


def _is_passing(error: DBAPIError | StaleDataError) -> bool:
    if isinstance(error, StaleDataError):
        return True
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, IntegrityError) or state in _RETRIED_STATES


def _refuse_flush(*_: object) -> None:
    raise RuntimeError("a reading unit of work tried to write")


event.listen(_Reading, "before_flush", _refuse_flush)
