"""What a check says. What is weak works, and leaves a promise open: it fails no visit."""

from dataclasses import dataclass

OK, WEAK, WRONG, SKIPPED = "ok", "weak", "wrong", "skipped"
RESTORE = "restore a backup with: cdop --data NEW backup restore FILE --keys PATH"


@dataclass(frozen=True)
class Check:
    """What one check found. `mend` says what to do, where `found` does not say it already."""

    name: str
    state: str
    found: str
    mend: str = ""
