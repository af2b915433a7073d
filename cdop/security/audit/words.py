"""What actions and outcomes of the audit log are called on a page."""

import tomllib
from functools import cache
from pathlib import Path

from cdop.security.permissions import PERMISSIONS

OUTCOMES = {"done": "Done", "denied": "Refused", "failed": "Failed"}
_FILE = Path(__file__).parent / "data" / "actions.toml"


@cache
def actions() -> dict[str, str]:
    """Return the words of each action, in the order of their codes."""
    return tomllib.loads(_FILE.read_text())


def words_of(action: str) -> str:
    """Return what an action is called: by its words, those of a permission, or its bare code."""
    permission = PERMISSIONS.get(action)
    return actions().get(action) or (permission.words if permission else action)
