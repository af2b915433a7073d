"""A pytest plugin for mutants: unit tests first, and no search for a smaller example that fails.

A mutant is noticed by the first test that fails, so that the rest need not run, or by tests that
take a minute of the processor. Registers are copied from one that the unchanged code has migrated,
beside the mutants.
"""

import os
import resource
import sys
from pathlib import Path
from time import process_time
from typing import Any

import hypothesis
import pytest

SECONDS = 60


def pytest_configure(config: pytest.Config) -> None:
    """Let hypothesis only find what fails, the same in every run; end what runs on and on."""
    del config
    mutant = os.environ.get("MUTANT_UNDER_TEST", "")
    if "__mutmut_" in mutant:
        _forget(mutant.rpartition(".")[0])
        limit = int(process_time()) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", phases=phases, database=None, derandomize=True, deadline=None, max_examples=30
    )
    hypothesis.settings.load_profile("mutants")


def _forget(module: str) -> None:
    """Let a changed module forget what the unchanged code has given it to remember."""
    for each in list(vars(sys.modules[module]).values()) if module in sys.modules else ():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where it is noted which tests reach a function, let each reach those that are remembered."""
    del item
    if os.environ.get("MUTANT_UNDER_TEST") != "stats":
        return
    for name, module in list(sys.modules.items()):
        if name.startswith("cdop.") and any("__mutmut_" in each for each in vars(module)):
            _forget(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put unit tests first; otherwise leave the order as it is."""
    items.sort(key=lambda item: "/unit/" not in item.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Path | None:
    """Give the migrated register to whoever asks for `sqlite_template`."""
    if fixturedef.argname != "sqlite_template":
        return None
    made = request.config.rootpath.parent / "template"
    fixturedef.cached_result = (made, None, None)
    return made
