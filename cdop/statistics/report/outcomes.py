"""The table "Outcome of Referral to JCR" as its founding report printed it, as far as it is shown.

Its rows and columns are those of the edition of its words; other rows that a release has stand
before the last, which is outside the sum. Methods of review are in no release.
"""

from cdop.reference import Table, TableRow, table
from cdop.statistics.contents import Package, said
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.report.values import Grid, Part
from cdop.statistics.subjects.referrals import BEFORE

_REFERRED, _COMPLETED = "referred-by-outcome-and-board", "completed-by-following-and-board"
_SUM = (
    "The rows from the second on add up to the first, save the last: reviews completed in the year "
    "are counted by when they ended."
)


def outcome_part(package: Package) -> list[Part]:
    """Return the table of a release that has its counts, of one year; of any other nothing."""
    codes = {each.code for each in package.tables.tables}
    if not {_REFERRED, _COMPLETED} <= codes or package.pooled > 1:
        return []
    words = table("jcr-outcomes", "2013")
    return [Part(words.title, [_SUM], grids=[_grid(package, words)])]


def _grid(package: Package, words: Table) -> Grid:
    served = package.tables.codes("board")
    columns = [each for each in words.columns if each.board_kind in served]
    boards = [str(each.board_kind) for each in columns]
    rows = [
        [label, *(said(package, (code, (row, board))) for board in boards)]
        for label, code, row in _rows(package, words)
    ]
    return Grid(words.title, [words.corner, *(each.label for each in columns)], rows)


def _rows(package: Package, words: Table) -> list[tuple[str, str, str]]:
    """Return each row's words, and the table and row of the release that it is."""
    named = {row.code: row for row in words.rows}
    total, last = named["referrals"], named["carried-over"]
    outcomes = [
        (_words(named.get(code), label, package), _REFERRED, code)
        for code, label in package.tables.answers["outcome"]
    ]
    year = package.tables.year
    return [
        (total.words(year), _REFERRED, TOTAL),
        *outcomes,
        (last.words(year), _COMPLETED, BEFORE),
    ]


def _words(row: TableRow | None, label: str, package: Package) -> str:
    return row.words(package.tables.year) if row else label
