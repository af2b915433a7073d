"""An attacker written apart from the protector: the printed frames, kinds by codes, scipy's solver.

It shares no formulation with the engine: one variable for each kind of record by its codes, a range
for every printed cell, and two whole-number programmes for each count that it is after.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from cdop.statistics.disclosure import TOTAL, Dimension, Table

AGE = Dimension("age", ("0", "1-4", "5-17"), {"under five": {"0": "u5", "1-4": "u5", "5-17": "o5"}})
BOARD = Dimension("board", ("north", "east", "south"))
CATEGORY = Dimension("category", ("2", "7", "8"))
DIMENSIONS = (AGE, BOARD, CATEGORY)
TABLES = (
    Table("category-age", ("category", "age"), "reviewed"),
    Table("category-board", ("category", "board"), "reviewed"),
    Table("age-board", ("age", "board")),
)
Range = tuple[float, float]


def register(deaths: int, seed: int) -> pd.DataFrame:
    """Return invented deaths."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": random.choice(AGE.codes, deaths, p=[0.6, 0.2, 0.2]),
            "board": random.choice(BOARD.codes, deaths, p=[0.5, 0.3, 0.2]),
            "category": random.choice(CATEGORY.codes, deaths, p=[0.15, 0.35, 0.5]),
            "reviewed": random.random(deaths) < 0.7,
        }
    )


class Reader:
    """Somebody with printed tables, each cell a range of counts, and some counts known besides."""

    def __init__(
        self,
        printed: dict[tuple[str, tuple[str, ...]], Range],
        dimensions: Sequence[Dimension] = DIMENSIONS,
        tables: Sequence[Table] = TABLES,
        knows: dict[tuple[tuple[str, str], ...], int] | None = None,
    ) -> None:
        self.dimensions, self.tables = dimensions, {table.id: table for table in tables}
        flags = sorted({table.population for table in tables if table.population})
        names = [*(d.name for d in dimensions), *flags]
        codes = [*(d.codes for d in dimensions), *([("no", "yes")] * len(flags))]
        self.kinds = [dict(zip(names, kind, strict=True)) for kind in product(*codes)]
        rows = [self.row(*place) for place in printed]
        ranges = list(printed.values())
        for kind, count in (knows or {}).items():
            rows.append(np.array([all(k[n] == c for n, c in kind) for k in self.kinds]))
            ranges.append((count, count))
        low, high = np.array(ranges, dtype=float).T
        self.constraints = LinearConstraint(np.array(rows, dtype=float), low, high)

    def row(self, id: str, key: tuple[str, ...]) -> np.ndarray:
        table = self.tables[id]
        return np.array(
            [
                (table.population is None or kind[table.population] == "yes")
                and all(
                    self._under(name, code, kind[name])
                    for name, code in zip(table.dimensions, key, strict=True)
                )
                for kind in self.kinds
            ]
        )

    def _under(self, name: str, printed: str, code: str) -> bool:
        dimension = next(d for d in self.dimensions if d.name == name)
        groups = {grouping[code] for grouping in dimension.groupings.values()}
        return printed in {TOTAL, code, *groups}

    def range(self, row: np.ndarray) -> Range:
        """Return the least and the greatest value that a sum of kinds can take."""
        ends = []
        for sign in (1.0, -1.0):
            solved = milp(
                sign * row.astype(float),
                constraints=self.constraints,
                integrality=np.ones(len(row), dtype=np.int64),
                bounds=Bounds(0, 300),
            )
            assert solved.status == 0, solved.message
            ends.append(round(sign * solved.fun))
        return ends[0], ends[1]

    def width(self, id: str, key: tuple[str, ...]) -> float:
        low, high = self.range(self.row(id, key))
        return high - low
