"""The ledger of releases as rows: whole on the desk, and what is on its way on the start page."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import releasing, rules
from cdop.statistics.disclosure import profile
from cdop.statistics.earlier import tables_of
from cdop.statistics.models import Release, ReleaseEvent
from cdop.statistics.rules import State
from cdop.statistics.year_tables import years_to
from cdop.web.templating import moment

HEAD = ["Release", "Protection", "State", "For", "Since, by"]


@dataclass(frozen=True)
class DeskPage:
    """The ledger of releases."""

    head: list[str]
    rows: list[list[object]]
    may_build: bool


def desk_page(work: Work) -> DeskPage:
    """Return the ledger of the releases in scope."""
    found = releasing.ledger(work)
    return DeskPage(HEAD, rows_of(work, found), work.actor.may(releasing.BUILD))


def on_their_way(work: Work) -> list[list[object]]:
    """Return what waits for the actor: proved releases, for those who build them drafts too."""
    builds = work.actor.may(releasing.BUILD)
    wanted = {State.PROVED, *((State.DRAFT, State.REFUSED) if builds else ())}
    return rows_of(work, [each for each in releasing.ledger(work) if each.state in wanted])


def rows_of(work: Work, found: Collection[Release]) -> list[list[object]]:
    """Return releases as rows of a table."""
    panels = {each.organisation_id for each in found}
    names = organisations.names_on(work.session, panels, work.today)
    since = releasing.last_steps(work, found)
    return [
        [
            {"text": titled(names[each.organisation_id], each), "href": address(each.id)},
            profile(each.profile).title,
            rules.WORDS[State(each.state)],
            ", ".join(recipient["name"] for recipient in each.recipients),
            _since(each, since.get(each.id)),
        ]
        for each in found
    ]


def _since(release: Release, last: ReleaseEvent | None) -> str:
    at, by = (last.at, last.by) if last else (release.drafted_at, release.drafted_by)
    return f"{moment(at)}, {by}"


def titled(name: str, release: Release) -> str:
    """Return what a release is called in a list."""
    parts = [f"{name}, {period(release)}", *asked_titles(release)]
    return ": ".join(parts) + (" (new edition)" if release.replaces_id else "")


def asked_titles(release: Release) -> list[str]:
    """Return the titles of a release's tables, where they are not those of the year."""
    return [table.title for table in tables_of(release)[0].asked] if release.asked else []


def period(release: Release) -> str:
    """Return the years that a release counts, in words."""
    years = years_to(release.year, release.years)
    return years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"


def address(release_id: UUID) -> str:
    """Return the address of a release's page."""
    return f"/statistics/releases/{release_id}"
