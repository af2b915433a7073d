"""What the pages about a death accept. Which answers are needed is the service's to say."""

from datetime import date, time
from typing import Literal
from uuid import UUID

from cdop.deaths.commands import Child, Correction, NewNotification
from cdop.deaths.documents import Circumstances, Identity, Names, Notifier
from cdop.web.forms import Form, ask

ELSEWHERE = "elsewhere"


class ChildForm(Form):
    """The child and the death, as both the notification and a correction ask for them."""

    given_names: str | None = ask("the child's given names", None, max_length=200)
    family_name: str | None = ask("the child's family name", None, max_length=200)
    also_known_as: str | None = ask("other names", None, max_length=200)
    name_answer: str | None = ask("why there is no name", None, max_length=40)
    nhs_number: str | None = ask("the NHS number", None, max_length=40)
    nhs_number_answer: str | None = ask("why there is no NHS number", None, max_length=40)
    born_on: date | None = ask("the date of birth", None)
    sex: str | None = ask("the child's sex", None, max_length=40)
    ethnicity: str | None = ask("the child's ethnicity", None, max_length=40)
    address: str | None = ask("the address", None, max_length=500)
    postcode: str | None = ask("the postcode", None, max_length=20)
    residence_area: str | None = ask("the area of residence", None, max_length=40)
    died_on: date | None = ask("the date of death", None)
    died_at: time | None = ask("the time of death", None)
    expected: str | None = ask("whether the death was expected", None, max_length=40)
    place_of_death: str | None = ask("the place of death", None, max_length=40)
    death_area: str | None = ask("the area of the place of death", None, max_length=40)

    def child(self) -> Child:
        """Return the child as the services take it."""
        return Child(
            names=Names(
                given=self.given_names or "",
                family=self.family_name or "",
                also_known_as=self.also_known_as or "",
                answer=self.name_answer or "",
            ),
            identity=Identity(
                nhs_number=self.nhs_number or "",
                nhs_number_answer=self.nhs_number_answer or "",
                born_on=self.born_on,
                died_on=self.died_on,
                died_at=self.died_at,
                address=self.address or "",
                postcode=(self.postcode or "").upper(),
            ),
            sex=self.sex or "",
            ethnicity=self.ethnicity or "",
            expected=self.expected or "",
            place_of_death=self.place_of_death or "",
            residence_area_id=_area(self.residence_area),
            death_area_id=_area(self.death_area),
        )


def _area(chosen: str | None) -> UUID | None:
    try:
        return UUID(chosen) if chosen and chosen != ELSEWHERE else None
    except ValueError:
        return None


class NotificationForm(ChildForm):
    """A notification. `cdop` is asked only of those who notify to several panels."""

    place_name: str | None = ask("where the child died", None, max_length=300)
    narrative: str | None = ask("the circumstances", None, max_length=20_000)
    notifier_name: str | None = ask("who notified the death", None, max_length=200)
    notifier_role: str | None = ask("the notifier's role", None, max_length=200)
    notifier_agency: str | None = ask("the notifier's agency", None, max_length=40)
    notifier_contact: str | None = ask("how to reach the notifier", None, max_length=300)
    out_of_scope: str | None = ask("why the death is out of scope", None, max_length=60)
    scope_confirmed: Literal["yes"] | None = ask("that this is out of scope", None)
    scope_remark: str | None = ask("a remark", None, max_length=2000)
    cdop: UUID | None = ask("the panel", None)

    def command(self, cdop_id: UUID) -> NewNotification:
        """Return the notification as the service takes it."""
        return NewNotification(
            cdop_id=cdop_id,
            child=self.child(),
            circumstances=Circumstances(
                narrative=self.narrative or "", place_name=self.place_name or ""
            ),
            notifier=Notifier(
                name=self.notifier_name or "",
                role=self.notifier_role or "",
                agency=self.notifier_agency or "",
                contact=self.notifier_contact or "",
            ),
            out_of_scope=self.out_of_scope,
            scope_confirmed=self.scope_confirmed == "yes",
            scope_remark=self.scope_remark or "",
        )


class CorrectionForm(ChildForm):
    """A correction; `revision` is the one that the person was shown."""

    reason: str | None = ask("why this is corrected", None, max_length=2000)
    revision: int = ask("the revision")

    def command(self) -> Correction:
        """Return the correction as the service takes it."""
        return Correction(self.child(), self.revision, self.reason or "")


class SummaryForm(Form):
    """The anonymised summary."""

    summary: str | None = ask("the summary", None, max_length=20_000)


class StepForm(Form):
    """A step marked as done."""

    step: str = ask("the step", max_length=60)
    done_on: date = ask("the day on which it was done")


class SettleForm(Form):
    """A task about reviewing panels or a further notification, closed with a remark."""

    kind: str = ask("the task", max_length=60)
    remark: str = ask("what was agreed or found", max_length=2000)


class MatchForm(Form):
    """A decision about a possible duplicate."""

    match: UUID = ask("the possible duplicate")
    decision: Literal["same", "different"] = ask("whether this is the same child")


class KeyWorkerForm(Form):
    """To whom a case is assigned, by user name."""

    key_worker: str = ask("the key worker", missing="Select a key worker", max_length=200)
