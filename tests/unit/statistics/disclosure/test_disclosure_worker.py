"""The solver works in a process of its own; whatever becomes of it, nothing unsafe is released."""

import sys

import numpy as np
import pandas as pd
import pytest

from cdop.errors import Unsafe
from cdop.statistics.disclosure import (
    Dimension,
    LinearSystem,
    Table,
    audit,
    build_system,
    profile,
    protect,
)
from cdop.statistics.disclosure.worker import protect_and_audit

PARTNER = profile("partner-1to4")


@pytest.fixture(scope="module")
def system() -> LinearSystem:
    random = np.random.default_rng(3)
    records = pd.DataFrame(
        {"p": random.choice(["a", "b", "c"], 40), "q": random.choice(["x", "y", "z"], 40)}
    )
    dimensions = [Dimension("p", ("a", "b", "c")), Dimension("q", ("x", "y", "z"))]
    return build_system(records, dimensions, [Table("t", ("p", "q"))])


def test_the_process_gives_what_the_same_work_gives_here(system: LinearSystem) -> None:
    hidden, proof = protect_and_audit(system, PARTNER)
    here = protect(system, PARTNER)
    assert (hidden == here.hidden).all()
    assert proof.digest == audit(system, hidden, PARTNER, hints=here.certificate).digest


def test_a_leak_is_refused_with_its_reason(system: LinearSystem) -> None:
    small = PARTNER.is_small(system.values)
    assert small.any()
    with pytest.raises(Unsafe, match="table t"):
        protect_and_audit(system, PARTNER, hidden=np.zeros_like(small))


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os.abort()", "failed"),
        ("import time; time.sleep(60)", "did not finish"),
        ("print('all is well')", "gave no answer"),
        ("pass", "gave no answer"),
        (
            "import io, sys, numpy as np; b = io.BytesIO(); e = np.zeros(0, np.uint8);"
            "np.savez(b, hidden=np.ones(3), unsafe=e, tables0_data=e, tables0_indices=e,"
            " tables0_indptr=[0], tables0_shape=[0, 9]); sys.stdout.buffer.write(b.getvalue())",
            "another question",
        ),
    ],
)
def test_a_process_that_dies_hangs_or_lies_means_no_release(
    system: LinearSystem, code: str, reason: str
) -> None:
    with pytest.raises(Unsafe, match=reason):
        protect_and_audit(system, PARTNER, command=python(code), seconds=3)


def test_the_process_cannot_see_the_environment_of_the_register(
    system: LinearSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDOP_KEYS", "invented")
    code = "import os, sys; sys.exit('CDOP_KEYS' in os.environ)"
    with pytest.raises(Unsafe, match="gave no answer"):  # it ended well, having seen nothing
        protect_and_audit(system, PARTNER, command=python(code))
