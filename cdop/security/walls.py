"""The second wall behind scope: row-level security of PostgreSQL, on every table with case content.

Every unit of work says where its actor's reach ends, for its own transaction only; the database
then shows and takes no row beyond, whatever a query forgot to ask. Without a word it shows nothing.
The tables' owner is bound like everybody; migrations and backups say that they are everywhere. It
guards against a fault in a query, not against whoever can run statements of their own: they
could say it too. SQLite has no such wall.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, literal
from sqlalchemy.engine import Connection

from cdop.security.actor import Actor, SystemActor

_EVERYWHERE = "(SELECT current_setting('cdop.everywhere', true) = 'on')"


@dataclass(frozen=True)
class Among:
    """A row is within reach when what its column holds is among what a setting says."""

    column: str
    setting: str

    def sql(self, table: str) -> str:
        """Return the condition."""
        # Each SELECT is run once for a query; without it, the setting is parsed anew for each row.
        said = f"(SELECT NULLIF(current_setting('{self.setting}', true), '')::uuid[])"
        return f"{table}.{self.column} = ANY ({said}::uuid[])"


@dataclass(frozen=True)
class Below:
    """A row is within reach when the row above it is, by that table's own wall.

    `subject_kind` is for a column that names rows of several tables.
    """

    parent: str
    column: str
    subject_kind: str = ""

    def sql(self, table: str) -> str:
        """Return the condition."""
        row = f"{table}.{self.column}"
        there = f"EXISTS (SELECT 1 FROM {self.parent} parent WHERE parent.id = {row})"  # noqa: S608 - names of ours
        if not self.subject_kind:
            return there
        return f"({table}.subject_kind = '{self.subject_kind}' AND {there})"


_OWN = Among("organisation_id", "cdop.reach")
_BOARD = Among("board_id", "cdop.reach")
_CASE = Among("subject_id", "cdop.cases")

WALLS: Mapping[str, tuple[Among | Below, ...]] = {
    "deaths": (_OWN, _CASE),
    "notifications": (_OWN, _CASE),
    "death_events": (_OWN, _CASE),
    "index_tokens": (_OWN, _CASE),
    "reviews": (_OWN, _CASE),
    "legal_holds": (_OWN,),
    "rights_requests": (_OWN,),
    "possible_matches": (_OWN,),
    "erasures": (_OWN,),
    "meetings": (_OWN,),
    "referrals": (_OWN, _BOARD),
    # A board's people and its group's both have tasks about one referral.
    "tasks": (_OWN, _CASE, Below("referrals", "subject_id", subject_kind="referrals")),
    "factors": (Below("reviews", "review_id"),),
    "agenda_items": (Below("meetings", "meeting_id"),),
    "attendances": (Below("meetings", "meeting_id"),),
    "rights_records": (Below("rights_requests", "request_id"),),
    "recommendations": (Below("referrals", "referral_id"),),
    "decisions": (Below("referrals", "referral_id"),),
    "case_reviews": (Below("referrals", "referral_id"),),
    "assents": (Below("decisions", "decision_id"),),
}
"""Each table with case content, and the ways in which a row of it is within reach."""

UNWALLED: Mapping[str, str] = {
    "authenticators": "somebody's own second factor: read before anyone has a reach",
    "releases": "a release is proved against those of every panel that counts the same deaths",
    "break_glass": "is read to find out how far somebody reaches",
}
"""Tables with sealed or coded columns that have no wall, and why."""


def condition_of(table: str) -> str:
    """Return the condition under which a row of a walled table is seen, and may be written."""
    return " OR ".join((_EVERYWHERE, *(way.sql(table) for way in WALLS[table])))


def raise_on(connection: Connection) -> None:
    """Raise the walls on all tables there are; raised again, they stand as this version says."""
    if connection.dialect.name != "postgresql":
        return
    there = set(sa.inspect(connection).get_table_names())
    for table in WALLS:
        if table in there:
            condition = condition_of(table)
            for sentence in (
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
                f"DROP POLICY IF EXISTS reach ON {table}",
                f"CREATE POLICY reach ON {table} USING ({condition}) WITH CHECK ({condition})",
            ):
                connection.exec_driver_sql(sentence)


def enter(connection: Connection, actor: Actor) -> None:
    """Say, until the transaction ends, how far an actor reaches."""
    if connection.dialect.name != "postgresql":
        return
    if isinstance(actor, SystemActor):
        _say(connection, everywhere=actor.sees_cases)
        return
    places = {each for grant in actor.grants for each in grant.organisations}
    cases = {each for grant in actor.grants for each in grant.cases}
    _say(connection, reach=places, cases=cases)


def go_everywhere(connection: Connection) -> None:
    """Say, until the transaction ends or `enter` is called, that this work is bound to no place."""
    if connection.dialect.name == "postgresql":
        _say(connection, everywhere=True)


_SAY = sa.select(
    func.set_config("cdop.everywhere", bindparam("everywhere"), literal(True)),
    func.set_config("cdop.reach", bindparam("reach"), literal(True)),
    func.set_config("cdop.cases", bindparam("cases"), literal(True)),
)


def _say(
    connection: Connection,
    *,
    everywhere: bool = False,
    reach: Iterable[UUID] = (),
    cases: Iterable[UUID] = (),
) -> None:
    said = {"everywhere": "on" if everywhere else "", "reach": _array(reach)}
    connection.execute(_SAY, said | {"cases": _array(cases)})


def _array(ids: Iterable[UUID]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"
