"""Whether the glass may be broken, an access ended, a review written. Pure functions of values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class State:
    """What decides about one access: its end (by itself or by hand), and whether it is reviewed."""

    ends_at: datetime
    ended_at: datetime | None = None
    is_reviewed: bool = False

    def lasts(self, now: datetime) -> bool:
        """Say whether the access is open at a moment."""
        return self.ended_at is None and now < self.ends_at


def open_refusal(*, is_panel: bool, within_reach: bool, is_open: bool) -> str | None:
    """Say why the glass cannot be broken at an organisation, or None when it can."""
    if not is_panel:
        return "Break-glass gives the cases of a panel. Choose a panel."
    if is_open:
        return "You have opened this panel's cases already: the access still lasts."
    if within_reach:
        return "This panel's cases are within your reach as it is."
    return None


def end_refusal(state: State, now: datetime, *, is_own: bool, is_owner: bool) -> str | None:
    """Say why an access cannot be ended by somebody, or None when it can.

    `is_owner`: a coordinator of the panel whose cases were opened.
    """
    if not state.lasts(now):
        return "This access has ended already."
    if not is_own and not is_owner:
        return "Whoever took the access ends it, or the panel's coordinator."
    return None


def review_refusal(state: State, now: datetime, *, is_own: bool) -> str | None:
    """Say why an access cannot be reviewed by somebody now, or None when it can."""
    if is_own:
        return "Nobody reviews their own access: another Caldicott guardian does."
    if state.is_reviewed:
        return "This access has been reviewed already."
    if state.lasts(now):
        return "The access still lasts. It is reviewed once it has ended."
    return None
