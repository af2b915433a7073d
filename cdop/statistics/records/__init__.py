"""The coded rows that statistics count, of each subject. Nothing sealed is opened here."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import pandas as pd
from sqlmodel import Session

from cdop.organisations.models import Organisation
from cdop.security.work import Work
from cdop.statistics.records import deaths, referrals
from cdop.statistics.subjects import DEATHS, REFERRALS


@dataclass(frozen=True)
class Source:
    """Where the rows of a subject come from.

    `rows` of a year, or of several pooled up to it; `years` for which there are any; `known_to`:
    the ids of those that an organisation knows already, Refused where the actor may not see which.
    `absent` are answers that no record of some years can have, as everybody knows, by column.
    """

    rows: Callable[[Session, Collection[UUID], str, int], pd.DataFrame]
    years: Callable[[Session, Collection[UUID]], set[str]]
    known_to: Callable[[Work, Organisation], list[str]]
    absent: Callable[[Session, Collection[UUID], Sequence[str]], dict[str, list[str]]]


SOURCES: Mapping[str, Source] = {
    DEATHS.code: Source(deaths.deaths, deaths.years, deaths.known_to, deaths.absent),
    REFERRALS.code: Source(
        referrals.referrals, referrals.years, referrals.known_to, referrals.absent
    ),
}
