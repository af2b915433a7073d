"""Invented deaths for statistics: coded columns alone, nothing sealed. Nobody lived or died."""

from datetime import UTC, date, datetime
from uuid import UUID

from sqlmodel import select

from cdop.db import new_id
from cdop.deaths.models import Death
from cdop.overview.models import Review
from cdop.reference.derive import financial_year
from cdop.security.work import Register, Work
from tests.factories import MAKER

YEAR = "2013-14"
AGES = ("0-27-days", "28-364-days", "1-4-years", "5-9-years", "10-14-years", "15-17-years")
IN_YEAR, BEFORE, AFTER = date(2013, 9, 9), date(2013, 2, 9), date(2014, 4, 9)
REVIEW_DAY = date(2014, 2, 14)


def add_death(
    work: Work,
    cdop_id: UUID,
    *,
    died: date = IN_YEAR,
    notified: date | None = None,
    reviewed: date | None = None,
    age: str = "0-27-days",
    sex: str = "male",
    ethnic: str = "white",
    category: str = "8",
    modifiable: str = "no",
    status: str = "",
) -> UUID:
    """Add the row of a death to a panel, and of its signed-off review when it has one."""
    key = new_id()
    known = notified or died
    row = Death(
        id=key,
        subject_id=key,
        organisation_id=cdop_id,
        reference=f"CD-{key.hex[-12:]}",
        status=status or ("reviewed" if reviewed else "open"),
        out_of_scope="stillbirth" if status == "out-of-scope" else None,
        joined_to_id=_any_death(work) if status == "joined" else None,
        notified_on=known,
        reviewed_on=reviewed,
        sex=sex,
        ethnicity="A",
        expected="unexpected",
        place_of_death="home",
        derived_by="tests",
        died_year=financial_year(died),
        notified_year=financial_year(known),
        reviewed_year=financial_year(reviewed) if reviewed else None,
        age_band=age,
        ethnic_group=ethnic,
        deprivation="not-known",
    )
    work.session.add(row)
    work.session.flush()
    if reviewed:
        _add_review(work, row, reviewed, category, modifiable)
    return key


def _any_death(work: Work) -> UUID:
    return work.session.exec(select(Death.id)).first()


def _add_review(work: Work, of: Death, day: date, category: str, modifiable: str) -> None:
    work.session.add(
        Review(
            subject_id=of.id,
            organisation_id=of.organisation_id,
            death_id=of.id,
            form_edition="E2",
            reviewed_on=day,
            status="signed-off",
            category=category,
            modifiable=modifiable,
            drafted_by="tests",
            signed_off_at=datetime(2014, 2, 14, tzinfo=UTC),
            signed_off_by="tests",
        )
    )
    work.session.flush()


def herefordshire_2013_14(register: Register, cdop_id: UUID) -> None:
    """Add the published year: 11 deaths, 5 of them reviewed (3 male, 2 female; 1 modifiable).

    The rest is invented: ages, categories, and one of the 11 notified after the year's end.
    """
    with register.work(MAKER) as work:
        for number, (sex, category, modifiable) in enumerate(
            [
                ("male", "8", "no"),
                ("male", "7", "no"),
                ("male", "10", "yes"),
                ("female", "8", "no"),
                ("female", "4", "no"),
            ]
        ):
            add_death(
                work,
                cdop_id,
                reviewed=REVIEW_DAY,
                age=AGES[number // 2],
                sex=sex,
                category=category,
                modifiable=modifiable,
            )
        for number in range(6):
            late = AFTER if number == 5 else None
            sex = "female" if number % 2 else "male"
            add_death(work, cdop_id, notified=late, age=AGES[number], sex=sex)
