"""Rows of referrals: those received in some years of a group, and the reviews completed in them.

A group's figures include those of the groups whose place it took. What a referral led to is the
decision that stood on the last day of the year in which it was received, whatever is pooled.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import pandas as pd
from sqlmodel import Session, col, or_, select

from cdop.case_reviews.models import CaseReview, Decision, Referral
from cdop.deaths.models import Death
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.reference import codelist
from cdop.reference.derive import previous_financial_year
from cdop.security.work import Work
from cdop.statistics.records.answers import answer
from cdop.statistics.records.seeing import check_seen
from cdop.statistics.subjects import REFERRALS
from cdop.statistics.subjects.referrals import BEFORE, EARLIER, THIS
from cdop.statistics.year_tables import pooled_years, year_days, year_tables

COLUMNS = ("referred_year", "completed_year", "board", "review_kind", "following")
Row = tuple[Any, ...]


def referrals(session: Session, places: Collection[UUID], year: str, pooled: int) -> pd.DataFrame:
    """Return a row for each referral that the years of some groups count, by its id.

    It has the first of its reviews to be completed; each other completed in these years is a row of
    its own, by the review's id, that is not counted as a referral.
    """
    pool = pooled_years(year, pooled, REFERRALS.code)
    reviews = _completed(session, places)
    done = [id for id, each in reviews.items() if any(r.completed_year in pool for r in each)]
    query = select(Referral).where(
        col(Referral.organisation_id).in_(places),
        or_(col(Referral.received_year).in_(pool), col(Referral.id).in_(done)),
    )
    counted = session.exec(query.order_by(col(Referral.id))).all()
    stood, boards = _stood(session, counted), _boards(session)
    rows: dict[str, Row] = {}
    for each in counted:
        what = boards[each.board_id], stood.get(each.id)
        rows |= _rows(each, *what, reviews.get(each.id, ()), pool)
    found = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS), dtype=object)
    return described(found.rename_axis("id"), year, pooled)


def years(session: Session, places: Collection[UUID]) -> set[str]:
    """Return the years for which some groups have referrals, or reviews completed."""
    found: set[str] = set()
    for column, of in (
        (Referral.received_year, Referral.organisation_id),
        (CaseReview.completed_year, CaseReview.organisation_id),
    ):
        query = select(column).where(col(of).in_(places))
        found |= {year for year in session.exec(query.distinct()) if year}
    return found


def known_to(work: Work, of: Organisation) -> list[str]:
    """Return the ids of the records that an organisation knows: it was the board or the group, or
    the panel of the death that was referred.
    """
    line = organisations.with_predecessors(work.session, of.id)
    knows = col(Referral.board_id).in_(line) | col(Referral.organisation_id).in_(line)
    if of.kind == Kind.CDOP:
        check_seen(work, of)
        dead = select(Death.id).where(col(Death.organisation_id).in_(line))
        knows |= col(Referral.death_id).in_(dead)
    mine = list(work.session.exec(select(Referral.id).where(knows)))
    reviews = select(CaseReview.id).where(col(CaseReview.referral_id).in_(mine))
    return [str(id) for id in (*mine, *work.session.exec(reviews))]


def absent(
    session: Session, places: Collection[UUID], years: Sequence[str]
) -> dict[str, list[str]]:
    """Return the kinds of board that some groups served on no day of some years."""
    first, last = year_days(years[0])[0], year_days(years[-1])[1]
    served = {
        board.board_kind
        for place in places
        for board in organisations.served_between(session, place, first, last)
    }
    never = [kind for kind in codelist("board-kinds", last).codes() if kind not in served]
    return {"board": never} if never and served else {}


def described(records: pd.DataFrame, year: str, pooled: int = 1) -> pd.DataFrame:
    """Add to coded rows of some years their populations, and the columns that follow from them."""
    pool = pooled_years(year, pooled, REFERRALS.code)
    for population in REFERRALS.populations:
        records[population] = records[f"{population}_year"].isin(pool)
    for name, population in (("review_kind", "referred"), ("following", "completed")):
        records[name] = records[name].where(records[population], None)
    return answer(records, year_tables(year, counts=REFERRALS.code))


def _completed(session: Session, places: Collection[UUID]) -> dict[UUID, list[CaseReview]]:
    """Return the reviews ever completed of each referral, the first one first."""
    query = (
        select(CaseReview)
        .where(
            col(CaseReview.organisation_id).in_(places), col(CaseReview.completed_on).is_not(None)
        )
        .order_by(col(CaseReview.completed_on), col(CaseReview.id))
    )
    found = defaultdict(list)
    for review in session.exec(query):
        found[review.referral_id].append(review)
    return found


def _stood(session: Session, of: Sequence[Referral]) -> dict[UUID, str]:
    """Return the kind of review decided for each referral by the end of the year it came in."""
    ends = {each.id: year_days(each.received_year)[1] for each in of}
    query = select(Decision).where(col(Decision.referral_id).in_(ends))
    return {
        each.referral_id: each.review_kind
        for each in session.exec(query)
        if each.decided_on and each.decided_on <= ends[each.referral_id]
    }


def _boards(session: Session) -> dict[UUID, str | None]:
    """Return the kind of each board."""
    query = select(Organisation).where(Organisation.kind == Kind.BOARD)
    return {each.id: each.board_kind for each in session.exec(query)}


def _rows(
    referral: Referral,
    board: str | None,
    stood: str | None,
    reviews: Sequence[CaseReview],
    pool: Collection[str],
) -> Iterable[tuple[str, Row]]:
    """Return the rows of one referral: its own, and of each further review completed."""
    came, first = referral.received_year, next(iter(reviews), None)
    done = first.completed_year if first and first.completed_year in pool else None
    if came in pool or done:
        yield str(referral.id), (came, done, board, stood, _following(came, done))
    for review in reviews[1:]:
        if review.completed_year in pool:
            follows = _following(came, review.completed_year)
            yield str(review.id), (None, review.completed_year, board, None, follows)


def _following(came: str, done: str | None) -> str | None:
    """Return in which year before its review a case was referred; None for one not in order."""
    if done is None or done < came:
        return None
    if done == came:
        return THIS
    return BEFORE if previous_financial_year(done) == came else EARLIER
