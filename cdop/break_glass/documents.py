"""What is sealed about an access by break-glass, and which permissions there are."""

from pydantic import BaseModel, ConfigDict

from cdop.security.sections import Section

OPEN = "access:break-glass:open"
READ = "access:break-glass:read"
REVIEW = "access:break-glass:review"
REASONS = "break-glass-reasons"


class Words(BaseModel):
    """Why the access was needed, or what its review found, in somebody's own words."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""


NEED = Section("break_glass", "need", Words, REVIEW)
FINDING = Section("break_glass", "review", Words, REVIEW)
