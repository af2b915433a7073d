"""Disclosure profiles: data, versioned, chosen for each recipient, never below the floor."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cdop.errors import Invalid, Refused
from cdop.statistics.disclosure.system import Counts, Mask

DATA = Path(__file__).parents[1] / "data" / "profiles.toml"


@dataclass(frozen=True)
class Profile:
    """Counts from `primary_low` to `primary_high` are small: hidden, and kept uncertain.

    `width` is the least distance between the largest and the smallest value that an attacker must
    still think possible for a small count.
    """

    id: str
    title: str
    primary_low: int
    primary_high: int
    width: int
    edition: str

    def is_small(self, values: Counts) -> Mask:
        """Tell which values must be hidden."""
        return (values >= self.primary_low) & (values <= self.primary_high)


def profiles(path: Path = DATA) -> dict[str, Profile]:
    """Return the profiles on file by id. Source: the file's `source`."""
    data = _read(path)
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
    floor = _read(path)["floor"]
    if (
        chosen.primary_low > 1
        or chosen.primary_high < floor["primary_high"]
        or chosen.width < floor["width"]
    ):
        raise Refused(
            f"The profile must hide all counts from 1 to {floor['primary_high']} and leave a hidden"
            f" count uncertain by at least {floor['width']}"
        )


def _profile(row: Mapping[str, Any], edition: str) -> Profile:
    if row["zeros"] != "hideable" or row["others"] != "exact":
        raise Invalid({"profile": "Only profiles that hide counts and may hide zeros are known"})
    return Profile(
        row["id"], row["title"], row["primary_low"], row["primary_high"], row["width"], edition
    )


@cache
def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
