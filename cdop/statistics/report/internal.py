"""The annual report for the panel itself: exact, and marked on every page as not to be published.

Its tables are those of the founding reports: the year's notifications and reviews, the lessons, the
outcomes of referrals, who attended.
"""

from collections.abc import Sequence

from cdop.errors import Denied, NotFound
from cdop.organisations import queries as organisations
from cdop.organisations.models import BoardKind, Kind
from cdop.security.work import Work
from cdop.statistics import gathering
from cdop.statistics.contents import rates, shares
from cdop.statistics.counting import INTERNAL, ExactYear, exact_year
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.denominators import denominators
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.drawing import Chart
from cdop.statistics.outcomes import OutcomeTable, jcr_outcomes
from cdop.statistics.report.released import HOW, attendance_part, rate_grid, share_grid
from cdop.statistics.report.values import Grid, Part, Report
from cdop.statistics.whose import PANELS
from cdop.statistics.year_tables import year_days

_DRAWN = "One bar for each row of the table, as long as its count."


def internal_report(work: Work, slug: str, year: str) -> Report:
    """Return the exact report of a panel's year; audited, like each lesson that is opened for it.

    Raises Denied, NotFound, Invalid: see `counting.exact_year`.
    """
    exact = exact_year(work, slug, year, kinds=PANELS)
    populations = exact.tables.definitions.populations
    parts = [
        *(_population(exact, p.code, p.title, p.description) for p in populations),
        _factors(work, exact),
        Part("Percentages and rates", [HOW], grids=_measured(work, exact)),
        *_lessons(work, exact),
        *_outcomes(work, exact),
        *_attendance(work, exact),
    ]
    title = "Annual report of the child death overview panel"
    return Report(title, f"{exact.name}, {year}", INTERNAL, parts)


def _population(exact: ExactYear, code: str, title: str, description: str) -> Part:
    own = [table for table in exact.tables.every if table.population == code]
    one, two = ([t for t in own if len(t.by) == size] for size in (1, 2))
    total = exact.figures[own[0].code, (TOTAL,) * len(own[0].by)]
    return Part(
        f"{title}: {total}",
        [description],
        [_chart(exact, table) for table in one],
        [_grid(exact, table) for table in two],
    )


def _chart(exact: ExactYear, table: TableDefinition) -> Chart:
    (name,) = table.by
    counts = [(label, exact.figures[table.code, (c,)]) for c, label in exact.tables.answers[name]]
    rows = [(label, count, f"{count:,}") for label, count in counts]
    return Chart(
        table.code, table.title, _DRAWN, (exact.tables.title(name), exact.tables.unit(table)), rows
    )


def _grid(exact: ExactYear, table: TableDefinition) -> Grid:
    down, across = table.by
    columns = (TOTAL, *exact.tables.codes(across))
    head = [exact.tables.title(down), *(exact.tables.label(across, c) for c in columns)]
    rows = [
        [
            exact.tables.label(down, code),
            *(f"{exact.figures[table.code, (code, column)]:,}" for column in columns),
        ]
        for code in (TOTAL, *exact.tables.codes(down))
    ]
    return Grid(table.title, head, rows)


def _factors(work: Work, exact: ExactYear) -> Part:
    found = gathering.factors_by_domain(work, exact.organisation.id, exact.tables.year)
    rows = [[label, f"{named:,}", f"{modifiable:,}"] for label, named, modifiable in found]
    head = ["Domain", "Reviews naming a factor of it", "A modifiable one"]
    said = "A review may name factors of several domains, so these do not add up."
    return Part(
        "Factors by domain", [said], grids=[Grid("Reviews by domain of factors", head, rows)]
    )


def _measured(work: Work, exact: ExactYear) -> Sequence[Grid]:
    known = denominators(work.session, exact.organisation.id, exact.tables)
    found = share_grid(shares(exact.tables, exact.figures))
    return [found, rate_grid(rates(exact.tables, exact.figures, known))]


def _lessons(work: Work, exact: ExactYear) -> list[Part]:
    found = gathering.lessons(work, exact.organisation.id, exact.tables.year)
    if not found:
        return []
    grid = Grid("Lessons", ["Lesson learnt", "Recommended or done"], found, words=True)
    return [Part("Lessons from the reviews", grids=[grid])]


def _outcomes(work: Work, exact: ExactYear) -> list[Part]:
    """Return the outcomes of referrals to the group of the panel's board, to who may see them."""
    last = year_days(exact.tables.year)[1]
    boards = [
        board
        for board in organisations.served_by(work.session, exact.organisation.id, last)
        if board.kind == Kind.BOARD and board.board_kind == BoardKind.CHILDREN
    ]
    return [
        Part("Referrals to joint case review", grids=[_outcome_grid(found)])
        for board in boards
        if (found := _table(work, board.slug, exact.tables.year))
    ]


def _table(work: Work, board: str, year: str) -> OutcomeTable | None:
    try:
        return jcr_outcomes(work, board, year)
    except (Denied, NotFound):
        return None


def _outcome_grid(found: OutcomeTable) -> Grid:
    rows = [[row.label, *row.cells] for row in found.rows]
    return Grid("Outcome of referral to JCR", found.header, rows)


def _attendance(work: Work, exact: ExactYear) -> list[Part]:
    return attendance_part(gathering.attendance(work, exact.organisation.id, exact.tables.year))
