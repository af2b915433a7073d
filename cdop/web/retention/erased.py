"""What is shown in place of a record that was erased."""

from datetime import date

from cdop.case_reviews.models import Referral
from cdop.deaths.models import Death
from cdop.reference import codelist
from cdop.reference.loading import NotInForce, Unknown
from cdop.security.sealing import ERASED
from cdop.security.work import Work
from cdop.web.retention.pages import ErasedPage, erased_page
from cdop.web.templating import day


def erased_case(work: Work, death: Death) -> ErasedPage | None:
    """Return what is left of a case, or None while it is not erased. Costs nothing then."""
    if death.names != ERASED:
        return None
    on = death.reviewed_on or death.notified_on
    coded = [
        ("Sex", _label("sex", death.sex, on)),
        ("Age at death", _label("age-bands", death.age_band, on)),
        ("Expected", _label("expected", death.expected, on)),
        ("Place of death", _label("place-of-death", death.place_of_death, on)),
        ("Year of death", death.died_year),
        ("Notified", day(death.notified_on)),
        ("Reviewed", day(death.reviewed_on) if death.reviewed_on else "Not reviewed"),
    ]
    kept_by = death.joined_to_id or death.id
    return erased_page(work, kept_by, ("Cases", "/deaths"), coded)


def erased_referral(work: Work, referral: Referral) -> ErasedPage | None:
    """Return what is left of a referral, or None while it is not erased. Costs nothing then."""
    if referral.subject != ERASED:
        return None
    on = referral.received_on
    coded = [
        ("Received", day(on)),
        ("From", _label("referral-sources", referral.source, on)),
        ("Year", referral.received_year),
    ]
    return erased_page(work, referral.id, ("Referrals", "/referrals"), coded)


def _label(list_id: str, code: str, on: date) -> str:
    try:
        return codelist(list_id, on).label(code)
    except (Unknown, NotInForce):
        return code
