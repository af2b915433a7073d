"""What the page of a case lets its reader do, and why not now."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from cdop.deaths import queries
from cdop.deaths.models import Death
from cdop.deaths.service import correcting, joining, matching, reviewing
from cdop.security.work import Work
from cdop.web.buttons import Button, why_not

EDIT, CORRECT = "deaths:case:edit", "deaths:identity:correct"
NARRATIVE = "deaths:narrative:read"
REFER, HOLD = "case_reviews:referral:create", "retention:hold:set"


@dataclass(frozen=True)
class CaseButtons:
    """The buttons of a case; None for what no role of the reader does."""

    correct: Button | None
    key_worker: Button | None
    summary: Button | None
    notifications: Button | None
    refer: Button | None
    hold: Button | None
    unjoin: Button | None


def case_buttons(work: Work, death: Death) -> CaseButtons:
    """Return what may be done with a case, each asked of the service that does it."""
    here = f"/deaths/{death.id}"

    def button(
        permission: str, text: str, to: str, check: Callable[[], object] | None = None
    ) -> Button | None:
        if not work.actor.may(permission):
            return None
        reach = why_not(queries.check_reach, work, death, permission)
        return Button(text, to, reach or (why_not(check) if check else None))

    def not_joined() -> None:
        correcting.check_not_joined(death)

    hold = Button("Legal holds on this case", f"/holds/deaths/{death.id}")
    joined = death.status == "joined"
    write = f"{'Change' if death.summary else 'Write'} the anonymised summary"
    return CaseButtons(
        button(CORRECT, "Correct the child's details", here + "/correct", not_joined),
        button(EDIT, "Key worker of the family", here + "/key-worker"),
        button(EDIT, write, here + "/summary", lambda: reviewing.check_summary(death)),
        button(NARRATIVE, _read(work, death), here + "/notifications"),
        button(REFER, "Refer a concern to the joint case review group", here + "/refer"),
        hold if work.actor.may(HOLD, death.organisation_id) else None,
        button(
            EDIT, "Undo the joining", here + "/unjoin", lambda: joining.check_unjoin(work, death)
        )
        if joined
        else None,
    )


def _read(work: Work, death: Death) -> str:
    number = len(queries.notifications(work, death))
    return f"Read the notification{'s' if number != 1 else ''} ({number})"


def join_button(work: Work, death: Death, match_id: UUID) -> Button:
    """Return the button that joins two cases which may be one child."""
    refusal = why_not(matching.check_same, work, match_id)
    return Button("The same child: join the cases", f"/deaths/{death.id}/match", refusal)
