"""What the auditor may ask for."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import model_validator

from cdop.errors import Invalid
from cdop.web.forms import Form, ask

_ORDER = "The last day must not be before the first"


class StretchForm(Form):
    """A stretch of days, both ends included."""

    first: date | None = ask("the first day", None)
    last: date | None = ask("the last day", None)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first and self.last and self.last < self.first:
            raise Invalid({"last": _ORDER})
        return self


class LogForm(StretchForm):
    """Which lines: any part may be left out. It stands in the address: it names no child."""

    case: str | None = ask("the case", None, max_length=40)
    who: str | None = ask("the user name", None, max_length=100)
    action: str | None = ask("what was done", None, max_length=100)
    outcome: Literal["done", "denied", "failed"] | None = ask("the outcome", None)
    organisation: UUID | None = ask("the organisation", None)


class ExportForm(LogForm):
    """The same, to take away: as a table, or (the whole log) as a file that proves itself."""

    form: Literal["csv", "verifiable"] = ask("the form")
