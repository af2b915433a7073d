"""Profiles are data, and none that the register uses may fall below the floor."""

from dataclasses import replace

import numpy as np
import pytest

from cdop.errors import Invalid, Refused
from cdop.statistics.disclosure import check_floor, profile, profiles
from cdop.statistics.disclosure.profiles import Zeros


def test_the_profiles_on_file_stand_above_the_floor() -> None:
    found = profiles()
    assert set(found) == {
        "partner-1to4",
        "strict-1to9",
        "nhs-1to7-round5",
        "rounded-3",
        "rounded-5",
    }
    for each in found.values():
        check_floor(each)


@pytest.mark.parametrize(
    ("name", "small", "width"), [("partner-1to4", 4, 3), ("strict-1to9", 9, 4)]
)
def test_small_counts_run_from_one_to_the_profile_s_limit(
    name: str, small: int, width: int
) -> None:
    chosen = profile(name)
    assert chosen.width == width
    assert np.flatnonzero(chosen.is_small(np.arange(20))).tolist() == list(range(1, small + 1))


@pytest.mark.parametrize(
    ("name", "weaker"),
    [
        ("partner-1to4", {"primary_high": 3}),
        ("partner-1to4", {"primary_low": 2}),
        ("partner-1to4", {"width": 2}),
        ("partner-1to4", {"zeros": Zeros.SHOWN}),
        ("rounded-3", {"base": 2}),
        ("rounded-3", {"width": 1}),
        ("nhs-1to7-round5", {"primary_high": 3}),
    ],
)
def test_a_weaker_profile_is_refused(name: str, weaker: dict[str, object]) -> None:
    with pytest.raises(Refused):
        check_floor(replace(profile(name), **weaker))  # type: ignore[arg-type]


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(Invalid):
        profile("anything goes")
