"""Reading a provider's settings, with a sentence for each that is missing."""

from collections.abc import Mapping
from pathlib import Path

from cdop.errors import Misconfigured
from cdop.security import private_files


def wanted(settings: Mapping[str, str], name: str) -> str:
    """Return a setting. Raises Misconfigured when it is not set."""
    if not settings.get(name):
        raise Misconfigured(f"The key provider needs {name}, which is not set.")
    return settings[name]


def secret_in(settings: Mapping[str, str], name: str) -> str:
    """Return what the file named by a setting holds. Raises Misconfigured when it cannot be read.

    Refuses a file that everybody may read.
    """
    return private_files.secret(Path(wanted(settings, name)), name)
