"""A browser for the search."""

from tests.browser import browser_type_launch_args, visit

__all__ = ["browser_type_launch_args", "visit"]
