"""The solver in a process of its own: a crash, a hang or a lie of its costs a release, no more.

The parent sends arrays, never code, gets arrays back, and checks the certificate itself. The child
gets no environment but the import path, so no key of the register is within its reach.
"""

import io
import json
import os
import subprocess
import sys
from typing import Any
from zipfile import BadZipFile

import numpy as np
from scipy.sparse import csr_matrix

from cdop.errors import CdopError, Unsafe
from cdop.statistics.disclosure.attack import Audit, audit
from cdop.statistics.disclosure.certificate import (
    PUBLIC,
    Attacker,
    Certificate,
    check_certificate,
    sensitive,
)
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.protect import protect
from cdop.statistics.disclosure.system import LinearSystem, Mask

SECONDS = 300.0  # when the child is ended; no answer depends on it but "there is no release"


def protect_and_audit(
    system: LinearSystem,
    profile: Profile,
    attacker: Attacker = PUBLIC,
    *,
    hidden: Mask | None = None,
    seconds: float = SECONDS,
    command: tuple[str, ...] = (sys.executable, "-m", __name__),
) -> tuple[Mask, Audit]:
    """Return which cells to hide, and the proof that the release cannot then be undone.

    With `hidden` given, nothing more is hidden and the release is audited as it stands. The solver
    runs in a child process, ended after `seconds`. Raises `Unsafe` whenever there is no proof.
    """
    question = _pack(system, profile, attacker, hidden)
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, this module
            command,
            input=question,
            capture_output=True,
            timeout=seconds,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Unsafe("The disclosure check did not finish, so there is no release") from None
    if done.returncode != 0:
        raise Unsafe("The disclosure check failed, so there is no release")
    try:
        answer = _arrays(done.stdout)
        reason = answer["unsafe"].tobytes().decode()
        chosen = answer["hidden"].astype(bool)
        found = Certificate(_unpack_matrix(answer, "tables"))
    except (KeyError, ValueError, TypeError, OSError, EOFError, BadZipFile):
        raise Unsafe("The disclosure check gave no answer, so there is no release") from None
    if reason:
        raise Unsafe(reason)
    if chosen.shape != system.values.shape or (hidden is not None and (chosen != hidden).any()):
        raise Unsafe("The disclosure check answered another question, so there is no release")
    width = check_certificate(system, chosen, found, profile, attacker)
    return chosen, Audit(
        profile.id,
        (attacker.id,),
        len(sensitive(system, chosen, profile).labels),
        width,
        found,
        found.digest(system, chosen),
    )


def answer(question: bytes) -> bytes:
    """Do the work of the child: arrays in, arrays out."""
    data = _arrays(question)
    text = json.loads(data["text"].tobytes())
    places = {(table, tuple(key)): cell for table, key, cell in text["places"]}
    lines = tuple((total, tuple(parts)) for total, parts in text["lines"])
    sums = _unpack_matrix(data, "sums")
    system = LinearSystem(sums, data["atoms"], data["costs"], lines, places)
    profile = Profile(**text["profile"])
    knows = _unpack_matrix(data, "knows") if "knows_shape" in data else None
    attacker = Attacker(text["attacker"], knows)
    hidden, found, reason = data.get("hidden"), None, ""
    tables = csr_matrix(np.zeros((0, len(system.atoms)), dtype=np.int64))
    try:
        if hidden is None:
            proposal = protect(system, profile, attacker)
            hidden, found = proposal.hidden, proposal.certificate
        tables = audit(system, hidden, profile, attacker, hints=found).certificate.tables
    except CdopError as error:
        reason = str(error)
        hidden = np.zeros(0, dtype=bool) if hidden is None else hidden
    return _bytes(
        hidden=hidden,
        unsafe=np.frombuffer(reason.encode(), dtype=np.uint8),
        **_pack_matrix("tables", tables),
    )


def _pack(system: LinearSystem, profile: Profile, attacker: Attacker, hidden: Mask | None) -> bytes:
    text = {
        "places": [[table, key, cell] for (table, key), cell in system.places.items()],
        "lines": system.lines,
        "profile": vars(profile),
        "attacker": attacker.id,
    }
    arrays = _pack_matrix("sums", system.sums)
    if attacker.knows is not None:
        arrays |= _pack_matrix("knows", attacker.knows)
    if hidden is not None:
        arrays["hidden"] = hidden
    written = np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)
    return _bytes(atoms=system.atoms, costs=system.costs, text=written, **arrays)


def _pack_matrix(name: str, matrix: csr_matrix) -> dict[str, Any]:
    parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
    return {f"{name}_{k}": v for k, v in parts.items()} | {f"{name}_shape": np.array(matrix.shape)}


def _unpack_matrix(arrays: dict[str, Any], name: str) -> csr_matrix:
    parts: Any = (arrays[f"{name}_data"], arrays[f"{name}_indices"], arrays[f"{name}_indptr"])
    rows, columns = arrays[f"{name}_shape"].tolist()
    matrix = csr_matrix(parts, shape=(rows, columns))
    matrix.check_format(full_check=True)
    return matrix


def _bytes(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _arrays(data: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return dict(stored)


if __name__ == "__main__":
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
