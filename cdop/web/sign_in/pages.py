"""What the sign-in page shows."""

from dataclasses import dataclass

from cdop.web.forms import Bound
from cdop.web.sign_in.forms import SignIn

NOTICES = {"signed-out": "You have signed out."}


@dataclass(frozen=True)
class SignInPage:
    """`notice` says why somebody is here; `next` where they were going, already safe."""

    form: Bound[SignIn]
    next: str | None
    notice: str | None = None


def safe_path(path: str | None) -> str | None:
    """Return a path within this register, or None for anything that could lead elsewhere."""
    if not path or not path.startswith("/") or path.startswith("//"):
        return None
    # Browsers read a backslash as a slash, and drop tabs and line breaks.
    if "\\" in path or any(ord(c) < 33 or ord(c) == 127 for c in path):
        return None
    return None if path.startswith("/sign-") else path
