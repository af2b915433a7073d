"""What the pages of requests about rights accept. Codes are checked by the services."""

from datetime import date
from uuid import UUID

from cdop.errors import Invalid
from cdop.retention.rights.models import Asked
from cdop.retention.rights.service import NewRequest
from cdop.web.forms import Form, ask


class RequestForm(Form):
    """A request as it arrived."""

    organisation_id: UUID = ask("the organisation", missing="Choose the organisation that is asked")
    kind: str = ask("what is asked for", missing="Choose what is asked for", max_length=40)
    relation: str = ask("who asks", missing="Choose who asks", max_length=40)
    received_on: date = ask("the day it was received")
    name: str = ask("the name of whoever asks", max_length=300)
    contact: str = ask("how to reach them", "", max_length=1000)
    about: str = ask("the person it is about", "", max_length=300)
    nhs_number: str = ask("the NHS number", "", max_length=20)
    born_on: date | None = ask("the date of birth", None)
    text: str = ask("what they wrote", "", max_length=20_000)

    def command(self) -> NewRequest:
        """Return the request as the service takes it."""
        asked = Asked(
            name=self.name,
            contact=self.contact,
            about=self.about,
            nhs_number=self.nhs_number,
            born_on=self.born_on,
            text=self.text,
        )
        return NewRequest(self.organisation_id, self.kind, self.relation, self.received_on, asked)


class LinkForm(Form):
    """Records that are about the person, each as `table:id`."""

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
            if kind not in ("deaths", "referrals"):
                raise Invalid({"records": "Choose records from the list"})
        return found


class ExtendForm(Form):
    """Why a request needs two further months."""

    reason: str = ask("why more time is needed, as whoever asked was told", max_length=5000)


class CopyForm(Form):
    """The parts to disclose, and further words to black out, a line each."""

    parts: list[str] = ask("the parts to disclose", [])
    words: str = ask("words to black out", "", max_length=5000)


class CloseForm(Form):
    """How a request ended."""

    outcome: str = ask("how it ended", missing="Choose how the request ended", max_length=40)
    exemptions: list[str] = ask("why something is not disclosed", [])
    answer: str = ask("what was answered, and how it was sent", max_length=20_000)
