"""A browser for the panel's pages."""

from tests.browser import browser_type_launch_args, visit

__all__ = ["browser_type_launch_args", "visit"]
