"""What the page of outcomes shows: an exact table, and a picture of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdop.organisations import queries as organisations
from cdop.organisations.models import BoardKind, Kind, Organisation
from cdop.reference.derive import financial_year
from cdop.security.work import Work
from cdop.statistics.outcomes import INTERNAL, READ, OutcomeTable, jcr_outcomes

FIRST_YEAR = 2008
# The published words are too long for a bar on a narrow screen.
_SHORT = {
    "statutory": "Serious case review",
    "independent-multi-agency": "Independently chaired",
    "internal-multi-agency": "Internally chaired",
    "single-agency": "Single agency",
    "criteria-not-met": "Criteria not met",
    "undecided": "Awaiting a decision",
}


@dataclass(frozen=True)
class OutcomesPage:
    """The table of a board's group and year; without one, only what there is to choose from."""

    warning: str
    boards: tuple[tuple[str, str], ...]
    years: tuple[str, ...]
    board: str
    year: str
    table: OutcomeTable | None
    bars: list[tuple[str, int, str]]


def outcomes_page(work: Work, board: str | None, year: str | None) -> OutcomesPage:
    """Return the outcomes asked for; of the first board in scope and this year unless said."""
    boards = _boards(work)
    names = organisations.names_on(work.session, {b.id for b in boards}, work.today)
    board = board or (boards[0].slug if boards else None)
    year = year or financial_year(work.today)
    table = jcr_outcomes(work, board, year) if board else None
    return OutcomesPage(
        warning=INTERNAL,
        boards=tuple((b.slug, names[b.id]) for b in boards),
        years=_years(work),
        board=board or "",
        year=year,
        table=table,
        bars=_bars(table) if table else [],
    )


def _boards(work: Work) -> Sequence[Organisation]:
    """Return the children boards whose group's exact figures the actor may read."""
    found = []
    for board in organisations.in_force(work.session, Kind.BOARD, work.today):
        groups = organisations.serving(work.session, board.id, Kind.GROUP, work.today)
        if board.board_kind == BoardKind.CHILDREN and any(
            work.actor.may(READ, group.id) for group in groups
        ):
            found.append(board)
    return found


def _years(work: Work) -> tuple[str, ...]:
    this = int(financial_year(work.today)[:4])
    return tuple(f"{y}-{(y + 1) % 100:02d}" for y in range(this, FIRST_YEAR - 1, -1))


def _bars(table: OutcomeTable) -> list[tuple[str, int, str]]:
    """Return the outcomes of all boards together, as bars."""
    rows = [row for row in table.rows if row.in_sum]
    return [
        (_SHORT.get(row.code, row.label), sum(row.counts), str(sum(row.counts))) for row in rows
    ]
