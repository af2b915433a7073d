"""What the pages of retention accept."""

from datetime import date
from uuid import UUID

from cdop.errors import Invalid
from cdop.retention.periods import LONGEST, NewPeriod
from cdop.web.forms import Form, ask

_KINDS = {"deaths", "referrals", "rights_requests"}


class ProposeForm(Form):
    """Records to propose for erasure, each as `table:id`."""

    records: list[str] = ask("at least one record")

    def chosen(self) -> list[tuple[str, UUID]]:
        """Return the records. Raises Invalid for what no such page offers."""
        found = []
        for each in self.records:
            kind, _, id = each.partition(":")
            try:
                found.append((kind, UUID(id)))
            except ValueError:
                kind = ""
            if kind not in _KINDS:
                raise Invalid({"records": "Choose records from the list"})
        return found


class PeriodForm(Form):
    """An organisation's decision on a period. No years: keep."""

    kind: str = ask("the kind of record", missing="Choose a kind of record", max_length=40)
    organisation_id: UUID | None = ask("the organisation", None)
    years: int | None = ask("the number of years", None, ge=1, le=LONGEST)
    decided_on: date = ask("the day of the decision")
    source: str = ask("who decided and where it is written", max_length=300)

    def command(self) -> NewPeriod:
        """Return the decision as the service takes it."""
        return NewPeriod(self.kind, self.organisation_id, self.years, self.decided_on, self.source)


class HoldForm(Form):
    """Why a record must not be erased."""

    why: str = ask("why it must be kept", missing="Choose why it must be kept", max_length=40)
    reason: str = ask("who asked for this, and what it is about", max_length=5000)


class LiftForm(Form):
    """Why a record need not be held any longer."""

    hold: UUID = ask("the hold", missing="Choose the hold to lift")
    lift_reason: str = ask("why it need not be held any longer", max_length=5000)
