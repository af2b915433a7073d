"""Reading a provider's settings, with a sentence for each that is missing."""

from collections.abc import Mapping
from pathlib import Path

from cdop.errors import Misconfigured


def wanted(settings: Mapping[str, str], name: str) -> str:
    """Return a setting. Raises Misconfigured when it is not set."""
    if not settings.get(name):
        raise Misconfigured(f"The key provider needs {name}, which is not set.")
    return settings[name]


def secret_in(settings: Mapping[str, str], name: str) -> str:
    """Return what the file named by a setting holds. Raises Misconfigured when it cannot be read.

    Refuses a file that everybody may read.
    """
    path = Path(wanted(settings, name))
    try:
        mode, text = path.stat().st_mode, path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The file {path} named by {name} cannot be read.") from error
    if mode & 0o007:
        raise Misconfigured(
            f"The file {path} named by {name} is open to everybody on this machine."
        )
    if not text:
        raise Misconfigured(f"The file {path} named by {name} is empty.")
    return text
