"""The limits of signing in: data with a source."""

import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files

from pydantic import Field

from cdop.reference.loading import Frozen
from cdop.sign_in.rules import Wait


class _WaitData(Frozen):
    free: int = Field(ge=1)
    first: int = Field(ge=1)
    longest: int = Field(ge=1)
    forgotten_hours: int = Field(ge=1)


class Limits(Frozen):
    """The limits in force. Waits are in seconds."""

    edition: str
    title: str
    source: str
    certainty: str
    invitation_hours: int = Field(ge=1)
    address_days: int = Field(ge=1)
    begun_minutes: int = Field(ge=1)
    challenge_minutes: int = Field(ge=1)
    question_minutes: int = Field(ge=1)
    most_passkeys: int = Field(ge=2)
    confirmed_minutes: int = Field(ge=1)
    recovery_codes: int = Field(ge=1)
    known_browser_days: int = Field(ge=1)
    password_least: int = Field(ge=12)
    password_most: int = Field(ge=64)
    password_guesses: int = Field(ge=6)
    password_words: tuple[str, ...]
    waits: dict[str, _WaitData]

    def wait(self, kind: str) -> Wait:
        """Return by which rule a kind of count (account, browser, source) makes people wait."""
        kept = self.waits[kind]
        return Wait(kept.free, kept.first, kept.longest, timedelta(hours=kept.forgotten_hours))


@cache
def limits() -> Limits:
    """Return the limits in force."""
    text = files("cdop.sign_in").joinpath("data/limits.toml").read_text()
    return Limits.model_validate(tomllib.loads(text))
