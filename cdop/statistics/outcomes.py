"""The table "Outcome of Referral to JCR": exact, internal, and the same whenever it is asked for.

Rows 1 to 6 count the referrals received in the year, by the decision that stood on its last day;
row 7 counts reviews completed in the year whose referral came in the year before, outside the sum.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import col, select

from cdop.case_reviews.models import CaseReview, Decision, Referral
from cdop.errors import Invalid, NotFound
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.reference import Table, TableRow, codelist, table
from cdop.reference.derive import financial_year_days, previous_financial_year
from cdop.reference.tables import cell
from cdop.security.work import Work
from cdop.spreadsheets import inert_row
from cdop.statistics import counting

READ, INTERNAL = counting.READ, counting.INTERNAL
UNDECIDED = "undecided"
_AWAITING = "Awaiting a decision at the end of the year"


@dataclass(frozen=True)
class OutcomeRow:
    """A row as printed: its words, its cells and the counts in them, in the columns' order.

    `in_sum`: these rows add up to the first.
    """

    code: str
    label: str
    cells: tuple[str, ...]
    counts: tuple[int, ...]
    in_sum: bool


@dataclass(frozen=True)
class OutcomeTable:
    """One group's year, exact: `rows` under `header`, in the words of an edition (`source`).

    `board` is the slug of the board that was asked for.
    """

    board: str
    group: str
    year: str
    header: tuple[str, ...]
    rows: tuple[OutcomeRow, ...]
    edition: str
    source: str

    def to_csv(self) -> str:
        """Return the table as it was published: header and rows, no other line."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(inert_row((row.label, *row.cells)) for row in self.rows)
        return out.getvalue()

    @property
    def file_name(self) -> str:
        """Return the name of its file, which says that it is internal."""
        return f"INTERNAL-jcr-outcomes-{self.board}-{self.year}.csv"


@dataclass(frozen=True)
class _Case:
    """A referral or review to count: its board's kind, and the kind and method of review."""

    board_kind: str
    review_kind: str
    methodology: str | None


def jcr_outcomes(work: Work, board_slug: str, year: str) -> OutcomeTable:
    """Return the outcomes of a year such as "2013-14", for the group that serves a board.

    The group is the one that serves it on the year's last day; its columns are all boards that it
    serves, by their kind. Raises Invalid for a year written otherwise, NotFound for a board unknown
    or without a group, Denied without the permission at that group.
    """
    work.check(READ)
    last = _last_day(year)
    group = _group(work, board_slug, last)
    work.check(READ, group.id)
    edition = table("jcr-outcomes", "2013")
    groups = organisations.with_predecessors(work.session, group.id)
    cases = {
        "referred": _referred(work, groups, year, last),
        "completed": _carried_over(work, groups, year),
    }
    rows = _with_extra_rows(edition, cases["referred"], last)
    work.audit(READ, ("organisations", group.id), group.id, report="jcr-outcomes", year=year)
    return OutcomeTable(
        board=board_slug,
        group=organisations.name_on(work.session, group.id, last),
        year=year,
        header=edition.header(),
        rows=tuple(_count(edition, row, year, cases[row.by]) for row in rows),
        edition=edition.edition,
        source=edition.source,
    )


def _last_day(year: str) -> date:
    try:
        return financial_year_days(year)[1]
    except ValueError as error:
        raise Invalid({"year": str(error)}) from None


def _group(work: Work, board_slug: str, day: date) -> Organisation:
    board = organisations.by_slug(work.session, board_slug, Kind.BOARD)
    found = organisations.serving(work.session, board.id, Kind.GROUP, day)
    if not found:
        raise NotFound
    return found[0]


def _referred(work: Work, groups: frozenset[UUID], year: str, last: date) -> list[_Case]:
    """Return the year's referrals with the decisions that stood on its last day."""
    stood = and_(col(Decision.referral_id) == Referral.id, col(Decision.decided_on) <= last)
    query = (
        select(Organisation.board_kind, Decision.review_kind, Decision.methodology)
        .select_from(Referral)
        .join(Organisation, col(Organisation.id) == Referral.board_id)
        .outerjoin(Decision, stood)
        .where(col(Referral.organisation_id).in_(groups), Referral.received_year == year)
    )
    return _cases(work.session.exec(query))


def _carried_over(work: Work, groups: frozenset[UUID], year: str) -> list[_Case]:
    """Return the reviews completed in the year whose referral was received in the year before."""
    query = (
        select(Organisation.board_kind, CaseReview.review_kind, CaseReview.methodology)
        .select_from(CaseReview)
        .join(Referral, col(Referral.id) == CaseReview.referral_id)
        .join(Organisation, col(Organisation.id) == Referral.board_id)
        .where(
            col(CaseReview.organisation_id).in_(groups),
            CaseReview.completed_year == year,
            Referral.received_year == previous_financial_year(year),
        )
    )
    return _cases(work.session.exec(query))


def _cases(found: Iterable[tuple[str | None, str | None, str | None]]) -> list[_Case]:
    return [_Case(board or "", kind or UNDECIDED, method) for board, kind, method in found]


def _with_extra_rows(edition: Table, referred: Sequence[_Case], last: date) -> list[TableRow]:
    """Return the edition's rows and those for what it has none for, so that every referral counts.

    They are kinds of review that came later than the edition, and referrals undecided at the end
    of the year. They stand before the row that is outside the sum.
    """
    known = {kind for row in edition.rows for kind in row.review_kinds}
    labels = [(item.code, item.label) for item in codelist("review-kinds", last).every]
    labels.append((UNDECIDED, _AWAITING))
    extra = [
        TableRow(
            code=kind,
            label=label,
            by="referred",
            review_kinds=(kind,),
            in_sum=True,
            shows_methods=kind != UNDECIDED,
        )
        for kind, label in labels
        if kind not in known and any(case.review_kind == kind for case in referred)
    ]
    by_referral = [row for row in edition.rows if row.by == "referred"]
    return [*by_referral, *extra, *(row for row in edition.rows if row.by == "completed")]


def _count(edition: Table, row: TableRow, year: str, cases: Sequence[_Case]) -> OutcomeRow:
    counts, cells = [], []
    for column in edition.columns:
        here = [
            case
            for case in cases
            if case.board_kind == column.board_kind
            and (not row.review_kinds or case.review_kind in row.review_kinds)
        ]
        methods = Counter(case.methodology for case in here if case.methodology)
        counts.append(len(here))
        cells.append(cell(len(here), methods if row.shows_methods else None))
    return OutcomeRow(row.code, row.words(year), tuple(cells), tuple(counts), row.in_sum)
