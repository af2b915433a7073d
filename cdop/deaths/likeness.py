"""Whether two accounts of a child tell of one child: same, possible or different, and why.

Pure functions of values; points and thresholds are data (`data/matching.toml`). A person decides
after this rule, never the rule itself.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cdop.deaths.commands import Child
from cdop.deaths.name_likeness import (
    ALIKE,
    DIFFERENT,
    PART,
    SAME,
    UNKNOWN,
    compare_names,
    name_reason,
)
from cdop.deaths.naming import plain
from cdop.deaths.thresholds import Rule, rule

NEAR = "near"

_SEX_UNKNOWN = frozenset({"", "not-known", "indeterminate", "not-stated"})
_REASONS = {
    ("number", SAME): "same NHS number",
    ("number", DIFFERENT): "another NHS number",
    ("birth", SAME): "same birth date",
    ("birth", NEAR): "birth date one slip of typing away",
    ("birth", DIFFERENT): "another birth date",
    ("death", SAME): "same date of death",
    ("death", NEAR): "date of death one slip of typing away",
    ("death", DIFFERENT): "another date of death",
    ("sex", DIFFERENT): "another sex",
    ("postcode", SAME): "same postcode",
    ("postcode", NEAR): "postcode one slip of typing away",
    ("twin", DIFFERENT): "the other twin by number",
}


class Decision(StrEnum):
    """What the rule says of two accounts."""

    SAME = "same"
    POSSIBLE = "possible"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Verdict:
    """A decision with its points, and how each part compared (`birth` was `near`, …)."""

    decision: Decision
    points: int
    grades: dict[str, str]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the comparison in words, without a value of either child's."""
        found = [_REASONS.get(each, "") for each in self.grades.items()]
        found.insert(1, name_reason(self.grades["given"], self.grades["family"]))
        return tuple(reason for reason in found if reason)


def compare(one: Child, other: Child, by: Rule | None = None) -> Verdict:
    """Compare two accounts of a child.

    Two different valid NHS numbers speak for two children, but a number may be somebody else's by
    mistake: where everything else is the same, a person is asked all the same. Without a known
    given name on both sides nothing but the number makes them `same`.
    """
    by = by or rule()
    grades = _values(one, other)
    points, named = compare_names(one.names, other.names, by)
    points += _points(grades, by)
    grades |= named
    return Verdict(_decide(points, grades, by), points, grades)


def could_be_one(one: Child, other: Child, by: Rule | None = None) -> bool:
    """Say whether two accounts could tell of one child, were their names the same: a quick look."""
    by = by or rule()
    best_name = by.points["given"][SAME] + by.points["family"][SAME]
    return _points(_values(one, other), by) + best_name >= by.possible


def _values(one: Child, other: Child) -> dict[str, str]:
    a, b = one.identity, other.identity
    return {
        "number": _equal(a.nhs_number, b.nhs_number),
        "birth": days(a.born_on, b.born_on),
        "death": days(a.died_on, b.died_on),
        "sex": _sexes(one.sex, other.sex),
        "postcode": _postcodes(a.postcode, b.postcode),
    }


def _points(grades: dict[str, str], by: Rule) -> int:
    return sum(by.points[part].get(grade, 0) for part, grade in grades.items())


def _decide(points: int, grades: dict[str, str], by: Rule) -> Decision:
    told_apart = grades["given"] in (SAME, ALIKE, PART) or grades["number"] == SAME
    if points >= by.same and told_apart and grades["number"] != DIFFERENT:
        return Decision.SAME
    return Decision.POSSIBLE if points >= by.possible else Decision.DIFFERENT


def days(one: date | None, other: date | None) -> str:
    """Compare two dates. Near: a day apart, one digit off, two swapped, day and month swapped."""
    if one is None or other is None:
        return UNKNOWN
    if one == other:
        return SAME
    swapped = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    slip = _one_slip(one.isoformat(), other.isoformat())
    return NEAR if swapped or slip or abs((one - other).days) == 1 else DIFFERENT


def _equal(one: str, other: str) -> str:
    if not one or not other:
        return UNKNOWN
    return SAME if one == other else DIFFERENT


def _sexes(one: str, other: str) -> str:
    known = one not in _SEX_UNKNOWN and other not in _SEX_UNKNOWN
    return _equal(one, other) if known else UNKNOWN


def postcode(text: str) -> str:
    """Return a postcode without blanks, in capitals."""
    return "".join(plain(text).split()).upper()


def _postcodes(one: str, other: str) -> str:
    a, b = postcode(one), postcode(other)
    grade = _equal(a, b)
    return NEAR if grade == DIFFERENT and _one_slip(a, b) else grade


def _one_slip(one: str, other: str) -> bool:
    """Say whether two texts of one length differ in one place, or in two neighbours swapped."""
    if len(one) != len(other):
        return False
    off = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(off) == 2 and off[1] == off[0] + 1:
        return one[off[0]] == other[off[1]] and one[off[1]] == other[off[0]]
    return len(off) == 1
