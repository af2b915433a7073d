"""How a question goes to the solver's process and its answer back: arrays and JSON, no code."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np
from scipy.sparse import csr_matrix

from cdop.statistics.disclosure.attackers import Attacker
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.system import Counts, Earlier, LinearSystem, Mask

Arrays = dict[str, Any]
BROKEN = (KeyError, ValueError, TypeError, OSError, EOFError, BadZipFile)


@dataclass(frozen=True)
class Question:
    """What is asked of the process: `task` is hide, exact or round."""

    task: str
    system: LinearSystem
    profile: Profile
    attackers: tuple[Attacker, ...]
    hidden: Mask | None
    start: Mask | None
    keep: Counts | None
    seed: int


def pack(
    task: str,
    system: LinearSystem,
    profile: Profile,
    attackers: Sequence[Attacker],
    hidden: Mask | None = None,
    start: Mask | None = None,
    keep: Counts | None = None,
    seed: int = 0,
) -> bytes:
    """Write a question as bytes."""
    text = {
        "task": task,
        "seed": seed,
        "places": [[table, key, cell] for (table, key), cell in system.places.items()],
        "lines": system.lines,
        "groups": system.groups,
        "nested": system.nested,
        "profile": vars(profile),
        "attackers": [[who.id, who.rests, _first(attackers, who)] for who in attackers],
    }
    arrays = pack_matrix("sums", system.sums)
    if system.links is not None:
        arrays |= pack_matrix("links", system.links)
    for i, who in enumerate(attackers):
        if who.knows is not None and _first(attackers, who) == i:
            arrays |= pack_matrix(f"knows{i}", who.knows)
        if who.least is not None:
            arrays[f"least{i}"] = who.least
    for name, array in {
        "hidden": hidden,
        "start": start,
        "keep": keep,
        "limits": system.limits,
        **({} if system.earlier is None else _earlier_arrays(system.earlier)),
    }.items():
        if array is not None:
            arrays[name] = array
    written = np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)
    return pack_bytes(atoms=system.atoms, costs=system.costs, text=written, **arrays)


def unpack(question: bytes) -> Question:
    """Read a question from bytes."""
    data = unpack_bytes(question)
    text = json.loads(data["text"].tobytes())
    system = LinearSystem(
        matrix(data, "sums"),
        data["atoms"],
        data["costs"],
        tuple((total, tuple(parts)) for total, parts in text["lines"]),
        {(table, tuple(key)): cell for table, key, cell in text["places"]},
        data.get("limits"),
        tuple((total, part) for total, part in text["groups"]),
        tuple((outer, inner) for outer, inner in text["nested"]),
        _earlier(data),
        matrix(data, "links") if "links_shape" in data else None,
    )
    first = {n for _, _, n in text["attackers"]}
    knows = {n: matrix(data, f"knows{n}") for n in first if f"knows{n}_shape" in data}
    attackers = tuple(
        Attacker(id, knows.get(n), data.get(f"least{i}"), rests)
        for i, (id, rests, n) in enumerate(text["attackers"])
    )
    return Question(
        text["task"],
        system,
        Profile(**{**text["profile"], "audiences": tuple(text["profile"]["audiences"])}),
        attackers,
        data.get("hidden"),
        data.get("start"),
        data.get("keep"),
        text["seed"],
    )


def _first(attackers: Sequence[Attacker], who: Attacker) -> int:
    """Return the first of the attackers who knows these very sums: they are sent once."""
    return next(i for i, other in enumerate(attackers) if other.knows is who.knows)


def _earlier_arrays(told: Earlier) -> Arrays:
    return {"earlier_low": told.low, "earlier_high": told.high, "earlier_only": told.only}


def _earlier(data: Arrays) -> Earlier | None:
    if "earlier_low" not in data:
        return None
    return Earlier(data["earlier_low"], data["earlier_high"], data["earlier_only"])


def pack_matrix(name: str, sparse: csr_matrix) -> Arrays:
    """Return a sparse matrix as named arrays."""
    parts = {"data": sparse.data, "indices": sparse.indices, "indptr": sparse.indptr}
    whole = {f"{name}_{k}": v for k, v in parts.items()}
    return whole | {f"{name}_shape": np.array(sparse.shape)}


def matrix(arrays: Arrays, name: str) -> csr_matrix:
    """Return the sparse matrix of that name, every index checked."""
    parts: Any = (arrays[f"{name}_data"], arrays[f"{name}_indices"], arrays[f"{name}_indptr"])
    rows, columns = arrays[f"{name}_shape"].tolist()
    sparse = csr_matrix(parts, shape=(rows, columns))
    sparse.check_format(full_check=True)
    return sparse


def pack_bytes(**arrays: Any) -> bytes:
    """Write named arrays as bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack_bytes(data: bytes) -> Arrays:
    """Read named arrays; nothing in them is ever run."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return dict(stored)
