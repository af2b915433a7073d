"""What an attacker of these tests can tell: apart from the engine, in another formulation."""

from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp


def apart(target: Any, known: LinearConstraint | tuple[()]) -> float:
    """Return how far apart a sum of whole numbers may still lie, for whoever knows some others.

    One number for each kind of death that there can be, none below 0 or over 60.
    """
    row = np.array(target, dtype=float)
    ends = []
    for sign in (1.0, -1.0):
        solved = milp(
            sign * row,
            constraints=known,
            integrality=np.ones(len(row), dtype=np.int64),
            bounds=Bounds(0, 60),
        )
        assert solved.status == 0, solved.message
        ends.append(sign * solved.fun)
    return float(round(ends[1] - ends[0]))
