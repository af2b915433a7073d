"""What a check says."""

from dataclasses import dataclass

OK, WRONG, SKIPPED = "ok", "wrong", "skipped"
RESTORE = "restore a backup with: cdop --data NEW backup restore FILE --keys PATH"


@dataclass(frozen=True)
class Check:
    """What one check found. `mend` says what to do, where `found` does not say it already."""

    name: str
    state: str
    found: str
    mend: str = ""
