"""How far the work is, told while it is done: by whoever works, to whoever waits.

The worker's process tells its parent by lines on standard error. No count is ever in them.
"""

import json
import sys
from collections.abc import Callable

from cdop.statistics.disclosure.attackers import Attacker

Listener = Callable[[str, int, int], None]
_listeners: list[Listener] = []


def step(stage: str, done: int, whole: int) -> None:
    """Say that `done` parts of `whole` of a stage are behind us."""
    for listener in _listeners:
        listener(stage, done, whole)


def against(stage: str, who: Attacker) -> str:
    """Return a stage with the attacker that it is about, as a reason names one."""
    return f"{stage} (attacker: {who.id})"


def tell_parent() -> None:
    """Write every step to standard error from now on, for the process that waits."""
    _listeners.append(_write)


def read(line: bytes) -> tuple[str, int, int] | None:
    """Return the step that a line tells of; None for any other line."""
    try:
        stage, done, whole = json.loads(line)
        return str(stage), int(done), int(whole)
    except (ValueError, TypeError):
        return None


def _write(stage: str, done: int, whole: int) -> None:
    sys.stderr.write(json.dumps([stage, done, whole]) + "\n")
    sys.stderr.flush()
