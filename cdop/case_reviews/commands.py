"""What a person asks of the case review services, as values. Never a table's parent."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cdop.case_reviews.models import Concern, Subject
from cdop.db import new_id


@dataclass(frozen=True)
class NewReferral:
    """A case referred for one board. `source` is a code of `referral-sources`.

    `received_on` is today unless said. `id` is made with the form, so that the same form sent
    twice makes one referral.
    """

    board_id: UUID
    source: str
    subject: Subject
    concern: Concern
    received_on: date | None = None
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True)
class NewRecommendation:
    """What the group recommends: codes of `review-kinds` and `methodologies` on that day.

    `recommended_on` is today unless said.
    """

    review_kind: str
    methodology: str | None = None
    rationale: str = ""
    dissent: str = ""
    recommended_on: date | None = None
    meeting_id: UUID | None = None


@dataclass(frozen=True)
class NewDecision:
    """What a decision maker decides or assents to, on a day (today unless said)."""

    review_kind: str
    methodology: str | None = None
    rationale: str = ""
    dissent: str = ""
    decided_on: date | None = None


@dataclass(frozen=True)
class DecisionState:
    """How a decision stands after an office gave its word: who else must still assent."""

    decision_id: UUID
    stands: bool
    awaited: tuple[str, ...] = ()
