"""Disclosure profiles: data, versioned, chosen for each recipient, never below the floor."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from cdop.errors import Invalid, Refused
from cdop.statistics.disclosure.system import Counts, Mask

DATA = Path(__file__).parents[1] / "data" / "profiles.toml"


class Zeros(StrEnum):
    """What becomes of a count of 0 that is not itself small."""

    HIDEABLE = "hideable"  # printed, unless it is needed to protect another count
    SHOWN = "shown"  # always printed: every hidden count is then known to be 1 or more


class Others(StrEnum):
    """How the counts that are not hidden are printed."""

    EXACT = "exact"
    NEAREST = "nearest"  # each by itself to the nearest multiple of the base, totals too
    CONTROLLED = "controlled"  # all together to a neighbouring multiple, so that totals add up


@dataclass(frozen=True)
class Profile:
    """Counts from `primary_low` to `primary_high` are small: hidden, and kept uncertain.

    `width` is the least distance between the largest and the smallest value that an attacker must
    still think possible for a small count. With controlled rounding nothing is hidden; small
    counts are kept uncertain all the same.
    """

    id: str
    title: str
    primary_low: int
    primary_high: int
    width: int
    edition: str
    zeros: Zeros = Zeros.HIDEABLE
    others: Others = Others.EXACT
    base: int = 1
    audiences: tuple[str, ...] = ()

    def is_small(self, values: Counts, limits: Counts | None = None) -> Mask:
        """Tell which values must be hidden; `limits` may raise the greatest small count of some."""
        high = self.primary_high if limits is None else limits.clip(self.primary_high)
        return (values >= self.primary_low) & (values <= high)


def profiles(path: Path = DATA) -> dict[str, Profile]:
    """Return the profiles on file by id. Source: the file's `source`."""
    data = read_file(path)
    return {row["id"]: _profile(row, data["edition"]) for row in data["profile"]}


def profile(profile_id: str, path: Path = DATA) -> Profile:
    """Return one profile. Raises `Invalid` when there is none of that id."""
    try:
        return profiles(path)[profile_id]
    except KeyError:
        raise Invalid({"profile": "There is no disclosure profile of that name"}) from None


def check_floor(chosen: Profile, path: Path = DATA) -> None:
    """Raise `Refused` if a release of the register under this profile would fall below the floor.

    The floor does not bind tables from elsewhere.
    """
    floor = read_file(path)["floor"]
    high = floor["primary_high"]
    if chosen.primary_low > 1 or chosen.primary_high < high:
        raise Refused(f"The profile must protect all counts from 1 to {high}")
    if chosen.others == Others.EXACT:
        if chosen.zeros == Zeros.SHOWN:
            raise Refused("A profile that prints exact counts must be able to hide a zero")
        if chosen.width < floor["width"]:
            raise Refused(f"The profile must leave a small count uncertain by {floor['width']}")
    elif chosen.base < floor["base"] or chosen.width < floor["rounded_width"]:
        raise Refused(
            f"The profile must round to {floor['base']} or more, and leave a small count"
            f" uncertain by {floor['rounded_width']}"
        )


def _profile(row: Mapping[str, Any], edition: str) -> Profile:
    return Profile(
        row["id"],
        row["title"],
        row["primary_low"],
        row["primary_high"],
        row["width"],
        edition,
        Zeros(row["zeros"]),
        Others(row["others"]),
        row.get("base", 1),
        tuple(row.get("audiences", ())),
    )


@cache
def read_file(path: Path) -> dict[str, Any]:
    """Return the file of profiles as it stands."""
    with path.open("rb") as file:
        return tomllib.load(file)
