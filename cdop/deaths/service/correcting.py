"""Correcting who a child was: sealed anew, and everything derived from it derived anew."""

from dataclasses import replace
from uuid import UUID

from cdop.deaths import queries, rules
from cdop.deaths.commands import Child, Correction
from cdop.deaths.models import Death
from cdop.deaths.service import clocks, finding, matching
from cdop.deaths.service.deriving import get_child, set_child
from cdop.deaths.service.events import record_event
from cdop.deaths.service.transferring import tell_other_panels
from cdop.errors import Invalid, Refused
from cdop.organisations import queries as organisations
from cdop.reference import derive, nhs_numbers
from cdop.security.work import Work

CORRECT = "deaths:identity:correct"


def correct_identity(work: Work, death_id: UUID, correction: Correction) -> None:
    """Correct a child's identity and coded facts; the reason is kept, sealed, in the timeline.

    Raises Invalid with a sentence for each field; Refused when someone corrected the case since
    `revision` was shown, when the number belongs to another case of this panel, or when the case
    was joined to another. Another panel that holds a corrected number is told, and nobody here.
    """
    death = queries.get(work, death_id, CORRECT)
    found = rules.faults(correction.child, work.today)
    if not correction.reason.strip():
        found["reason"] = "Say why this is corrected"
    if found:
        raise Invalid(found)
    check_not_joined(death)
    if death.sealed_revision != correction.revision:
        raise Refused(
            "Someone else has corrected this case since you opened it. "
            "Look at the case as it is now, then correct it again."
        )
    child = _normalised(correction.child)
    changed = _changed(get_child(work, death), child)
    panels = _own_panels(work, death)
    known = [each for each in finding.with_number(work, child) if each.id != death.id]
    _refuse_taken_number(known, panels)
    _settle_scope(death, child)
    set_child(work, death, child)
    finding.index(work, death, child)
    record_event(work, death, "corrected", remark=correction.reason)
    if "nhs_number" in changed:
        tell_other_panels(work, known, panels, death.organisation_id)
    if death.status == "open":
        clocks.refresh_tasks(work, death, child.identity)
        matching.offer(work, death, child)
    if death.reviewed_on and child.identity.died_on:
        death.months_to_review = derive.review_duration_band(
            child.identity.died_on, death.reviewed_on
        )
    work.audit(CORRECT, ("deaths", death.id), death.organisation_id, fields=changed)


def check_not_joined(death: Death) -> None:
    """Raise Refused for a case whose child is described by the case it was joined to."""
    if death.status == "joined":
        raise Refused("This case was joined to another. Change that case.")


def _normalised(child: Child) -> Child:
    typed = child.identity.nhs_number
    number = nhs_numbers.normalise(typed) if typed else ""
    return replace(child, identity=child.identity.model_copy(update={"nhs_number": number}))


def _own_panels(work: Work, death: Death) -> frozenset[UUID]:
    """Return the case's panel, those whose place it took, and those for which the actor acts."""
    before = organisations.with_predecessors(work.session, death.organisation_id)
    return before | work.actor.scope(CORRECT)


def _refuse_taken_number(known: list[Death], panels: frozenset[UUID]) -> None:
    for other in known:
        if other.organisation_id in panels:
            raise Refused(
                f"Case {other.reference} of this panel has this NHS number already. "
                "If it is the same child, decide so under the possible duplicates of that case."
            )


def _settle_scope(death: Death, child: Child) -> None:
    """Move a case in or out of scope when the corrected dates say so."""
    computed = rules.scope_reason(child.identity, None)
    if death.status == "open" and computed:
        death.status, death.out_of_scope = "out-of-scope", computed
    elif death.out_of_scope == rules.EIGHTEEN and not computed:
        death.status, death.out_of_scope = "open", None
    elif death.status == "reviewed" and computed:
        raise Refused(
            "With these dates the death is out of scope, but the panel has signed it off. "
            "Ask the chair first."
        )


def _changed(before: Child, after: Child) -> list[str]:
    """Return the names of the fields that differ; never their values."""
    names = [
        name
        for one, other in ((before.names, after.names), (before.identity, after.identity))
        for name in type(one).model_fields
        if getattr(one, name) != getattr(other, name)
    ]
    coded = ("sex", "ethnicity", "expected", "place_of_death", "residence_area_id", "death_area_id")
    return names + [name for name in coded if getattr(before, name) != getattr(after, name)]
