"""What the pages of break-glass accept. Codes are checked by the services."""

from uuid import UUID

from cdop.web.forms import Form, ask


class OpenForm(Form):
    """Whose cases, and why."""

    organisation_id: UUID = ask("the panel", missing="Choose the panel whose cases you need")
    reason: str = ask("the reason", missing="Choose the reason", max_length=40)
    need: str = ask("what you need, and why it cannot wait", max_length=2000)


class ReviewForm(Form):
    """What the review found."""

    verdict: str = ask("verdict", missing="Say whether the access was appropriate", max_length=40)
    text: str = ask("why", max_length=4000)
