"""What is known of a subject of releases, whatever its tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cdop.statistics.disclosure.system import Counts, Mask

Membership = tuple[int, ...]
"""In which populations of a release a record is, then which of the subject's facts hold there."""


@dataclass(frozen=True)
class Words:
    """How texts speak of the records of a subject: several of them, and of which years they are.

    `apart` says what a release was not held against.
    """

    several: str
    overlap: str
    years: str
    apart: str = ""


@dataclass(frozen=True)
class Subject:
    """What one release counts: records in populations that overlap.

    `facts` are what the years of a record tell besides its populations; `following` has, for each
    column that says no more than they do, its code for each fact and last that for none of them.
    `readable` are the coded columns that its tables may be cut by.

    `linked`: whether releases of other years are held against one another like editions of one
    year, since a record of one is in another by necessity. Where they are not, a reader of several
    years is given exactly the records that are `twice` in them; and there, as ever, any membership
    that some record has may be another's too. `possible` lists, of releases by their years (the one
    to be proved first, then earlier ones in order), the memberships that an unchanged record may
    have. `check` raises Refused for records whose years contradict one another.
    """

    code: str
    words: Words
    populations: tuple[str, ...]
    facts: tuple[str, ...]
    following: Mapping[str, tuple[str, ...]]
    readable: frozenset[str]
    linked: bool
    memberships_in: Callable[[pd.DataFrame], list[Membership]]
    possible: Callable[[Sequence[Sequence[str]]], Iterable[tuple[Membership, ...]]]
    twice: Callable[[Counts], Mask]
    check: Callable[[pd.DataFrame], None]

    @property
    def beings(self) -> tuple[str, ...]:
        """Return what a membership tells, in order."""
        return (*self.populations, *self.facts)

    @property
    def nowhere(self) -> Membership:
        """Return the membership of a record that a release does not count."""
        return (0,) * len(self.beings)
