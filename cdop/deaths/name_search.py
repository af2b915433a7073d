"""Finding a name among many: whole, part, hyphenated, former, swapped, misspelt, sounding alike.

Pure functions of values. Words are compared once for each different word of all the names, not for
each name: a hundred thousand names have some thousands of words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy
from pydantic_core import from_json
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from cdop.deaths.name_likeness import one_slip, sounds
from cdop.deaths.naming import plain
from cdop.deaths.thresholds import Rule, rule

# How much a word is worth that was found so, and how it is told.
_WORTH = {"same": 1.0, "begins": 0.9, "part": 0.8, "alike": 0.75, "sound": 0.65}
_TOLD = {
    "same": "same name",
    "begins": "part of the name",
    "part": "part of the name",
    "alike": "name spelt alike",
    "sound": "name sounds alike",
}
# Two of three words typed must be there; of a hyphenated name one is enough, at a discount.
_ENOUGH = 0.6
_HALF_A_NAME = 0.8
# Words less alike than this are not compared by sound: metaphone forgets every vowel.
_UNLIKE = 0.6
_FIELDS = ("given", "family", "also_known_as")


class NameHit(NamedTuple):
    """Which of the names was found, how well (0 to 1), and how that is told."""

    at: int
    score: float
    reason: str


@dataclass(frozen=True)
class _Match:
    worth: float
    how: str


def find_names(
    wanted: Sequence[tuple[str, ...]], documents: Iterable[bytes], by: Rule | None = None
) -> list[NameHit]:
    """Return which of the names (`Names` as JSON) answer the groups of words, the best first.

    The order of words makes no difference: a swapped first and last name is found like any other.
    """
    lines = _lines(documents)
    words = list(set(" ".join(lines).split()))
    if not wanted or not words:
        return []
    found = [[_like(word, words, by or rule()) for word in group] for group in wanted]
    telling = {word for group in found for matches in group for word in matches}
    hits = []
    for at, line in enumerate(lines):
        name = line.split()
        if telling.isdisjoint(name):
            continue
        hit = _score(at, name, found)
        if hit.score >= _ENOUGH:
            hits.append(hit)
    return sorted(hits, key=lambda hit: (-hit.score, hit.at))


def _lines(documents: Iterable[bytes]) -> list[str]:
    """Return each name as its normalised words, all read in one go."""
    names = from_json(b"[" + b",".join(documents) + b"]")
    return [plain(" ".join([name.get(each, "") for each in _FIELDS])) for name in names]


def _like(wanted: str, words: list[str], by: Rule) -> dict[str, _Match]:
    """Return which words are like the wanted one, and how."""
    similar = process.cdist([wanted], words, scorer=JaroWinkler.similarity, score_cutoff=_UNLIKE)[0]
    found = {}
    for at in numpy.flatnonzero(similar):
        how = _how(wanted, words[at], float(similar[at]), by)
        if how:
            found[words[at]] = how
    for word in words:
        if wanted in word or (len(word) >= 4 and word in wanted):
            how = _part(wanted, word)
            if how and (word not in found or how.worth > found[word].worth):
                found[word] = how
    return found


def _how(wanted: str, word: str, similar: float, by: Rule) -> _Match | None:
    if word == wanted:
        return _Match(1.0, "same")
    sound = sounds(wanted) == sounds(word) != ""
    if similar >= by.alike or one_slip(wanted, word, by):
        return _Match(_WORTH["alike"] * (0.5 + similar / 2), "sound" if sound else "alike")
    return _Match(_WORTH["sound"], "sound") if sound else None


def _part(wanted: str, word: str) -> _Match | None:
    if word.startswith(wanted) and len(wanted) >= 2:
        return _Match(_WORTH["begins"], "begins")
    return _Match(_WORTH["part"], "part") if min(len(wanted), len(word)) >= 3 else None


def _score(at: int, name: list[str], found: list[list[dict[str, _Match]]]) -> NameHit:
    total, how = 0.0, "same"
    for group in found:
        best = [
            max((m[w] for w in name if w in m), key=lambda match: match.worth, default=None)
            for m in group
        ]
        there = [match for match in best if match]
        if not there:
            continue
        whole = len(there) == len(best)
        worth = sum(match.worth for match in there) / len(there)
        total += worth if whole else worth * _HALF_A_NAME
        worst = min(there, key=lambda match: match.worth).how if whole else "part"
        how = worst if _WORTH[worst] < _WORTH[how] else how
    return NameHit(at, total / len(found), _TOLD[how])
