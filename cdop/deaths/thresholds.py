"""The points and thresholds by which two accounts of a child are compared: data with a source."""

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import Field

from cdop.reference.loading import Dated


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


@cache
def rule() -> Rule:
    """Return the rule in force."""
    text = files("cdop.deaths").joinpath("data/matching.toml").read_text()
    return Rule.model_validate(tomllib.loads(text))
