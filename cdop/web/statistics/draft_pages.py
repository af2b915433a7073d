"""What the form of a draft shows: the ways to protect it, and who may know some of its cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import releasing, rules, whose
from cdop.statistics.asked import with_asked
from cdop.statistics.coarsening import ways_for
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import profiles
from cdop.statistics.year_tables import YearTables, year_days, year_tables
from cdop.web.forms import Bound, blank
from cdop.web.statistics.desk_forms import DraftForm, asked_for


@dataclass(frozen=True)
class DraftPage:
    """The form of a draft. `asked`: the titles of its tables, where they are not the year's.

    `codes` are those by which a count that others have published is named, a table each.
    """

    form: Bound[DraftForm]
    name: str
    asked: list[str]
    profiles: list[tuple[str, str]]
    ways: list[tuple[str, str]]
    boards: list[tuple[str, str]]
    audiences: list[tuple[str, str]]
    codes: list[tuple[str, str]]


def draft_page(work: Work, form: Bound[DraftForm]) -> DraftPage:
    """Return the form of a draft. Raises Denied, NotFound for a panel or group out of reach."""
    of = whose.find(work, form.value("cdop"), releasing.BUILD)
    year = form.value("year")
    asked = asked_for(*map(form.value, ("population", "by", "across")))
    tables = with_asked(year_tables(year, counts=whose.SUBJECTS[of.kind]), asked)
    every = [(each.id, each.title) for each in profiles().values()]
    ways = [(each.id, each.title) for each in ways_for(tables).values()]
    return DraftPage(
        form,
        organisations.name_on(work.session, of.id, year_days(year)[1]),
        [table.title for table in tables.asked],
        every,
        ways,
        _boards(work, of.id),
        list(rules.AUDIENCES.items()),
        [_codes(tables, table) for table in tables.tables],
    )


def _codes(tables: YearTables, table: TableDefinition) -> tuple[str, str]:
    """Return a table's code and title, and the codes of its rows and columns."""
    each = (f"{tables.title(name)}: {', '.join(tables.codes(name))}" for name in table.by)
    return f"{table.code} ({table.title})", "; ".join(each)


def new_form(slug: str, year: str, asked: Mapping[str, object]) -> Bound[DraftForm]:
    """Return the form of a new draft, filled as it mostly is."""
    usual = {"audience": "partner", "profile": releasing.DEFAULT_PROFILE}
    return blank(DraftForm, {"cdop": slug, "year": year, **usual, **asked})


def _boards(work: Work, organisation_id: UUID) -> list[tuple[str, str]]:
    """Return the organisations that know some of the cases: those served, or succeeded."""
    served = organisations.served_by(work.session, organisation_id, work.today)
    places = {each.id: each for each in served}
    for id in organisations.with_predecessors(work.session, organisation_id) - {organisation_id}:
        places[id] = organisations.get(work.session, id)
    names = organisations.names_on(work.session, places, work.today)
    return sorted((each.slug, names.get(id, each.slug)) for id, each in places.items())
