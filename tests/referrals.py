"""Invented referrals for statistics: coded columns alone, nothing sealed. Nobody was referred."""

from datetime import date, timedelta
from uuid import UUID

from cdop.case_reviews.models import CaseReview, Decision, Referral
from cdop.db import new_id
from cdop.organisations import people
from cdop.reference.derive import financial_year
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from tests.factories import MAKER, Herefordshire, appoint, herefordshire

GROUP = "herefordshire-jcr"
BOARDS = {
    "children": "herefordshire",
    "adults": "herefordshire-adults",
    "community-safety": "herefordshire-csp",
}
IN_YEAR, BEFORE = date(2013, 9, 9), date(2012, 9, 10)
NOT_MET, INDEPENDENT = "criteria-not-met", "independent-multi-agency"


def add_referral(
    work: Work,
    county: Herefordshire,
    board: str = "children",
    kind: str | None = NOT_MET,
    *,
    received: date = IN_YEAR,
    decided: date | None = None,
    completed: date | None = None,
    death_id: UUID | None = None,
) -> UUID:
    """Add a referral to the group; with `kind` decided three weeks later, unless said otherwise."""
    key = new_id()
    referral = Referral(
        id=key,
        subject_id=key,
        organisation_id=county[GROUP],
        reference=f"JCR-{key.hex[-12:]}",
        board_id=county[BOARDS[board]],
        death_id=death_id,
        source="police",
        received_on=received,
        received_year=financial_year(received),
        status="completed" if completed else "decided" if kind else "received",
    )
    work.session.add(referral)
    work.session.flush()
    if kind:
        on = decided or received + timedelta(days=21)
        decision = Decision(referral_id=key, review_kind=kind, proposed_on=on, decided_on=on)
        work.session.add(decision)
    if completed and kind:
        add_review(work, key, kind, completed)
    work.session.flush()
    return key


def add_review(work: Work, referral_id: UUID, kind: str, completed: date) -> UUID:
    """Add a completed review to a referral."""
    referral = work.session.get_one(Referral, referral_id)
    review = CaseReview(
        organisation_id=referral.organisation_id,
        referral_id=referral_id,
        review_kind=kind,
        started_on=referral.received_on,
        completed_on=completed,
        completed_year=financial_year(completed),
    )
    work.session.add(review)
    work.session.flush()
    return review.id


def referrals_2013_14(county: Herefordshire) -> None:
    """Add the published year: 7 for children, 3 for adults, 1 domestic homicide, by outcome.

    One review of the year before was completed in it. That one of its own was too is invented.
    """
    with county.register.work(MAKER) as work:
        add_referral(work, county, "children", "scr")
        add_referral(work, county, "children", "single-agency", completed=date(2014, 1, 20))
        for board, kind, number in (
            ("children", INDEPENDENT, 2),
            ("children", NOT_MET, 3),
            ("adults", INDEPENDENT, 2),
            ("adults", NOT_MET, 1),
            ("community-safety", NOT_MET, 1),
        ):
            for _ in range(number):
                add_referral(work, county, board, kind)
        add_referral(
            work, county, "children", INDEPENDENT, received=BEFORE, completed=date(2013, 6, 3)
        )


def with_referrals(register: Register) -> Herefordshire:
    """Return Herefordshire with its referrals, and an approver of the group's releases."""
    county = herefordshire(register)
    referrals_2013_14(county)
    with register.work(MAKER) as work:
        account = appoint(work, "release-approver", Role.RELEASE_APPROVER, county[GROUP])
        county.actors["release-approver"] = people.actor_of(work.session, account, work.now)
    return county
