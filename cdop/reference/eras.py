"""The three eras of child death review in England; a case belongs to that of its completion."""

from datetime import date
from functools import cache

from cdop.reference.codelists import codelist_edition
from cdop.reference.loading import NotInForce


@cache
def era_on(day: date) -> str:
    """Return "E1" (preventable), "E2" (modifiable) or "E3" (child death review partners).

    Raises `NotInForce` before 1 April 2008, when the duty to review began.
    """
    for item in codelist_edition("eras", "1").every:
        if item.offered(day):
            return item.code
    raise NotInForce(f"No era of child death review covers {day.isoformat()}.")
