"""The second wall behind scope: row-level security of PostgreSQL, on every table with case content.

Every unit of work says where its actor's reach ends, for its own transaction only; the database
then shows and takes no row beyond, whatever a query forgot to ask. Without a word it shows nothing.
The tables' owner is bound like everybody; migrations and backups say that they are everywhere. It
guards against a fault in a query, not against whoever can run statements of their own: they
could say it too. SQLite has no such wall.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, literal
from sqlalchemy.engine import Connection

from cdop.security.actor import Actor, SystemActor

_EVERYWHERE = "(SELECT current_setting('cdop.everywhere', true) = 'on')"


def _among(column: str, setting: str) -> str:
    # Each SELECT is run once for a query; without it, the setting is parsed anew for each row.
    told = f"(SELECT NULLIF(current_setting('{setting}', true), '')::uuid[])"
    return f"{column} = ANY ({told}::uuid[])"


def _own(*more: str) -> str:
    return " OR ".join((_EVERYWHERE, _among("organisation_id", "cdop.reach"), *more))


def _with(parent: str, column: str, *more: str) -> str:
    """Return the condition that the row above it is within reach, by that table's own wall."""
    there = f"EXISTS (SELECT 1 FROM {parent} parent WHERE parent.id = {column})"  # noqa: S608 - names of ours
    return " OR ".join((_EVERYWHERE, *more, there))


_CASE = _among("subject_id", "cdop.cases")
_BOARD = _among("board_id", "cdop.reach")
_REFERRAL = (
    "subject_kind = 'referrals'"
    " AND EXISTS (SELECT 1 FROM referrals parent WHERE parent.id = tasks.subject_id)"
)

WALLS: Mapping[str, str] = {
    "deaths": _own(_CASE),
    "notifications": _own(_CASE),
    "death_events": _own(_CASE),
    "index_tokens": _own(_CASE),
    "reviews": _own(_CASE),
    "legal_holds": _own(),
    "rights_requests": _own(),
    "possible_matches": _own(),
    "erasures": _own(),
    "meetings": _own(),
    "referrals": _own(_BOARD),
    # A board's people and its group's both have tasks about one referral.
    "tasks": _own(_CASE, f"({_REFERRAL})"),
    "factors": _with("reviews", "factors.review_id"),
    "agenda_items": _with("meetings", "agenda_items.meeting_id"),
    "attendances": _with("meetings", "attendances.meeting_id"),
    "rights_records": _with("rights_requests", "rights_records.request_id"),
    "recommendations": _with("referrals", "recommendations.referral_id"),
    "decisions": _with("referrals", "decisions.referral_id"),
    "case_reviews": _with("referrals", "case_reviews.referral_id"),
    "assents": _with("decisions", "assents.decision_id"),
}
"""Each table with case content, and the condition under which a row of it is seen or written."""

UNWALLED: Mapping[str, str] = {
    "authenticators": "somebody's own second factor: read before anyone has a reach",
    "releases": "a release is proved against those of every panel that counts the same deaths",
    "break_glass": "is read to find out how far somebody reaches",
}
"""Tables with sealed or coded columns that have no wall, and why."""


def raise_on(connection: Connection) -> None:
    """Raise the walls on all tables there are; raised again, they stand as this version says."""
    if connection.dialect.name != "postgresql":
        return
    there = set(sa.inspect(connection).get_table_names())
    for table, condition in WALLS.items():
        if table in there:
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
        _say(connection, everywhere="on" if actor.sees_cases else "", reach="", cases="")
        return
    places = {each for grant in actor.grants for each in grant.organisations}
    cases = {each for grant in actor.grants for each in grant.cases}
    _say(connection, everywhere="", reach=_array(places), cases=_array(cases))


def go_everywhere(connection: Connection) -> None:
    """Say, until the transaction ends or `enter` is called, that this work is bound to no place."""
    if connection.dialect.name == "postgresql":
        _say(connection, everywhere="on", reach="", cases="")


_SAY = sa.select(
    func.set_config("cdop.everywhere", bindparam("everywhere"), literal(True)),
    func.set_config("cdop.reach", bindparam("reach"), literal(True)),
    func.set_config("cdop.cases", bindparam("cases"), literal(True)),
)


def _say(connection: Connection, *, everywhere: str, reach: str, cases: str) -> None:
    connection.execute(_SAY, {"everywhere": everywhere, "reach": reach, "cases": cases})


def _array(ids: Iterable[UUID]) -> str:
    return "{" + ",".join(str(each) for each in ids) + "}"
