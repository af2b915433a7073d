"""A sample of the measurement of duplicates: a change of the rule must not lose what it gives."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from cdop.config import ROOT

PROOFS = ROOT / "scripts" / "proofs"


@pytest.fixture
def proof(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The program that measures; `scripts/prove duplicates` runs it in full."""
    monkeypatch.syspath_prepend(str(PROOFS))
    yield importlib.import_module("duplicates")
    for name in ("duplicates", "inventing", "inventing.children"):
        sys.modules.pop(name, None)


def test_duplicates_are_offered_and_offers_are_right_on_an_invented_set(proof: ModuleType) -> None:
    found = proof.measure(1_500, seed=5)
    precision, recall = found.offered
    assert found.pairs["one child"] > 400
    assert precision >= 0.95
    assert recall >= 0.95
    assert found.same[0] >= 0.985


def test_so_they_are_where_no_number_helps(proof: ModuleType) -> None:
    precision, recall = proof.measure(1_500, seed=5, numbered=False).offered
    assert precision >= 0.92
    assert recall >= 0.92


def test_the_set_is_invented_anew_the_same(proof: ModuleType) -> None:
    assert proof.invent(50, 1) == proof.invent(50, 1) != proof.invent(50, 2)
    numbers = [a.child.identity.nhs_number for a in proof.invent(200, 1)]
    assert all(number.startswith("999") for number in numbers if number)
