"""Finding where the person of a request appears: as the child, as a notifier, as a referrer.

Narrow sections of the records in reach are opened and compared in memory; the audit line
says how many records answered, never what was sought. What free text says about somebody is found
by reading it: the copy shows it part by part.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz
from sqlmodel import SQLModel, col, select

from cdop.case_reviews.models import CONCERN, SUBJECT, Referral
from cdop.deaths.documents import (
    IDENTITY,
    NAMES,
    NOTIFIED_IDENTITY,
    NOTIFIED_NAMES,
    NOTIFIER,
)
from cdop.deaths.models import Death, Notification
from cdop.deaths.naming import tokens
from cdop.retention.rights import service
from cdop.retention.rights.models import ASKED, HANDLE, Asked
from cdop.security.columns import open_columns
from cdop.security.sections import Section
from cdop.security.work import Work

ALIKE = 88.0  # of 100: rapidfuzz's token set ratio of normalised names
_NEARLY = 70.0  # enough where the date of birth is the same

Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Candidate:
    """A record in which the person may appear, and as what. Nothing of it is shown yet."""

    record: tuple[str, UUID]
    reference: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Source:
    """Sections of one table that name people, and how to read who appears there."""

    table: type[SQLModel]
    sections: tuple[Section[Any], ...]
    reason: Callable[[Asked, Documents], str | None]


def candidates(work: Work, request_id: UUID) -> list[Candidate]:
    """Return the records, of all organisations for which the actor answers requests, in which the
    person of a request may appear, audited.
    """
    row = service.get(work, request_id)
    asked = work.open(row, ASKED, why="search")
    within = work.actor.scope(HANDLE)
    reasons: dict[tuple[str, UUID], set[str]] = {}
    for source in _SOURCES:
        for id, reason in _look(work, source, asked, within):
            for record in _records(work, source.table, id):
                reasons.setdefault(record, set()).add(reason)
    found = [
        Candidate(record, _reference(work, record), tuple(sorted(why)))
        for record, why in reasons.items()
    ]
    work.audit(
        "rights:request:search",
        ("rights_requests", row.id),
        row.organisation_id,
        found=len(found),
    )
    return sorted(found, key=lambda each: each.reference)


def _look(
    work: Work, source: _Source, asked: Asked, places: Iterable[UUID]
) -> Iterator[tuple[UUID, str]]:
    at: Any = source.table.__table__.c.organisation_id  # type: ignore[attr-defined]
    for opened in open_columns(work, source.sections, at.in_(list(places))):
        reason = source.reason(asked, [json.loads(each) for each in opened.documents])
        if reason:
            yield opened.id, reason


def _as_child(asked: Asked, documents: Documents) -> str | None:
    names, identity = documents
    number = identity.get("nhs_number")
    if number and number == "".join(asked.nhs_number.split()):
        return "The child: the same NHS number"
    name = f"{names.get('given', '')} {names.get('family', '')}"
    return _named("The child", asked, (name, names.get("also_known_as", "")), identity)


def _as_subject(asked: Asked, documents: Documents) -> str | None:
    [subject] = documents
    return _named("Whom a referral is about", asked, (subject.get("name", ""),), subject)


def _as_notifier(asked: Asked, documents: Documents) -> str | None:
    return _named("Who notified", asked, (documents[0].get("name", ""),), {})


def _as_referrer(asked: Asked, documents: Documents) -> str | None:
    return _named("Who referred", asked, (documents[0].get("referrer", ""),), {})


def _named(role: str, asked: Asked, names: Iterable[str], dates: dict[str, Any]) -> str | None:
    sought = " ".join(tokens(asked.sought))
    same_day = bool(asked.born_on) and dates.get("born_on") == f"{asked.born_on}"
    best = max(
        (fuzz.token_set_ratio(sought, " ".join(tokens(name))) for name in names if name), default=0
    )
    if best >= ALIKE:
        return f"{role}: the name is alike" + (", and the same date of birth" if same_day else "")
    if same_day and best >= _NEARLY:
        return f"{role}: the same date of birth, and a name that is nearly alike"
    return None


def _records(work: Work, table: type[SQLModel], id: UUID) -> Iterator[tuple[str, UUID]]:
    """Return the record that a row belongs to, and the referrals made from it."""
    if table is Referral:
        yield "referrals", id
        return
    death_id = work.session.get_one(Notification, id).death_id if table is Notification else id
    yield "deaths", death_id
    referrals = select(Referral.id, Referral.organisation_id).where(Referral.death_id == death_id)
    for referral_id, place in work.session.exec(referrals):
        if work.actor.may(HANDLE, place):
            yield "referrals", referral_id


def _reference(work: Work, record: tuple[str, UUID]) -> str:
    table = Death if record[0] == "deaths" else Referral
    return work.session.exec(select(col(table.reference)).where(table.id == record[1])).one()


_SOURCES = (
    _Source(Death, (NAMES, IDENTITY), _as_child),
    _Source(Notification, (NOTIFIED_NAMES, NOTIFIED_IDENTITY), _as_child),
    _Source(Notification, (NOTIFIER,), _as_notifier),
    _Source(Referral, (SUBJECT,), _as_subject),
    _Source(Referral, (CONCERN,), _as_referrer),
)
