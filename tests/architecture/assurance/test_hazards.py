"""The hazard log: each hazard has its controls in the code and tests that cover it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cdop.config import ROOT
from tests.architecture.assurance.evidence import missing

LOG = Path(__file__).parent / "hazards.toml"
HAZARDS = tomllib.loads(LOG.read_text())["hazard"]
SEVERITY = ("minor", "significant", "considerable", "major", "catastrophic")
LIKELIHOOD = ("very low", "low", "medium", "high", "very high")
# DCB0129's matrix of risk, 1 to 5: a row for each severity, a column for each likelihood (as
# recalled; not checked against the original).
RISK = ((1, 1, 2, 2, 3), (1, 2, 2, 3, 4), (2, 2, 3, 3, 4), (2, 3, 3, 4, 5), (3, 4, 4, 5, 5))
_NO_MORE_THAN = 3  # above it DCB0129 calls a risk unacceptable or to be eliminated
_IRREDUCIBLE = {"keys-stolen"}


def risk(judged: dict[str, str]) -> int:
    """Return the risk of a severity and a likelihood."""
    return RISK[SEVERITY.index(judged["severity"])][LIKELIHOOD.index(judged["likelihood"])]


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard["id"])
def test_a_hazard_has_controls_and_tests_that_exist(hazard: dict[str, Any]) -> None:
    for part in ("what", "cause", "effect", "controls"):
        assert hazard[part].endswith(".")
    assert hazard["tests"], "nothing covers it"
    assert missing(hazard["tests"]) == []
    for place in hazard["where"]:
        assert (ROOT / place).exists(), place


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard["id"])
def test_the_controls_lower_the_risk(hazard: dict[str, Any]) -> None:
    before, after = hazard["before"], hazard["after"]
    assert LIKELIHOOD.index(after["likelihood"]) < LIKELIHOOD.index(before["likelihood"])
    assert risk(after) <= risk(before)
    if hazard["id"] not in _IRREDUCIBLE:
        assert risk(after) <= _NO_MORE_THAN


def test_each_hazard_is_named_once_and_the_log_says_who_signs() -> None:
    ids = [hazard["id"] for hazard in HAZARDS]
    assert len(set(ids)) == len(ids) >= 20
    assert "NOT SIGNED: a named\n# clinical safety officer" in LOG.read_text()


def test_the_readme_leads_to_log_and_table() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "`tests/architecture/assurance/hazards.toml`" in readme
    assert "`tests/architecture/assurance/asvs/`" in readme
