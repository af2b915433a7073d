"""What a page lets its reader do by a press, and why not now.

A page leaves out what its reader's roles never let them do. What they may do, but not now (the
state of the record, somebody's relation to it, a place where they only read), it shows greyed, with
the sentence that the service gives when it is asked all the same: both come from one check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from cdop.errors import OnlyToRead, Refused

P = ParamSpec("P")


@dataclass(frozen=True)
class Button:
    """A press that sends a form to an address, or opens it; `refusal` says why not now.

    For the macros `ui.press` and `ui.follow`.
    """

    text: str
    to: str
    refusal: str | None = None


def why_not(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str | None:
    """Return the sentence with which a service's own check refuses, or None when it does not."""
    try:
        check(*args, **kwargs)
    except (Refused, OnlyToRead) as refused:
        return str(refused)
    return None
