"""What a panel does with a case: classify it, in as many saves as it takes, and sign it off."""

from dataclasses import dataclass
from uuid import UUID

from cdop import reference
from cdop.deaths.models import Death
from cdop.deaths.service import mark_reviewed, record_event
from cdop.errors import Invalid, Refused
from cdop.meetings.models import Meeting
from cdop.meetings.queries import DEATHS
from cdop.meetings.service import CLASSIFY, SIGN_OFF
from cdop.overview import drafts, queries, rules
from cdop.overview.answers import Draft
from cdop.overview.models import Review
from cdop.overview.rules import Finding
from cdop.security.work import Work
from cdop.tasks.service import close_task, open_task

DRAFT = "overview:review:draft"
SIGN = "overview:review:sign"
_SAVED_BETWEEN = (
    "Someone else saved this form after you opened it. What you typed is not saved yet: "
    "it is shown below, beside what they saved."
)
_READ_AGAIN = "The review was saved again after you opened it. Read it before you sign it off."
_FROZEN = "This review has been signed off: it can no longer change."


class Stale(Refused):
    """Somebody else saved the review after this person opened it."""


@dataclass(frozen=True)
class Saved:
    """What became of a save: the version to send with the next one, and what to look at again."""

    version: int
    findings: tuple[Finding, ...]

    @property
    def is_complete(self) -> bool:
        """Say whether the chair could sign the review off as it stands."""
        return not any(finding.blocks for finding in self.findings)


def save_draft(work: Work, death_id: UUID, draft: Draft, version: int) -> Saved:
    """Save a panel's answers about a case on a meeting's agenda; they need not be complete.

    `version` is the one the person was shown, 0 when there was none. The same answers sent twice
    are saved once. Raises NotFound; Invalid for an answer that the form in force on the meeting's
    day lacks; Stale when somebody else saved in between; Refused once it is signed off.
    """
    death, meeting = queries.case(work, death_id, DRAFT)
    form = reference.form("analysis", meeting.held_on)
    row = queries.find(work, death.id, to_change=True)
    check_draft(row)
    before = drafts.read_within(work, row) if row else Draft()
    if row and before == draft and row.meeting_id == meeting.id:
        return Saved(row.version, rules.findings(draft, form))
    if version != (row.version if row else 0):
        raise Stale(_SAVED_BETWEEN)
    if faults := rules.faults(draft, form):
        raise Invalid(faults)
    if row is None:
        row = _first(work, death, meeting)
    row.meeting_id, row.reviewed_on = meeting.id, meeting.held_on
    row.form_edition = form.edition
    row.version = version + 1
    row.drafted_by = work.actor.name
    drafts.write(work, row, draft)
    found = rules.findings(draft, form)
    _set_tasks(work, death, meeting, complete=not any(each.blocks for each in found))
    fields = drafts.changed(before, draft)
    work.audit(
        DRAFT, ("reviews", row.id), death.organisation_id, fields=fields, version=row.version
    )
    return Saved(row.version, found)


def sign_off(work: Work, death_id: UUID, version: int) -> None:
    """Sign a complete review off for the panel, on the day it met or later. Nothing changes after.

    `version` is the one the chair has read. Raises Refused with what is missing or contradictory,
    Stale when the review was saved after that.
    """
    death, meeting = queries.case(work, death_id, SIGN)
    row = queries.find(work, death.id, to_change=True)
    if row and row.version == version and row.status == "signed-off":
        return  # the same button, pressed twice
    check_draft(row)
    if row and row.version != version:
        raise Stale(_READ_AGAIN)
    row = check_sign_off(work, row, meeting)
    row.status = "signed-off"
    row.signed_off_at = work.now
    row.signed_off_by = work.actor.name
    mark_reviewed(work, death, row.reviewed_on)
    work.audit(SIGN, ("reviews", row.id), death.organisation_id, version=version)


def check_draft(row: Review | None) -> None:
    """Raise Refused when a review can no longer change."""
    if row and row.status == "signed-off":
        raise Refused(_FROZEN)


def check_sign_off(work: Work, row: Review | None, meeting: Meeting) -> Review:
    """Return a review that the chair may sign off now. Raises Refused with what is missing."""
    if row is None:
        raise Refused("There is nothing to sign off yet: the panel has not classified this case.")
    check_draft(row)
    if sentence := _sign_off_refusal(work, row, meeting):
        raise Refused(sentence)
    return row


def _first(work: Work, death: Death, meeting: Meeting) -> Review:
    row = Review(
        subject_id=death.id,
        organisation_id=death.organisation_id,
        death_id=death.id,
        form_edition="",
        reviewed_on=meeting.held_on,
        drafted_by=work.actor.name,
    )
    record_event(work, death, "classified", ("reviews", row.id))
    return row


def _set_tasks(work: Work, death: Death, meeting: Meeting, *, complete: bool) -> None:
    """A complete draft waits for the chair's signature; any other for the panel."""
    done, next_, permission = (
        (CLASSIFY, SIGN_OFF, SIGN) if complete else (SIGN_OFF, CLASSIFY, DRAFT)
    )
    close_task(work, done, death.id)
    open_task(
        work,
        next_,
        organisation_id=death.organisation_id,
        permission=permission,
        subject=(DEATHS, death.id),
        reference=death.reference,
        due_on=meeting.held_on,
    )


def _sign_off_refusal(work: Work, row: Review, meeting: Meeting) -> str | None:
    if row.meeting_id != meeting.id:
        return (
            "Since this review was saved, the case has been put on the agenda of another meeting. "
            "Open the form and save it for that meeting first."
        )
    form = reference.form_edition("analysis", row.form_edition)
    found = rules.findings(drafts.read_within(work, row), form)
    blocking = [finding.sentence.rstrip(".") + "." for finding in found if finding.blocks]
    return " ".join(blocking) or rules.sign_off_refusal(row.reviewed_on, work.today)
