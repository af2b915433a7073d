"""Whether two accounts of a child tell of one child: same, possible or different, and why.

Pure functions of values; points and thresholds are data (`data/matching.toml`). A person decides
after this rule, never the rule itself.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import product

import jellyfish
from pydantic import Field
from rapidfuzz.distance import OSA, JaroWinkler

from cdop.deaths.commands import Child
from cdop.deaths.documents import Names
from cdop.deaths.naming import plain, tokens
from cdop.reference.loading import Dated

UNKNOWN, SAME, ALIKE, PART, NEAR, DIFFERENT = (
    "unknown",
    "same",
    "alike",
    "part",
    "near",
    "different",
)
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


class Rule(Dated):
    """The points and thresholds in force."""

    edition: str
    title: str
    source: str
    certainty: str
    same: int
    possible: int
    other_reading: int
    alike: float = Field(gt=0, le=1)
    alike_in_sound: float = Field(gt=0, le=1)
    slip_from: int = Field(gt=1)
    most_candidates: int = Field(gt=0)
    unnamed: frozenset[str]
    which_twin: frozenset[str]
    points: dict[str, dict[str, int]]


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


@cache
def rule() -> Rule:
    """Return the rule in force."""
    text = files("cdop.deaths").joinpath("data/matching.toml").read_text()
    return Rule.model_validate(tomllib.loads(text))


def compare(one: Child, other: Child, by: Rule | None = None) -> Verdict:
    """Compare two accounts of a child.

    Two different valid NHS numbers speak for two children, but a number may be somebody else's by
    mistake: where everything else is the same, a person is asked all the same. Without a known
    given name on both sides nothing but the number makes them `same`.
    """
    by = by or rule()
    a, b = one.identity, other.identity
    grades = {
        "number": _equal(a.nhs_number, b.nhs_number),
        "birth": days(a.born_on, b.born_on),
        "death": days(a.died_on, b.died_on),
        "sex": _sexes(one.sex, other.sex),
        "postcode": _postcodes(a.postcode, b.postcode),
    }
    points, named = _names(one.names, other.names, by)
    grades |= named
    points += sum(by.points[part].get(grades[part], 0) for part in grades if part not in named)
    return Verdict(_decide(points, grades, by), points, grades)


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


def words_alike(one: str, other: str, by: Rule) -> bool:
    """Say whether two words of a name are spelt alike, or sound the same and are nearly so."""
    similar = JaroWinkler.similarity(one, other)
    if similar >= by.alike or one_slip(one, other, by):
        return True
    return similar >= by.alike_in_sound and sounds(one) == sounds(other) != ""


def one_slip(one: str, other: str, by: Rule) -> bool:
    """Say whether one letter is left out, put in, exchanged, or swapped with the next."""
    return max(len(one), len(other)) >= by.slip_from and OSA.distance(one, other) == 1


@cache
def sounds(word: str) -> str:
    """Return how a word sounds in English: words with one code sound alike."""
    return jellyfish.metaphone(word) if word.isascii() else word


_Reading = tuple[tuple[str, ...], tuple[str, ...]]


def _names(one: Names, other: Names, by: Rule) -> tuple[int, dict[str, str]]:
    """Return the points of the best reading of two names, and its grades."""
    first, second = _readings(one), _readings(other)
    pairs = [
        (a, b, by.other_reading * (cost + more)) for (a, cost), (b, more) in product(first, second)
    ]
    typed, swapped = first[0][0], second[0][0][::-1]
    if not (_is_unnamed(typed, by) or _is_unnamed(swapped, by)):
        pairs.append((typed, swapped, by.other_reading))
    best: tuple[int, dict[str, str]] | None = None
    for a, b, cost in pairs:
        grades = _grade(a, b, by)
        points = cost + sum(by.points[part].get(grade, 0) for part, grade in grades.items())
        if best is None or points > best[0]:
            best = points, grades
    assert best is not None
    return best


def _readings(names: Names) -> list[tuple[_Reading, int]]:
    """Return the ways to read a name: as typed, and with each other name it was known by."""
    given, family = tokens(names.given), tokens(names.family)
    found: list[tuple[_Reading, int]] = [((given, family), 0)]
    for line in names.also_known_as.replace(",", "\n").replace(";", "\n").splitlines():
        known = tokens(line)
        if known:
            found += [((given, known), 1), ((known[:-1] or given, known[-1:]), 1)]
    return found


def _grade(one: _Reading, other: _Reading, by: Rule) -> dict[str, str]:
    nameless = [_is_unnamed(each, by) for each in (one, other)]
    if not any(nameless):
        return {"given": _words(one[0], other[0], by), "family": _words(one[1], other[1], by)}
    grades = {"given": UNKNOWN, "family": _words(one[1], other[1], by)}
    which = [by.which_twin.intersection(given) for given, _ in (one, other)]
    if all(nameless) and all(which) and which[0] != which[1]:
        grades["twin"] = DIFFERENT
    return grades


def _is_unnamed(reading: _Reading, by: Rule) -> bool:
    return bool(by.unnamed.intersection((*reading[0], *reading[1])))


def _words(one: tuple[str, ...], other: tuple[str, ...], by: Rule) -> str:
    if not one or not other:
        return UNKNOWN
    if set(one) == set(other) or "".join(one) == "".join(other):
        return SAME
    short, long = sorted((one, other), key=len)
    if set(short) <= set(long):
        return PART
    if all(any(words_alike(word, each, by) for each in long) for word in short):
        return ALIKE
    return DIFFERENT


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


def name_reason(given: str, family: str) -> str:
    """Return how two names compare, in words."""
    if given == UNKNOWN:
        return "same family name, one not yet named" if family == SAME else "one not yet named"
    if given == DIFFERENT:
        return "another given name" if family != DIFFERENT else "another name"
    if family == DIFFERENT:
        return "same given name, another family name"
    if given == family == SAME:
        return "same name"
    return "part of the name the same" if PART in (given, family) else "name spelt alike"
