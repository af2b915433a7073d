"""Elimination alone reproduces the counts published for the public test table z3."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cdop.statistics.disclosure import Dimension, LinearSystem, Table, build_system
from cdop.statistics.disclosure.eliminate import by_cost, eliminate

DATA = Path(__file__).parent / "data"


def z3(*, linked: bool) -> LinearSystem:
    """Return z3 as a system; `linked` adds the five groups of regions that do not nest."""
    cells = pd.read_csv(DATA / "z3.csv", dtype=str)
    regions = {"fylke": dict(zip(cells.region, "fylke " + cells.fylke, strict=True))}
    if linked:
        regions["kostragr"] = dict(zip(cells.region, "kostragr " + cells.kostragr, strict=True))
    dimensions = [
        Dimension("region", tuple(cells.region.unique()), regions),
        Dimension("hovedint", tuple(cells.hovedint.unique())),
        Dimension(
            "mnd",
            tuple(cells.mnd.unique()),
            {"mnd2": dict(zip(cells.mnd, cells.mnd2, strict=True))},
        ),
    ]
    return build_system(
        cells, dimensions, [Table("z3", ("region", "hovedint", "mnd"))], count="ant"
    )


def published(scope: str, zeros: int) -> tuple[int, int]:
    """Return the cells and the primary cells that the authors report as hidden."""
    results = pd.read_csv(DATA / "z3_published_results.csv")
    rows = results[
        (results.scope == scope)
        & (results.protect_zeros == zeros)
        & (results.method == "Gauss")
        & (results.singleton == "none")
    ]
    return int(rows.n_suppressed.iloc[0]), int(rows.n_primary.iloc[0])


@pytest.mark.parametrize(
    ("scope", "cells", "zeros", "hidden"),
    [
        ("single_1200", 1200, 0, 478),
        ("single_1200", 1200, 1, 626),
        ("linked_1350", 1350, 0, 521),
        ("linked_1350", 1350, 1, 683),
    ],
)
def test_elimination_hides_as_many_cells_of_z3_as_published(
    scope: str, cells: int, zeros: int, hidden: int
) -> None:
    system = z3(linked=scope.startswith("linked"))
    values = system.values
    primary = (values <= 3) & ((values > 0) | bool(zeros))
    wanted = values.astype(float)
    if not zeros:
        wanted[values == 0] = values.max() + 1  # zeros are printed before all else
    chosen = eliminate(system.sums, primary, by_cost(wanted, system.sums))
    printed = np.array(list(system.places.values()))  # a number printed twice counts twice
    assert len(printed) == cells
    assert (chosen[printed].sum(), primary[printed].sum()) == published(scope, zeros)
    assert chosen[printed].sum() == hidden
