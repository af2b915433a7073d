"""What the pages of statistics show: the years there are, one exact, and one as released."""

from dataclasses import dataclass
from uuid import UUID

from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind
from cdop.security.work import Work
from cdop.statistics import counting, over_years, releasing, whose
from cdop.statistics.counting import INTERNAL, ExactYear
from cdop.statistics.models import Release
from cdop.statistics.rules import WORDS, State
from cdop.statistics.year_tables import year_days
from cdop.web.statistics.figures import Section, sections
from cdop.web.statistics.ledger_pages import address


@dataclass(frozen=True)
class Panel:
    """A panel or group and its years: each with exact figures and release, as rows of a table."""

    name: str
    rows: list[list[object]]


@dataclass(frozen=True)
class IndexPage:
    """The panels and groups in scope. `may_build`: a year without a release is something to do."""

    panels: list[Panel]
    may_build: bool
    may_read: bool
    may_compare_years: bool


@dataclass(frozen=True)
class ExactPage:
    """A panel's or group's year, exact. `release` leads to one of it that is `out`, or on its way.

    `draft` is where a release of it is drafted, if it may be.
    `opened` says that its tables stand open; `here` is the page's own address; `outcomes` where a
    group's table of outcomes is.
    """

    warning: str
    name: str
    slug: str
    year: str
    summary: list[tuple[str, str]]
    overlap: str
    sections: list[Section]
    source: str
    release: dict[str, str] | None
    out: bool
    draft: str | None
    not_yet: bool
    opened: bool
    here: str
    outcomes: str


def index_page(work: Work) -> IndexPage:
    """Return the years of the panels and groups in scope."""
    found = whose.reached(work)
    names = organisations.names_on(work.session, [cdop.id for cdop in found], work.today)
    released = _released(work, [cdop.id for cdop in found])
    return IndexPage(
        panels=[
            Panel(
                names[cdop.id],
                [
                    [year, exact_link(cdop.slug, year), _state(work, released, cdop.id, year)]
                    for year in whose.years(work, cdop)
                ],
            )
            for cdop in found
        ],
        may_build=work.actor.may(releasing.BUILD),
        may_read=work.actor.may(releasing.READ),
        may_compare_years=work.actor.may(over_years.READ),
    )


def exact_page(work: Work, slug: str, year: str, *, opened: bool = False) -> ExactPage:
    """Return a panel's or group's exact year; reading it is audited."""
    found = counting.exact_year(work, slug, year)
    released = _released(work, [found.organisation.id]).get((found.organisation.id, year))
    parts = sections(found.tables, found.figures)
    ended = work.today > year_days(year)[1]
    may_build = work.actor.may(releasing.BUILD, found.organisation.id)
    return ExactPage(
        warning=INTERNAL,
        name=found.name,
        slug=slug,
        year=year,
        summary=[(part.title, part.total) for part in parts],
        overlap=found.tables.definitions.subject.words.overlap,
        sections=parts,
        source=found.tables.definitions.source,
        release=_link(released) if released else None,
        out=bool(released and released.state == State.RELEASED),
        draft=f"/statistics/releases/new?cdop={slug}&year={year}" if may_build and ended else None,
        not_yet=may_build and not ended,
        opened=opened,
        here=exact_link(slug, year)["href"],
        outcomes=_outcomes(work, found),
    )


def _outcomes(work: Work, found: ExactYear) -> str:
    """Return where a group's table of outcomes is; for a panel nothing."""
    year = found.tables.year
    if found.organisation.kind != Kind.GROUP:
        return ""
    boards = organisations.served_by(work.session, found.organisation.id, year_days(year)[1])
    return f"/reports/jcr-outcomes?board={boards[0].slug}&year={year}" if boards else ""


def exact_link(slug: str, year: str) -> dict[str, str]:
    """Return the link to a panel's exact year."""
    return {"text": "Exact figures (internal)", "href": f"/statistics?cdop={slug}&year={year}"}


def _released(work: Work, panels: list[UUID]) -> dict[tuple[UUID, str], Release]:
    return releasing.releases(work, panels) if work.actor.may(releasing.READ) else {}


def _state(
    work: Work, released: dict[tuple[UUID, str], Release], cdop_id: UUID, year: str
) -> object:
    if found := released.get((cdop_id, year)):
        return _link(found)
    if work.today <= year_days(year)[1]:
        return "The year has not ended"
    return "Not released"


def _link(release: Release) -> dict[str, str]:
    state = State(release.state)
    text = "Open the release" if state == State.RELEASED else WORDS[state]
    return {"text": text, "href": address(release.id)}
