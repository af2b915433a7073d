"""The redacted copy: parts of the linked records that somebody chose to disclose, and no other.

Parts that tell of somebody else are kept back unless they are chosen one by one, and names of
professionals and whatever words are given are blacked out in all that is disclosed.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import select

from cdop.case_reviews.models import CONCERN, SUBJECT, Referral
from cdop.deaths import queries as deaths
from cdop.deaths.documents import CIRCUMSTANCES, IDENTITY, NAMES, NOTIFIER, SUMMARY
from cdop.deaths.models import Death
from cdop.overview.models import ANALYSIS, Review
from cdop.retention.rights import service
from cdop.retention.rights.models import RightsRecord, RightsRequest
from cdop.security.sealing import ERASED, Sealed
from cdop.security.sections import Section
from cdop.security.work import Work

BLACK = "█████"
_SHORTEST = 2  # letters: a shorter word would black out half the text


@dataclass(frozen=True)
class Part:
    """A part of a record that may be disclosed. `others`: it tells of somebody else, too."""

    code: str
    reference: str
    label: str
    others: bool


@dataclass(frozen=True)
class Disclosed:
    """A part as the copy shows it. `lines` is None where it is kept back."""

    reference: str
    label: str
    lines: list[tuple[str, str]] | None


@dataclass(frozen=True)
class _Place:
    part: Part
    row: Sealed
    section: Section[Any]


_LABELS: dict[str, tuple[str, bool]] = {
    "deaths.names": ("The child's names", False),
    "deaths.identity": ("The child's identity, dates and address", False),
    "deaths.summary": ("The anonymised summary", False),
    "notifications.circumstances": ("What the notifier told", True),
    "notifications.notifier": ("Who notified", True),
    "reviews.analysis": ("The panel's analysis", True),
    "referrals.subject": ("Whom the referral is about", False),
    "referrals.concern": ("The concern, and who referred", True),
}


def parts(work: Work, request_id: UUID) -> list[Part]:
    """Return what there is to disclose, as far as the actor may open it. Opens nothing."""
    row = service.get(work, request_id)
    return [place.part for place in _places(work, row)]


def copy(
    work: Work, request_id: UUID, chosen: Collection[str], blacked_out: Collection[str]
) -> list[Disclosed]:
    """Return the redacted copy: every part there is, opened only where it was chosen, audited."""
    row = service.get(work, request_id)
    places = list(_places(work, row))
    kept_back = _words(blacked_out) + _professionals(work, places)
    work.audit(
        "rights:request:copy",
        ("rights_requests", row.id),
        row.organisation_id,
        disclosed=sorted(place.part.code for place in places if place.part.code in chosen),
        kept_back=sum(place.part.code not in chosen for place in places),
        words=len(kept_back),
    )
    made = []
    for place in places:
        lines = None
        if place.part.code in chosen:
            document = work.open(place.row, place.section, why="rights-request")
            own = place.section is NOTIFIER  # whoever chose it wants the name to be seen
            lines = _lines(document, [] if own else kept_back)
        made.append(Disclosed(place.part.reference, place.part.label, lines))
    return made


def _places(work: Work, request: RightsRequest) -> Iterator[_Place]:
    for link in service.linked(work, request):
        for number, (row, section) in enumerate(_rows(work, link)):
            written = getattr(row, section.column) not in (None, ERASED)
            if written and work.actor.may(section.permission, row.organisation_id):
                label, others = _LABELS[f"{section.table}.{section.column}"]
                code = f"{link.id}:{number}"
                yield _Place(Part(code, link.reference, label, others), row, section)


def _rows(work: Work, link: RightsRecord) -> Iterator[tuple[Sealed, Section[Any]]]:
    if link.record_kind == "referrals":
        referral = work.session.get_one(Referral, link.record_id)
        yield from ((referral, SUBJECT), (referral, CONCERN))
        return
    death = work.session.get_one(Death, link.record_id)
    yield from ((death, NAMES), (death, IDENTITY), (death, SUMMARY))
    for row in deaths.notifications(work, death):
        yield from ((row, CIRCUMSTANCES), (row, NOTIFIER))
    for review in work.session.exec(select(Review).where(Review.death_id == death.id)):
        yield review, ANALYSIS


def _professionals(work: Work, places: list[_Place]) -> list[str]:
    """Return the names of notifiers and referrers, for blacking out; they are shown to nobody."""
    names = []
    for place in places:
        if place.section is NOTIFIER:
            names.append(work.open_within(place.row, NOTIFIER).name)
        if place.section is CONCERN:
            names.append(work.open_within(place.row, CONCERN).referrer)
    return _words(names)


def _words(typed: Collection[str]) -> list[str]:
    found = {text.strip() for text in typed if len(text.strip()) >= _SHORTEST}
    return sorted(found, key=lambda each: (-len(each), each))


def _lines(document: Any, kept_back: list[str]) -> list[tuple[str, str]]:
    values = document.model_dump(mode="json", exclude_defaults=True)
    return [
        (name.replace("_", " ").capitalize(), black_out(str(value), kept_back))
        for name, value in values.items()
        if value
    ]


def black_out(text: str, words: list[str]) -> str:
    """Return a text with each of these words or names covered, in any case, whole words only."""
    if not words:
        return text
    pattern = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words)
    return re.sub(pattern, BLACK, text, flags=re.IGNORECASE)
