"""What the pages of statistics show: the years there are, one exact, and one as released."""

from dataclasses import dataclass
from uuid import UUID

from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import counting, releasing
from cdop.statistics.counting import INTERNAL
from cdop.statistics.definitions import year_days, year_tables
from cdop.statistics.disclosure import profile
from cdop.statistics.models import Release
from cdop.web.statistics.figures import Section, sections
from cdop.web.templating import moment

_READERS = {
    "public": "anyone who has every number of this release",
    "other-years": "anyone who also has the releases of other years",
}


@dataclass(frozen=True)
class Panel:
    """A panel and its years: each with its exact figures and its release, as rows of a table."""

    name: str
    rows: list[list[object]]


@dataclass(frozen=True)
class IndexPage:
    """The panels in scope. `may_build`: a year without a release is something to do."""

    panels: list[Panel]
    may_build: bool


@dataclass(frozen=True)
class ExactPage:
    """A panel's year, exact. `profiles` are offered where it can be released."""

    warning: str
    name: str
    slug: str
    year: str
    summary: list[tuple[str, str]]
    sections: list[Section]
    source: str
    release: str | None
    profiles: list[tuple[str, str]]
    chosen: str
    not_yet: bool


@dataclass(frozen=True)
class ReleasePage:
    """A release as it was frozen, and what was proved of it."""

    name: str
    year: str
    profile: str
    built: str
    shown: int
    hidden: int
    width: int
    readers: list[str]
    sections: list[Section]
    package: str
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class UnsafePage:
    """Why there is no release."""

    name: str
    year: str
    reason: str
    back: str


def index_page(work: Work) -> IndexPage:
    """Return the years of the panels in scope."""
    found = counting.cdops(work)
    names = organisations.names_on(work.session, [cdop.id for cdop in found], work.today)
    released = _released(work, [cdop.id for cdop in found])
    return IndexPage(
        panels=[
            Panel(
                names[cdop.id],
                [
                    [year, exact_link(cdop.slug, year), _state(work, released, cdop.id, year)]
                    for year in counting.years(work, cdop.id)
                ],
            )
            for cdop in found
        ],
        may_build=work.actor.may(releasing.BUILD),
    )


def exact_page(work: Work, slug: str, year: str) -> ExactPage:
    """Return a panel's exact year; reading it is audited."""
    found = counting.exact_year(work, slug, year)
    released = _released(work, [found.cdop.id]).get((found.cdop.id, year))
    parts = sections(found.tables, found.figures)
    ended = work.today > year_days(year)[1]
    may_build = work.actor.may(releasing.BUILD, found.cdop.id)
    return ExactPage(
        warning=INTERNAL,
        name=found.name,
        slug=slug,
        year=year,
        summary=[(part.title, part.total) for part in parts],
        sections=parts,
        source=found.tables.definitions.source,
        release=_address(released) if released else None,
        profiles=_profiles() if may_build and ended and not released else [],
        chosen=releasing.DEFAULT_PROFILE,
        not_yet=may_build and not ended,
    )


def release_page(work: Work, release_id: UUID) -> ReleasePage:
    """Return a release as it left."""
    release = releasing.get_release(work, release_id)
    tables = year_tables(release.year, release.edition)
    cells = releasing.shown_cells(release)
    hidden = sum(count is None for count in cells.values())
    chosen = profile(release.profile)
    return ReleasePage(
        name=_name(work, release),
        year=release.year,
        profile=chosen.title,
        built=moment(release.drafted_at),
        shown=len(cells) - hidden,
        hidden=hidden,
        width=chosen.width,
        readers=[_READERS[reader] for reader in release.ledger["attackers"]],
        sections=sections(tables, cells),
        package=f"{_address(release.id)}/package",
        facts=[
            ("Profile", chosen.title),
            ("Built", f"{moment(release.drafted_at)}, by {release.built_by}"),
            ("SHA-256 of the file", release.digest),
            ("Digest of the proof", release.certificate),
        ],
    )


def exact_link(slug: str, year: str) -> dict[str, str]:
    """Return the link to a panel's exact year."""
    return {"text": "Exact figures (internal)", "href": f"/statistics?cdop={slug}&year={year}"}


def _released(work: Work, panels: list[UUID]) -> dict[tuple[UUID, str], UUID]:
    return releasing.releases(work, panels) if work.actor.may(releasing.READ) else {}


def _state(work: Work, released: dict[tuple[UUID, str], UUID], cdop_id: UUID, year: str) -> object:
    if found := released.get((cdop_id, year)):
        return {"text": "Open the release", "href": _address(found)}
    if work.today <= year_days(year)[1]:
        return "The year has not ended"
    return "Not released"


def _address(release_id: UUID) -> str:
    return f"/statistics/releases/{release_id}"


def _profiles() -> list[tuple[str, str]]:
    return [(each.id, each.title) for each in releasing.offered_profiles()]


def _name(work: Work, release: Release) -> str:
    _, last = year_days(release.year)
    return organisations.name_on(work.session, release.organisation_id, last)
