"""A pytest plugin for mutants: unit tests first, and no search for a smaller example that fails.

A mutant is noticed by the first test that fails, so that the rest need not run.
"""

import hypothesis
import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Let hypothesis only find what fails, the same in every run."""
    del config
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", phases=phases, database=None, derandomize=True, deadline=None, max_examples=30
    )
    hypothesis.settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put unit tests first; otherwise leave the order as it is."""
    items.sort(key=lambda item: "/unit/" not in item.nodeid)
