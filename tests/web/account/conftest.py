"""The fixtures of signing in."""

from tests.web.sign_in.conftest import (
    app,
    browser_type_launch_args,
    county,
    enrolled,
    hashed,
    quick,
    visit,
    web,
)

__all__ = [
    "app",
    "browser_type_launch_args",
    "county",
    "enrolled",
    "hashed",
    "quick",
    "visit",
    "web",
]
