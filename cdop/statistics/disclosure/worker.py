"""The solver in a process of its own: a crash, a hang or a lie of its costs a release, no more.

The parent sends arrays, never code, gets arrays back, and checks the certificates itself. The child
gets no environment but the import path, so no key of the register is within its reach.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from cdop.errors import CdopError, Unsafe
from cdop.statistics.disclosure import progress, wire
from cdop.statistics.disclosure.asking import SILENT, OnStep, ask
from cdop.statistics.disclosure.attack import Audit, audit
from cdop.statistics.disclosure.attackers import PUBLIC, Attacker, sooner_and_later
from cdop.statistics.disclosure.certificate import (
    Certificate,
    check_none_printed,
    check_tables,
    no_tables,
)
from cdop.statistics.disclosure.exact import protect_exactly
from cdop.statistics.disclosure.further import protect_further
from cdop.statistics.disclosure.measure import measure
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.protect import Protection, protect
from cdop.statistics.disclosure.reading import read_hiding, read_rounding
from cdop.statistics.disclosure.rounding import (
    Numbers,
    Rounded,
    checked,
    round_counts,
)
from cdop.statistics.disclosure.sensitive import EachSensitive
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask

SECONDS = 300.0  # when the child is ended; no answer depends on it but "there is no release"
COMMAND = (sys.executable, "-m", __name__)


@dataclass(frozen=True)
class Hiding:
    """Which cells to hide, proved against each attacker. `bound` is what hiding must cost at least.

    `bound` is None unless the exact method was asked for.
    """

    hidden: Mask
    audits: tuple[Audit, ...]
    bound: float | None = None


def protect_and_audit(
    system: LinearSystem,
    profile: Profile,
    attacker: Attacker = PUBLIC,
    *,
    hidden: Mask | None = None,
    seconds: float = SECONDS,
    command: tuple[str, ...] = COMMAND,
    on_step: OnStep | None = None,
) -> tuple[Mask, Audit]:
    """Return which cells to hide, and the proof that the release cannot then be undone.

    With `hidden` given, nothing more is hidden and the release is audited as it stands. The solver
    runs in a child process, ended after `seconds`. Raises `Unsafe` whenever there is no proof.
    """
    found = hide_against(
        system,
        profile,
        (attacker,),
        hidden=hidden,
        seconds=seconds,
        command=command,
        on_step=on_step,
    )
    return found.hidden, found.audits[0]


def hide_against(
    system: LinearSystem,
    profile: Profile,
    attackers: Sequence[Attacker] = (PUBLIC,),
    *,
    hidden: Mask | None = None,
    start: Mask | None = None,
    exact: bool = False,
    seconds: float = SECONDS,
    command: tuple[str, ...] = COMMAND,
    on_step: OnStep | None = None,
) -> Hiding:
    """As `protect_and_audit`, against several attackers at once; `start` is hidden in any case.

    With `exact`, as little as possible is hidden, going by `system.costs`: for small systems.
    """
    task = "exact" if exact else "hide"
    answer = ask(
        wire.pack(task, system, profile, attackers, hidden, start), command, seconds, on_step
    )
    _tell_check(on_step)
    try:
        chosen = answer["hidden"].astype(bool)
        found = [Certificate(wire.matrix(answer, f"tables{i}")) for i in range(len(attackers))]
        bound = float(answer["bound"]) if exact else None
    except wire.BROKEN:
        raise Unsafe(SILENT) from None
    if chosen.shape != system.values.shape or (hidden is not None and (chosen != hidden).any()):
        raise Unsafe("The disclosure check answered another question, so there is no release")
    check_none_printed(system, chosen, profile)
    reading, every = read_hiding(system, chosen, profile), EachSensitive(system, chosen, profile)
    audits = []
    for attacker, tables in zip(attackers, found, strict=True):
        must = every.of(attacker)
        width = check_tables(system, reading, tables, must, attacker)
        digest = tables.digest(system, chosen)
        audits.append(Audit(profile.id, (attacker.id,), len(must.names), width, tables, digest))
    return Hiding(chosen, tuple(audits), bound)


def round_system(
    system: LinearSystem,
    profile: Profile,
    attackers: Sequence[Attacker] = (PUBLIC,),
    *,
    keep: Counts | None = None,
    seed: int = 0,
    seconds: float = SECONDS,
    command: tuple[str, ...] = COMMAND,
    on_step: OnStep | None = None,
) -> Rounded:
    """Round every count of a release to a neighbouring multiple, so that all totals add up.

    A number printed in several tables is the same everywhere. `keep` holds numbers printed before
    (-1 for none), repeated where they still fit; `seed` decides which way counts are rounded, and
    should come from the register's keys. Raises `Unsafe` when there is no such rounding, or no
    proof that small counts stay as uncertain as the profile asks.
    """
    question = wire.pack("round", system, profile, attackers, keep=keep, seed=seed)
    answer = ask(question, command, seconds, on_step)
    _tell_check(on_step)
    try:
        printed, reach = answer["printed"].astype(np.int64), int(answer["reach"])
        found = [Certificate(wire.matrix(answer, f"tables{i}")) for i in range(len(attackers))]
    except wire.BROKEN:
        raise Unsafe(SILENT) from None
    return checked(system, profile, printed, reach, tuple(attackers), found)


def measure_widths(
    system: LinearSystem,
    profile: Profile,
    attackers: Sequence[Attacker],
    hidden: Mask,
    numbers: Numbers | None = None,
    *,
    seconds: float = SECONDS,
    command: tuple[str, ...] = COMMAND,
    on_step: OnStep | None = None,
) -> Counts:
    """Return how closely each attacker can work out each small cell: see `measure`.

    Of the cells hidden, or of the rounded `numbers`. Raises `Unsafe` when there is no answer.
    """
    keep = None if numbers is None else numbers.printed
    reach = 0 if numbers is None else numbers.reach
    question = wire.pack("measure", system, profile, attackers, hidden, keep=keep, seed=reach)
    found = ask(question, command, seconds, on_step)
    try:
        return np.asarray(found["widths"], np.int64).reshape(len(attackers), len(system.values))
    except wire.BROKEN:
        raise Unsafe(SILENT) from None


def _tell_check(on_step: OnStep | None) -> None:
    if on_step:
        on_step(("Checking the proof by arithmetic alone", 0, 0))


def answer(question: bytes) -> bytes:
    """Do the work of the child: arrays in, arrays out."""
    asked = wire.unpack(question)
    try:
        return _work(asked)
    except CdopError as error:
        return wire.pack_bytes(unsafe=np.frombuffer(str(error).encode(), dtype=np.uint8))


def _work(asked: wire.Question) -> bytes:
    system, profile, attackers = asked.system, asked.profile, asked.attackers
    parts: wire.Arrays = {"unsafe": np.zeros(0, np.uint8)}
    if asked.task == "measure":
        assert asked.hidden is not None
        if asked.keep is None:
            reading = read_hiding(system, asked.hidden, profile)
        else:
            reading = read_rounding(system, asked.keep, asked.seed)
        widths = measure(system, asked.hidden, reading, profile, attackers)
        return wire.pack_bytes(**parts, widths=widths)
    if asked.task == "round":
        numbers, proofs = round_counts(system, profile, asked.keep, asked.seed, attackers)
        parts |= {"printed": numbers.printed, "reach": np.array(numbers.reach)}
    else:
        done, bound = _hide(asked)
        parts |= {"hidden": done.hidden, "bound": np.array(bound)}
        proofs, every = [], EachSensitive(system, done.hidden, profile)
        for attacker, hint in zip(attackers, done.certificates, strict=True):
            trying = progress.against("Trying to undo what is hidden", attacker)
            progress.step(trying, len(proofs), len(attackers))
            proof = None if done.pool is None else done.pool.proof(every.of(attacker), attacker)
            if proof is None:
                proof = audit(system, done.hidden, profile, attacker, hints=hint).certificate
            proofs.append(proof)
    for i, proof in enumerate(proofs):
        parts |= wire.pack_matrix(f"tables{i}", csr_matrix(proof.tables))
    return wire.pack_bytes(**parts)


def _hide(asked: wire.Question) -> tuple[Protection, float]:
    """Choose what to hide: against all who know no single record at once, then against the rest."""
    system, profile, attackers = asked.system, asked.profile, asked.attackers
    if asked.hidden is not None:
        nothing = (no_tables(system),) * len(attackers)
        return Protection(asked.hidden, asked.hidden, nothing), 0.0
    if asked.task == "exact":
        best = protect_exactly(system, profile, attackers)
        return best.protection, best.bound
    first, further = sooner_and_later(attackers)
    done = protect(system, profile, first, asked.start)
    if further:
        done = protect_further(system, profile, first, further, done, asked.start)
    return done, 0.0


if __name__ == "__main__":
    progress.tell_parent()
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
