"""What a release shows, once it was built: its tables, their key, and against whom it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import releasing
from cdop.statistics.disclosure import profile
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.rounding import LOW
from cdop.statistics.earlier import held_against, marks_of, tables_of
from cdop.statistics.models import Release
from cdop.statistics.reasons import reader
from cdop.web.statistics.figures import Section, key_to, sections
from cdop.web.statistics.ledger_pages import address, titled
from cdop.web.templating import moment


@dataclass(frozen=True)
class Shows:
    """What stands in a release. `key` has the symbols used; `against` the earlier releases.

    `elsewhere` counts those of them that are out of the reader's reach.
    """

    width: int
    shown: int
    hidden: int
    rounding: str
    readers: list[str]
    against: list[dict[str, str]]
    elsewhere: int
    sections: list[Section]
    key: list[tuple[str, str]]


def shows(work: Work, release: Release) -> Shows:
    """Return what a release shows, that the caller has found within scope and that was built."""
    cells, (tables, _) = releasing.shown_cells(release), tables_of(release)
    rounds = profile(release.profile).others == Others.CONTROLLED
    marks = marks_of(work, release, cells)
    parts = sections(tables, cells, LOW if rounds else "0", marks) if release.snapshot else []
    before = held_against(work, release)
    mine = [each for each in before if work.actor.may(releasing.READ, each.organisation_id)]
    hidden = sum(count is None for count in cells.values())
    return Shows(
        width=profile(release.profile).width,
        shown=len(cells) - hidden,
        hidden=hidden,
        rounding=_rounding(release),
        readers=[
            reader(each, tables.definitions.subject) for each in release.ledger.get("attackers", ())
        ],
        against=_links(work, mine),
        elsewhere=len(before) - len(mine),
        sections=parts,
        key=key_to(text for part in parts for text in _texts(part)),
    )


def _rounding(release: Release) -> str:
    """Return how far the numbers lie from the counts, in words."""
    chosen, reach = profile(release.profile), release.ledger["reach"]
    if not reach:
        return ""
    low = f" {LOW} rounds to 0." if chosen.others == Others.CONTROLLED else ""
    return f"Each is a multiple of {chosen.base}, at most {reach} from the count.{low}"


def _links(work: Work, found: Sequence[Release]) -> list[dict[str, str]]:
    panels = {each.organisation_id for each in found}
    names = organisations.names_on(work.session, panels, work.today)
    return [
        {
            "text": f"{titled(names[each.organisation_id], each)}: {profile(each.profile).title}",
            "href": address(each.id),
            "when": moment(each.approved_at) if each.approved_at else "",
        }
        for each in found
    ]


def _texts(part: Section) -> list[str]:
    """Return all that stands in the cells and sentences of a population."""
    texts = [part.total, *part.measures]
    for table in part.tables:
        if table.bars:
            texts += [shown for _, _, shown in table.bars.rows]
        if table.grid:
            texts += [text for row in table.grid.rows for text in row]
    return texts
