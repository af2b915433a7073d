"""What the pages of case review accept. Codes are checked by the services, against the day."""

from datetime import date
from typing import Literal
from uuid import UUID

from cdop.case_reviews.commands import NewDecision, NewRecommendation, NewReferral
from cdop.case_reviews.models import Concern, Subject
from cdop.web.forms import Form, ask

_BOARD = "Choose the board that the referral is for"
_KIND = "Choose a kind of review, or that the criteria are not met"


class ReferralForm(Form):
    """A referral as it arrived. `id` is made with the form, so that it is recorded once."""

    id: UUID = ask("the form")
    board_id: UUID = ask("the board", missing=_BOARD)
    source: str = ask("the source", missing="Choose who made the referral", max_length=100)
    received_on: date = ask("the day the referral was received")
    name: str | None = ask("the person's name", None, max_length=300)
    name_answer: Literal["not-known"] | None = ask("that the name is not known", None)
    born_on: date | None = ask("the date of birth", None)
    died_on: date | None = ask("the date of death", None)
    incident_on: date | None = ask("the date of the incident", None)
    address: str | None = ask("the address", None, max_length=1000)
    narrative: str = ask("why the case is referred", max_length=50_000)
    referrer: str | None = ask("the referrer's name", None, max_length=300)
    agency: str | None = ask("the referrer's agency", None, max_length=300)
    contact: str | None = ask("how to reach the referrer", None, max_length=300)

    def command(self) -> NewReferral:
        """Return what the service is asked for."""
        subject = Subject(
            name=self.name or "",
            name_answer=self.name_answer or "",
            born_on=self.born_on,
            died_on=self.died_on,
            incident_on=self.incident_on,
            address=self.address or "",
        )
        concern = Concern(
            narrative=self.narrative,
            referrer=self.referrer or "",
            agency=self.agency or "",
            contact=self.contact or "",
        )
        return NewReferral(self.board_id, self.source, subject, concern, self.received_on, self.id)


class PanelReferralForm(Form):
    """A concern that the panel found in a case."""

    id: UUID = ask("the form")
    board_id: UUID = ask("the board", missing=_BOARD)
    narrative: str = ask("what the concern is", max_length=50_000)


class RecommendationForm(Form):
    """What the group recommends."""

    review_kind: str = ask("a kind of review", missing=_KIND, max_length=100)
    methodology: str | None = ask("a method", None, max_length=100)
    recommended_on: date = ask("the day of the recommendation")
    rationale: str = ask("the reasons for the recommendation", max_length=50_000)
    dissent: str | None = ask("who dissented and why", None, max_length=50_000)

    def command(self) -> NewRecommendation:
        """Return what the service is asked for."""
        return NewRecommendation(
            self.review_kind,
            self.methodology,
            self.rationale,
            self.dissent or "",
            self.recommended_on,
        )


class DecisionForm(Form):
    """What a decision maker decides, or assents to."""

    review_kind: str = ask("a kind of review", missing=_KIND, max_length=100)
    methodology: str | None = ask("a method", None, max_length=100)
    decided_on: date = ask("the day of the decision")
    rationale: str | None = ask("the reasons for the decision", None, max_length=50_000)

    def command(self) -> NewDecision:
        """Return what the service is asked for."""
        return NewDecision(
            self.review_kind, self.methodology, self.rationale or "", decided_on=self.decided_on
        )


class StartForm(Form):
    """The day a review started."""

    started_on: date = ask("the day the review started")


class CompletionForm(Form):
    """The day a review was completed and, for a rapid review, what came of it."""

    completed_on: date = ask("the day the review was completed")
    outcome: str | None = ask("the outcome", None, max_length=100)


class PublicationForm(Form):
    """The day a review was published."""

    published_on: date = ask("the day the review was published")


class ResponseForm(Form):
    """What the national panel answered to a rapid review."""

    response: str = ask(
        "the response", missing="Choose the national panel's response", max_length=100
    )
    responded_on: date = ask("the day of the response")
