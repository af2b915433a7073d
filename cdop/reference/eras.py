"""The three eras of child death review in England; a case belongs to that of its completion."""

from datetime import date
from functools import cache

from cdop.reference.codelists import codelist_edition
from cdop.reference.loading import NotInForce

REVIEW_BEGAN = date(2006, 4, 1)
"""Boards could review from this day and had to from 1 April 2008. No list is in force
before it: refuse an earlier date of death as mistyped."""


@cache
def era_on(day: date) -> str:
    """Return "E1" (preventable), "E2" (modifiable) or "E3" (child death review partners).

    Raises `NotInForce` before 1 April 2008, when the duty to review began.
    """
    for item in codelist_edition("eras", "1").every:
        if item.offered(day):
            return item.code
    raise NotInForce("No era of child death review covers that day.")
