"""Finding a child by number, date, postcode, reference or name, within a person's scope.

A search is made in two steps: `look` compares in a unit of work that cannot write, so that nobody
waits for it; `show` opens the few cases found and writes the audit lines, or shows nothing. The
term is kept nowhere: the audit log has a keyed hash of it.

Names are opened, all of the scope, and compared in memory; there is no index of names that could
leak. Above about 200,000 cases in one scope this takes longer than people wait: compare then only
cases of one age band or year (plain columns), or keep normalised names in memory, bounded and
dropped whenever the ring or a case's key changes. Neither was needed at 100,000.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from cdop.deaths import likeness, terms
from cdop.deaths.documents import IDENTITY, IDENTITY_READ, NAMES, Identity, Names
from cdop.deaths.likeness import NEAR
from cdop.deaths.models import Death
from cdop.deaths.name_likeness import SAME
from cdop.deaths.name_search import find_names
from cdop.deaths.queries import visible
from cdop.deaths.service import finding
from cdop.deaths.terms import Term
from cdop.errors import Erased
from cdop.security.actor import Actor, everywhere
from cdop.security.columns import open_columns
from cdop.security.sealing import ERASED
from cdop.security.work import Register, Work

SEARCH = "deaths:identity:search"
SHOWN = 25
_NAMES_COMPARED = 200  # of the best names, how many are compared by date and postcode too

_POINTS = {"reference": 100, "number": 100, "name": 60, "birth": 50, "death": 45, "postcode": 40}
_NEARLY = 0.5


@dataclass(frozen=True)
class Hit:
    """A case that answers a search, and why; nothing of it is opened yet."""

    id: UUID
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A case as a search shows it."""

    id: UUID
    reference: str
    status: str
    name: str
    name_answer: str
    born_on: date | None
    died_on: date | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The cases shown, the likeliest first; how many answered; what could not be searched for."""

    found: tuple[Found, ...]
    total: int
    fault: str


def find(register: Register, actor: Actor, typed: str) -> Answer:
    """Search for what somebody typed. Raises Denied without `deaths:identity:read`."""
    with register.reading(actor) as work:
        term = terms.read(typed, work.today)
        hits = look(work, term)
    with register.work(actor) as work:
        return show(work, term, hits)


def look(work: Work, term: Term) -> list[Hit]:
    """Return every case in scope that answers a term, the likeliest first. The caller audits."""
    work.check(IDENTITY_READ)
    evidence = _Evidence()
    panels = _panels(work)
    if term.reference:
        query = select(Death.id).where(Death.reference == term.reference, _within(work))
        for id in work.session.exec(query):
            evidence.add(id, "reference", "same reference")
    if term.words:
        _by_name(work, term, evidence)
    _by_value(work, term, panels, evidence)
    return evidence.hits()


def show(work: Work, term: Term, hits: Sequence[Hit]) -> Answer:
    """Open the first of the cases found, with an audit line for the search and for each opening."""
    work.check(IDENTITY_READ)
    wanted = {hit.id: hit for hit in hits[:SHOWN]}
    query = visible(work, IDENTITY_READ).where(
        col(Death.id).in_(list(wanted)), col(Death.names).is_distinct_from(ERASED)
    )
    rows = work.session.exec(query)
    deaths = {death.id: death for death in rows}
    work.audit(
        SEARCH,
        found=len(hits),
        shown=len(deaths),
        kinds=term.kinds,
        term=work.vault.mark("search-term", term.canonical),
    )
    work.vault.prepare(work.session, deaths)
    found = []
    for id, hit in wanted.items():
        if id in deaths:
            found.append(_open(work, deaths[id], hit))
    return Answer(tuple(found), len(hits), term.fault)


def _open(work: Work, death: Death, hit: Hit) -> Found:
    """Open a case for the list; one that was erased is listed by its reference alone."""
    try:
        names = work.open(death, NAMES, why="search")
        identity = work.open(death, IDENTITY, why="search")
    except Erased:
        names, identity, hit = Names(), Identity(), replace(hit, reasons=(*hit.reasons, "erased"))
    return Found(
        death.id,
        death.reference,
        death.status,
        names.full,
        names.answer,
        identity.born_on,
        identity.died_on,
        hit.reasons,
    )


class _Evidence:
    """What speaks for each case."""

    def __init__(self) -> None:
        self._parts: dict[UUID, dict[str, tuple[float, str]]] = defaultdict(dict)

    def add(self, id: UUID, part: str, reason: str, share: float = 1.0) -> None:
        """Add a reason, unless a better one of the same part is there."""
        points = _POINTS[part] * share
        if points > self._parts[id].get(part, (0.0, ""))[0]:
            self._parts[id][part] = points, reason

    def best(self, most: int) -> list[UUID]:
        """Return the ids of the cases for which most speaks so far."""
        return [hit.id for hit in self.hits()[:most]]

    def hits(self) -> list[Hit]:
        """Return what was found, the likeliest first."""
        found = []
        for id, parts in self._parts.items():
            score = sum(points for points, _ in parts.values())
            found.append(Hit(id, score, tuple(parts[p][1] for p in _POINTS if p in parts)))
        return sorted(found, key=lambda hit: (-hit.score, hit.id))


def _by_name(work: Work, term: Term, evidence: _Evidence) -> None:
    keys, names = [], []  # of texts alone: what holds no other objects is not looked through again
    for opened in open_columns(work, (NAMES,), _within(work)):
        keys.append(opened.key)
        names.append(opened.documents[0])
    for hit in find_names(term.words, names):
        evidence.add(UUID(str(keys[hit.at])), "name", hit.reason, hit.score)


def _by_value(work: Work, term: Term, panels: Sequence[UUID], evidence: _Evidence) -> None:
    """Open what shares a token with the term, and the best names, and compare their values."""
    if not (term.number or term.days or term.postcode):
        return
    ids = set(evidence.best(_NAMES_COMPARED))
    for identity in _as_identities(term):
        ids |= finding.candidates(work, identity, panels, most=None)
    for opened in open_columns(work, (IDENTITY,), col(Death.id).in_(list(ids))):
        id, identity = opened.id, Identity.model_validate_json(opened.documents[0])
        if term.number and identity.nhs_number == term.number:
            evidence.add(id, "number", "same NHS number")
        if term.postcode and likeness.postcode(identity.postcode) == term.postcode:
            evidence.add(id, "postcode", "same postcode")
        for day in term.days:
            _compare_day(id, day, identity, evidence)


def _compare_day(id: UUID, day: date, identity: Identity, evidence: _Evidence) -> None:
    for part, own, told in (
        ("birth", identity.born_on, "birth date"),
        ("death", identity.died_on, "date of death"),
    ):
        grade = likeness.days(day, own)
        if grade == SAME:
            evidence.add(id, part, f"same {told}")
        elif grade == NEAR:
            evidence.add(id, part, f"{told} one slip of typing away", _NEARLY)


def _as_identities(term: Term) -> Iterable[Identity]:
    """Yield identities whose tokens find what the term asks for: a day may be of birth or death."""
    yield Identity(nhs_number=term.number, postcode=term.postcode)
    for day in term.days:
        yield Identity(born_on=day, died_on=day)
        if day.day <= 12 and day.day != day.month:
            swapped = date(day.year, day.day, day.month)
            yield Identity(born_on=swapped, died_on=swapped)


def _panels(work: Work) -> list[UUID]:
    if everywhere(work.actor):
        return list(work.session.exec(select(Death.organisation_id).distinct()))
    return sorted(work.actor.scope(IDENTITY_READ))


def _within(work: Work) -> ColumnElement[bool]:
    scope: Collection[UUID] = _panels(work)
    return col(Death.organisation_id).in_(scope)
