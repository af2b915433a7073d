"""Possible duplicates: offered to the coordinator, who says whether they are the same child."""

from dataclasses import dataclass
from uuid import UUID

from cdop.deaths import queries
from cdop.deaths.commands import Child
from cdop.deaths.documents import IDENTITY_READ
from cdop.deaths.likeness import Decision, compare
from cdop.deaths.models import Death, PossibleMatch
from cdop.deaths.service import finding, joining, possible
from cdop.deaths.service.deriving import get_child
from cdop.errors import Invalid, NotFound, Refused
from cdop.security.work import Work

EDIT = "deaths:case:edit"
COMPARE = "deaths:match:compare"


@dataclass(frozen=True)
class Resembling:
    """A case of the panel that may be the child being typed. Shown to its coordinators alone."""

    id: UUID
    reference: str
    decision: Decision
    reasons: tuple[str, ...]


def offer(work: Work, death: Death, child: Child) -> None:
    """Keep each possible duplicate of a new or corrected case, and ask the coordinator."""
    for found in finding.likely(work, child, death.organisation_id, but=death.id):
        possible.keep(work, death.organisation_id, {death.id, found.id}, found.verdict.decision)


def resembling(work: Work, child: Child, panel: UUID) -> list[Resembling]:
    """Return the cases of a panel that may be the child in a notification that is being typed.

    Empty for whoever may not read that panel's cases and identities: nothing is compared for them,
    so that neither the answer nor its time depends on who is registered.
    """
    if not all(work.actor.may(each, panel) for each in (queries.READ, IDENTITY_READ)):
        return []
    found = []
    for each in finding.likely(work, child, panel):
        death = queries.get(work, each.id)
        found.append(
            Resembling(death.id, death.reference, each.verdict.decision, each.verdict.reasons)
        )
        work.audit(COMPARE, ("deaths", death.id), death.organisation_id, why="notification")
    work.audit(COMPARE, None, panel, found=len(found), why="notification")
    return found


def explain(work: Work, death: Death, other_id: UUID) -> tuple[str, ...]:
    """Return how a case compares with a possible duplicate; opens both, and is audited."""
    other = queries.get(work, other_id, IDENTITY_READ)
    work.check(IDENTITY_READ, death.organisation_id)
    work.audit(COMPARE, ("deaths", death.id), death.organisation_id, other=str(other.id))
    work.audit(COMPARE, ("deaths", other.id), other.organisation_id, other=str(death.id))
    return compare(get_child(work, death), get_child(work, other)).reasons


def decide_match(work: Work, match_id: UUID, decision: str) -> UUID:
    """Say that two cases are the `same` child (the later joins the earlier) or `different`.

    Returns the case that stays. Raises Refused when it was decided already or the later case has
    been reviewed: a signed-off review is never folded into another case.
    """
    match = _get(work, match_id)
    if decision not in ("same", "different"):
        raise Invalid({"decision": "Choose whether this is the same child"})
    if match.decision:
        raise Refused("This possible duplicate has been decided already.")
    later = queries.get(work, match.death_id, EDIT)
    earlier = queries.get(work, match.other_id, EDIT)
    match.decision, match.decided_at, match.decided_by = decision, work.now, work.actor.name
    if decision == "same":
        joining.join(work, later, earlier)
        possible.hand_on(work, later, earlier)
    work.session.flush()
    possible.settle(work, later)
    work.audit(
        "deaths:match:decide",
        ("deaths", later.id),
        later.organisation_id,
        decision=decision,
        other=str(earlier.id),
    )
    return earlier.id


def check_same(work: Work, match_id: UUID) -> None:
    """Raise Refused when the two cases of a possible duplicate cannot be joined."""
    match = _get(work, match_id)
    later, earlier = (queries.get(work, id, EDIT) for id in (match.death_id, match.other_id))
    joining.check_join(later, earlier)


def _get(work: Work, match_id: UUID) -> PossibleMatch:
    work.check(EDIT)
    match = work.session.get(PossibleMatch, match_id)
    if match is None or not work.actor.may(EDIT, match.organisation_id):
        raise NotFound(("possible_matches", match_id), EDIT)
    return match
