"""The release desk's rules: what leads from one state to the next, and who may take the step."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cdop.errors import Invalid, Refused


class State(StrEnum):
    """Where a release stands."""

    DRAFT = "draft"  # chosen, not yet protected
    REFUSED = "refused"  # protected, and the attackers got through
    PROVED = "proved"  # protected and proved: waits for a second person
    DECLINED = "declined"
    DISCARDED = "discarded"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What a person, or the proof, does to a release."""

    CHANGE = "change"
    PROVE = "prove"
    REFUSE = "refuse"
    APPROVE = "approve"
    DECLINE = "decline"
    DISCARD = "discard"
    WITHDRAW = "withdraw"


_OPEN = frozenset({State.DRAFT, State.REFUSED})
ON_THE_WAY = _OPEN | {State.PROVED}
TRANSITIONS: Mapping[Step, tuple[frozenset[State], State]] = {
    Step.CHANGE: (_OPEN, State.DRAFT),
    Step.PROVE: (_OPEN, State.PROVED),
    Step.REFUSE: (_OPEN, State.REFUSED),
    Step.APPROVE: (frozenset({State.PROVED}), State.RELEASED),
    Step.DECLINE: (frozenset({State.PROVED}), State.DECLINED),
    Step.DISCARD: (ON_THE_WAY, State.DISCARDED),
    Step.WITHDRAW: (frozenset({State.RELEASED}), State.WITHDRAWN),
}
EVER_OUT = (State.RELEASED, State.WITHDRAWN)
WORDS: Mapping[State, str] = {
    State.DRAFT: "Draft",
    State.REFUSED: "Not safe",
    State.PROVED: "Waits for approval",
    State.DECLINED: "Declined",
    State.DISCARDED: "Discarded",
    State.RELEASED: "Released",
    State.WITHDRAWN: "Withdrawn",
}
AUDIENCES: Mapping[str, str] = {
    "partner": "A partner under a sharing agreement",
    "public": "The public",
}
MOST_NOTE = 2000


@dataclass(frozen=True)
class Recipient:
    """Whom a release is for. `board` names an organisation of the register that knows its cases."""

    name: str
    audience: str = "partner"
    board: str = ""


def after(state: str, step: Step) -> State:
    """Return the state after a step. Raises Refused, in a sentence, where it cannot be taken."""
    allowed, then = TRANSITIONS[step]
    if state not in allowed:
        now = WORDS[State(state)].lower()
        raise Refused(f"This cannot be done to a release in this state ({now}).")
    return then


def check_approver(me: Collection[str], makers: Collection[str | None]) -> None:
    """Raise Refused unless somebody else drafted and built the release. `me`: one's user names."""
    if set(me) & set(makers):
        raise Refused(
            "You drafted or built this release, or an account with your work address did. A second "
            "person approves it, because whoever made a release does not see what it gives away."
        )


def check_out(state: str) -> None:
    """Raise Refused unless a release is out, so that it may be downloaded."""
    if state != State.RELEASED:
        now = WORDS[State(state)].lower()
        raise Refused(f"Only a release that is out can be downloaded; this one is not ({now}).")


def check_recipients(recipients: Collection[Recipient], audiences: Collection[str]) -> None:
    """Raise Invalid without recipients, Refused for one whom the profile is not made for."""
    if not recipients or any(not each.name.strip() for each in recipients):
        raise Invalid({"recipients": "Say whom the release is for"})
    for each in recipients:
        if each.audience not in AUDIENCES:
            raise Invalid({"recipients": "Choose partners or the public"})
        if each.audience not in audiences:
            raise Refused(
                "This profile is for partners under an agreement: what is published needs one that "
                "is made for the public."
            )


def check_note(note: str) -> None:
    """Raise Invalid for a note that is too long."""
    if len(note) > MOST_NOTE:
        raise Invalid({"note": f"The note must be {MOST_NOTE:,} characters or fewer"})


def check_settled(note: str, *, settled: bool) -> None:
    """Raise Invalid unless the approver has settled what the typed note may give away."""
    if note.strip() and not settled:
        raise Invalid({"settled": "Confirm that the note gives no count and no case away"})


def check_reason(reason: str) -> None:
    """Raise Invalid when a step that needs a reason has none."""
    if not reason.strip():
        raise Invalid({"reason": "Enter the reason"})
    if len(reason) > MOST_NOTE:
        raise Invalid({"reason": f"The reason must be {MOST_NOTE:,} characters or fewer"})


def check_unchanged_ledger(proved: Collection[str], now: Collection[str]) -> None:
    """Raise Refused if another release of these cases went out since this one was proved."""
    if set(now) - set(proved):
        raise Refused(
            "Another release of these cases was approved since this one was proved. Discard it "
            "and build it again, so that the two are held against each other."
        )
