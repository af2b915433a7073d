"""What the panel's review needs of a case, and what it leaves there."""

from datetime import date
from uuid import UUID

from cdop.deaths import queries
from cdop.deaths.anonymity import tells_identity
from cdop.deaths.documents import IDENTITY, NAMES, SUMMARY, Summary
from cdop.deaths.models import Death
from cdop.deaths.service import clocks
from cdop.deaths.service.events import record_event
from cdop.errors import Invalid, Refused
from cdop.reference import derive
from cdop.security.work import Work
from cdop.tasks.service import close_task, close_tasks

_PANEL_STEPS = (*clocks.NEXT_STEPS, "classify", "sign-off")


def write_summary(work: Work, death_id: UUID, text: str) -> None:
    """Write the anonymised account that the panel reads.

    Raises Invalid when it is empty or contains the child's name, NHS number, postcode or an exact
    date, and Refused once the case is signed off.
    """
    death = queries.get(work, death_id, "deaths:case:edit")
    check_summary(death)
    identity = work.open_within(death, IDENTITY)
    if not text.strip():
        raise Invalid({"summary": "Write the summary that the panel will read"})
    if tells_identity(text, work.open_within(death, NAMES), identity):
        raise Invalid(
            {
                "summary": "The summary contains the child's name, NHS number, postcode, "
                "or date of birth or death. The panel reads it without these: take it out"
            }
        )
    first = death.summary is None
    work.seal(death, {SUMMARY: Summary(text=text.strip())})
    if first:
        record_event(work, death, "summarised")
    if close_task(work, clocks.NEXT_STEPS[0], death.id):
        clocks.open_next_step(work, death, clocks.NEXT_STEPS[1], identity)
    work.audit("deaths:summary:write", ("deaths", death.id), death.organisation_id)


def check_summary(death: Death) -> None:
    """Raise Refused when the summary of a case can no longer be written."""
    if death.status != "open":
        raise Refused("The summary of a case can be written only while the case is open.")


def mark_reviewed(work: Work, death: Death, reviewed_on: date) -> None:
    """Mark a case as reviewed by the panel on a day, when the chair signs it off.

    Derives the year and how long the review took; closes the panel's open steps.
    """
    died_on = work.open_within(death, IDENTITY).died_on
    death.status = "reviewed"
    death.reviewed_on = reviewed_on
    death.reviewed_year = derive.financial_year(reviewed_on)
    death.months_to_review = derive.review_duration_band(died_on, reviewed_on) if died_on else None
    close_tasks(work, _PANEL_STEPS, death.id)
    record_event(work, death, "reviewed")
