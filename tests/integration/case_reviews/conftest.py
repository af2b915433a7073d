"""What the tests of case review share: short ways to refer, recommend and decide."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

import pytest

from cdop.case_reviews import service
from cdop.case_reviews.commands import (
    DecisionState,
    NewDecision,
    NewRecommendation,
    NewReferral,
)
from cdop.case_reviews.models import Concern, Subject
from cdop.clock import FixedClock, noon
from cdop.security.work import Work
from tests.factories import Herefordshire

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Jcr:
    """Herefordshire's joint case review group at work; `on` moves its clock."""

    county: Herefordshire
    clock: FixedClock

    def on(self, day: date) -> "Jcr":
        self.clock.at = noon(day)
        return self

    def refer(self, board: str = "herefordshire", who: str = "jcr-administrator") -> UUID:
        new = NewReferral(
            board_id=self.county[board],
            source="police",
            subject=Subject(name="Invented Person", born_on=date(2001, 5, 6)),
            concern=Concern(narrative="An invented concern about joint working."),
        )
        return self.do(who, service.refer, new)

    def recommend(
        self, referral: UUID, kind: str, method: str | None = None, who: str = "jcr-member"
    ) -> UUID:
        new = NewRecommendation(kind, method, rationale="The criteria were weighed.")
        return self.do(who, service.recommend, referral, new)

    def decide(
        self,
        referral: UUID,
        kind: str,
        method: str | None = None,
        who: str = "children-chair",
        rationale: str = "",
    ) -> DecisionState:
        return self.do(who, service.decide, referral, NewDecision(kind, method, rationale))

    def do(
        self,
        who: str,
        verb: Callable[Concatenate[Work, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        return self.county.register.do(self.county.actors[who], verb, *args, **kwargs)


@pytest.fixture
def jcr(county: Herefordshire, clock: FixedClock) -> Jcr:
    """The group on 1 May 2013, when the children board's chair decides alone."""
    return Jcr(county, clock).on(date(2013, 5, 1))
