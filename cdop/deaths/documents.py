"""What is sealed about a death: the typed documents, and the permission that opens each.

Empty text means that nothing was typed; "not known" and the like are answers of their own, kept
in the `*_answer` fields with the codes of the code list `missing_answers`.
"""

from datetime import date, time

from pydantic import BaseModel, ConfigDict

from cdop.security.sections import Section


class Names(BaseModel):
    """A child's names: the narrow section that lists and searches open."""

    model_config = ConfigDict(extra="forbid")

    given: str = ""
    family: str = ""
    also_known_as: str = ""
    answer: str = ""

    @property
    def full(self) -> str:
        """Return the name as read aloud, or an empty text."""
        return " ".join(part for part in (self.given, self.family) if part)


class Identity(BaseModel):
    """Who the child is, and the exact dates."""

    model_config = ConfigDict(extra="forbid")

    nhs_number: str = ""
    nhs_number_answer: str = ""
    born_on: date | None = None
    died_on: date | None = None
    died_at: time | None = None
    address: str = ""
    postcode: str = ""


class Circumstances(BaseModel):
    """What happened, in the notifier's words, and where."""

    model_config = ConfigDict(extra="forbid")

    narrative: str = ""
    place_name: str = ""


class Notifier(BaseModel):
    """Who told the panel."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    role: str = ""
    agency: str = ""
    contact: str = ""


class Summary(BaseModel):
    """The anonymised account that the panel reads."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""


class Remark(BaseModel):
    """A short typed remark: the reason of a correction, an out-of-scope explanation."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""


IDENTITY_READ = "deaths:identity:read"
NARRATIVE_READ = "deaths:narrative:read"

NAMES = Section("deaths", "names", Names, IDENTITY_READ)
IDENTITY = Section("deaths", "identity", Identity, IDENTITY_READ)
SUMMARY = Section("deaths", "summary", Summary, "overview:case:read")
SCOPE_REMARK = Section("deaths", "scope_remark", Remark, "deaths:case:read")

NOTIFIED_NAMES = Section("notifications", "names", Names, IDENTITY_READ)
NOTIFIED_IDENTITY = Section("notifications", "identity", Identity, IDENTITY_READ)
CIRCUMSTANCES = Section("notifications", "circumstances", Circumstances, NARRATIVE_READ)
NOTIFIER = Section("notifications", "notifier", Notifier, NARRATIVE_READ)

EVENT_REMARK = Section("death_events", "remark", Remark, "deaths:case:read")
