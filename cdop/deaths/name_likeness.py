"""How two names compare: spelt alike, sounding alike, swapped, in part, or not given yet.

Pure functions of values.
"""

from functools import cache
from itertools import product

import jellyfish
from rapidfuzz.distance import OSA, JaroWinkler

from cdop.deaths.documents import Names
from cdop.deaths.naming import tokens
from cdop.deaths.thresholds import Rule

UNKNOWN, SAME, ALIKE, PART, DIFFERENT = "unknown", "same", "alike", "part", "different"


_Reading = tuple[tuple[str, ...], tuple[str, ...]]


def compare_names(one: Names, other: Names, by: Rule) -> tuple[int, dict[str, str]]:
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
