"""A certificate proves a release safe by arithmetic alone; a false one is found out."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from cdop.errors import Unsafe
from cdop.statistics.disclosure import (
    Certificate,
    Dimension,
    LinearSystem,
    Protection,
    Table,
    build_system,
    check_certificate,
    profile,
    protect,
)

PARTNER = profile("partner-1to4")


@pytest.fixture(scope="module")
def system() -> LinearSystem:
    counts = {("a", "x"): 2, ("a", "y"): 9, ("b", "x"): 7, ("b", "y"): 11, ("c", "x"): 20}
    records = pd.DataFrame([(*key, n) for key, n in counts.items()], columns=["p", "q", "n"])
    dimensions = [Dimension("p", ("a", "b", "c")), Dimension("q", ("x", "y"))]
    return build_system(records, dimensions, [Table("t", ("p", "q"))], count="n")


@pytest.fixture(scope="module")
def proposal(system: LinearSystem) -> Protection:
    return protect(system, PARTNER)


def test_a_true_certificate_states_the_smallest_width(
    system: LinearSystem, proposal: Protection
) -> None:
    width = check_certificate(system, proposal.hidden, proposal.certificate, PARTNER)
    assert width is not None
    assert width >= PARTNER.width


@pytest.mark.parametrize(("change", "reason"), [(1, "contradicts"), (-1000, "no table can have")])
def test_one_changed_count_is_found_out(
    system: LinearSystem, proposal: Protection, change: int, reason: str
) -> None:
    tables = proposal.certificate.tables.toarray()
    for atom in range(tables.shape[1]):
        forged = tables.copy()
        forged[0, atom] += change
        with pytest.raises(Unsafe, match=reason):
            check_certificate(system, proposal.hidden, Certificate(csr_matrix(forged)), PARTNER)


def test_a_certificate_of_fractions_or_of_another_release_does_not_fit(
    system: LinearSystem, proposal: Protection
) -> None:
    for tables in (proposal.certificate.tables * 1.0, proposal.certificate.tables[:, :-1]):
        with pytest.raises(Unsafe, match="does not fit"):
            check_certificate(system, proposal.hidden, Certificate(csr_matrix(tables)), PARTNER)


def test_no_tables_prove_nothing(system: LinearSystem, proposal: Protection) -> None:
    none = Certificate(csr_matrix(np.zeros((0, len(system.atoms)), dtype=np.int64)))
    with pytest.raises(Unsafe, match="too closely"):
        check_certificate(system, proposal.hidden, none, PARTNER)


def test_the_digest_is_bound_to_the_tables_and_to_what_is_hidden(
    system: LinearSystem, proposal: Protection
) -> None:
    tables = proposal.certificate.tables
    other = proposal.hidden.copy()
    other[0] = not other[0]
    digests = {
        proposal.certificate.digest(system, proposal.hidden),
        proposal.certificate.digest(system, other),
        Certificate(csr_matrix(tables[:-1])).digest(system, proposal.hidden),
    }
    assert len(digests) == 3


def test_the_reason_points_to_the_cell_and_does_not_say_its_value(system: LinearSystem) -> None:
    none = Certificate(csr_matrix(np.zeros((0, len(system.atoms)), dtype=np.int64)))
    small = PARTNER.is_small(system.values)
    with pytest.raises(Unsafe) as refusal:
        check_certificate(system, small, none, PARTNER)
    assert "table t, a / x" in str(refusal.value)
    assert "2" not in str(refusal.value)
