"""What a panel answers about one death, as values: the coded answers and the panel's words.

Codes are those of the edition of the analysis form in force on the day the panel met.
"""

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict


class Analysis(BaseModel):
    """The panel's words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cause: str = ""
    issues: str = ""
    learning: str = ""
    recommendations: str = ""
    family_follow_up: str = ""


class FactorNotes(BaseModel):
    """What the panel typed beside each factor line, by the line's position."""

    model_config = ConfigDict(extra="forbid")

    notes: dict[int, str] = {}


@dataclass(frozen=True)
class Line:
    """One contributory factor, or the answer that a domain holds none.

    `factor` is a code of the form's list, `OTHER` (described in `note`) or `NONE` (no factor was
    identified in the domain, or there is no information). `relevance` is empty while unanswered;
    `modifiable` is `yes` or `no` on forms that ask it of each line, otherwise empty.
    """

    domain: str
    factor: str
    relevance: str = ""
    modifiable: str = ""
    note: str = ""


RETURN_FACTS = {
    "event": "event-kinds",
    "social_care": "social-care-status",
    "statutory_order": "order-status",
    "asylum_seeker": "asylum-seeker",
    "case_review": "case-review-held",
    "agency_response": "jar-held",
}
"""Facts that the national return counts of each review, by the code list of their answers."""

OTHER = "other"
NONE = "none"


@dataclass(frozen=True)
class Draft:
    """What a panel has answered about a death so far. None and empty mean not yet answered."""

    category: str | None = None
    secondary: tuple[str, ...] = ()
    modifiable: str | None = None
    lines: tuple[Line, ...] = ()
    analysis: Analysis = field(default_factory=Analysis)
    event: str | None = None
    social_care: str | None = None
    statutory_order: str | None = None
    asylum_seeker: str | None = None
    case_review: str | None = None
    agency_response: str | None = None
