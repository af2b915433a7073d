"""When the glass may be broken, an access ended, a review written; and the sentence when not."""

from datetime import UTC, datetime, timedelta

import pytest

from cdop.break_glass.rules import State, end_refusal, open_refusal, review_refusal

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "lasts"),
    [
        (State(LATER), True),
        (State(NOW), False),
        (State(EARLIER), False),
        (State(LATER, ended_at=EARLIER), False),
    ],
)
def test_an_access_lasts_until_its_end_or_until_it_is_ended(state: State, lasts: bool) -> None:
    assert state.lasts(NOW) is lasts
    assert (end_refusal(state, NOW, is_own=True, is_owner=False) is None) is lasts


@pytest.mark.parametrize(
    ("is_own", "is_owner", "says"),
    [
        (True, False, None),
        (False, True, None),
        (True, True, None),
        (False, False, "Whoever took the access ends it, or the panel's coordinator."),
    ],
)
def test_who_ends_an_access(is_own: bool, is_owner: bool, says: str | None) -> None:
    assert end_refusal(State(LATER), NOW, is_own=is_own, is_owner=is_owner) == says
    over = end_refusal(State(EARLIER), NOW, is_own=is_own, is_owner=is_owner)
    assert over == "This access has ended already."


@pytest.mark.parametrize(
    ("is_panel", "within_reach", "is_open", "says"),
    [
        (True, False, False, None),
        (False, False, False, "Break-glass gives the cases of a panel. Choose a panel."),
        (True, True, False, "This panel's cases are within your reach as it is."),
        (True, False, True, "You have opened this panel's cases already: the access still lasts."),
        (True, True, True, "You have opened this panel's cases already: the access still lasts."),
        (False, True, True, "Break-glass gives the cases of a panel. Choose a panel."),
    ],
)
def test_at_which_organisations_the_glass_can_be_broken(
    is_panel: bool, within_reach: bool, is_open: bool, says: str | None
) -> None:
    assert open_refusal(is_panel=is_panel, within_reach=within_reach, is_open=is_open) == says


@pytest.mark.parametrize(
    ("state", "is_own", "says"),
    [
        (State(EARLIER), False, None),
        (State(LATER, ended_at=NOW), False, None),
        (State(LATER), False, "The access still lasts. It is reviewed once it has ended."),
        (State(EARLIER, is_reviewed=True), False, "This access has been reviewed already."),
        (
            State(EARLIER),
            True,
            "Nobody reviews their own access: another Caldicott guardian does.",
        ),
    ],
)
def test_when_an_access_is_reviewed_and_by_whom(
    state: State, is_own: bool, says: str | None
) -> None:
    assert review_refusal(state, NOW, is_own=is_own) == says
