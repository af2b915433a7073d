"""Rules of signing in, pure: how long to wait after failures, and what is still fresh."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil


@dataclass(frozen=True)
class Wait:
    """How a wait grows: `free` failures cost nothing, then `first` seconds, doubling each time."""

    free: int
    first: int
    longest: int
    forgotten: timedelta


def seconds_to_wait(wait: Wait, failures: int, last_at: datetime, now: datetime) -> int:
    """Return in how many seconds the next attempt is looked at; 0 for at once.

    Never more than the longest wait, however many failures there were.
    """
    if failures < wait.free or now - last_at >= wait.forgotten:
        return 0
    doublings = min(failures - wait.free, 32)
    whole: int = min(wait.first * 2**doublings, wait.longest)
    left = whole - (now - last_at).total_seconds()
    return min(max(0, ceil(left)), wait.longest)


def is_fresh(at: datetime | None, now: datetime, within: timedelta) -> bool:
    """Say whether something happened less than `within` ago."""
    return at is not None and now - at < within
