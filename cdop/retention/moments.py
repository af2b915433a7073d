"""The moment before which a period of years is over, for rows that carry a time."""

from datetime import date, datetime, time

from cdop.clock import LONDON
from cdop.reference.retention import period_began


def over_before(today: date, years: int) -> datetime:
    """Return the moment before which a row's period of whole years is over today."""
    first_kept = date.fromordinal(period_began(today, years).toordinal() + 1)
    return datetime.combine(first_kept, time(), LONDON)
