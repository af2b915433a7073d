"""From what a release counts to what may be shown of it: hidden or rounded, proved, never both.

Who may read it is in `readers`, how releases hang together in `linking`; the engine and its proofs
are in `disclosure`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
import pandas as pd

from cdop.errors import Unsafe
from cdop.statistics.counting import figures
from cdop.statistics.disclosure import Attacker, Audit, Profile
from cdop.statistics.disclosure.asking import OnStep
from cdop.statistics.disclosure.care import care, with_care
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.reading import OPEN, Reading, nearest, read_hiding, read_rounding
from cdop.statistics.disclosure.rounding import LOW
from cdop.statistics.disclosure.system import Place
from cdop.statistics.disclosure.worker import SECONDS, hide_against, round_system
from cdop.statistics.kinds import Counted
from cdop.statistics.linking import Linked, Told, linked
from cdop.statistics.readers import FAMILY, Knowledge, families, readers
from cdop.statistics.reasons import in_words, with_readers
from cdop.statistics.subjects import Subject
from cdop.statistics.year_tables import YearTables

HIDDEN = "[c]"

Cells = Mapping[tuple[str, tuple[str, ...]], int | None]


@dataclass(frozen=True)
class Protected:
    """Tables as they may be shown: None for each hidden count. `proof` may not leave.

    `symbols` has the mark of each cell that has one; `bounds` between which counts a reader of
    this release alone must place each cell (None: no greatest). `reach` is how far at most a
    printed number lies from the truth. `exact` stays inside, for whoever judges what is kept.
    """

    cells: Cells
    profile: Profile
    attackers: tuple[str, ...]
    smallest_width: int | None
    proof: str
    symbols: Mapping[Place, str] = field(default_factory=dict)
    bounds: Mapping[Place, tuple[int, int | None]] = field(default_factory=dict)
    reach: int = 0
    exact: Mapping[Place, int] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Wish:
    """How a release is to be protected, besides its profile.

    `keep` are numbers printed before, repeated where they still fit; `seed` decides which way
    counts are rounded and comes from the register's keys. `on_step` is told of progress, and may
    raise to end the work.
    """

    before: Sequence[Told] = ()
    knowledge: Knowledge = field(default_factory=Knowledge)
    keep: Mapping[Place, int] = field(default_factory=dict)
    seed: int = 0
    seconds: float = SECONDS
    on_step: OnStep | None = None


def protect_year(records: pd.DataFrame, tables: YearTables, profile: Profile) -> Protected:
    """Protect one year by itself, for readers who know nothing but other years' releases."""
    return protect_release(Counted(records, tables, (tables.year,)), profile, Wish())


def protect_release(counted: Counted, profile: Profile, wish: Wish) -> Protected:
    """Hide or round what a release counts, and prove that no reader can work a small count out.

    Takes seconds: hold no transaction. Raises Unsafe when there is no proof, Refused when a
    record's years contradict one another or it holds an answer that the tables have no row for.
    """
    exact = figures(counted.printed_records(), counted.tables)
    found = linked(counted, wish.before)
    ours = {place: cell for place, cell in found.system.places.items() if place in exact}
    if set(ours) != set(exact) or any(exact[p] != found.system.values[c] for p, c in ours.items()):
        raise Unsafe("The tables, counted in two ways, do not agree, so there is no release")
    found = replace(found, system=with_care(found.system, found.tables, profile, care()))
    who = (*readers(found, wish.knowledge), *families(found))
    wish = replace(wish, on_step=_in_words(wish.on_step, counted.subject))
    how = _rounded if profile.others == Others.CONTROLLED else _hidden
    try:
        return replace(how(found, ours, profile, who, wish), exact=exact)
    except Unsafe as unsafe:
        raise Unsafe(in_words(str(unsafe), counted.tables)) from None


def _in_words(on_step: OnStep | None, subject: Subject) -> OnStep | None:
    """Return what passes steps on with their readers in words."""
    if on_step is None:
        return None
    return lambda step: on_step(step and (with_readers(step[0], subject), *step[1:]))


def _rounded(
    found: Linked,
    ours: Mapping[Place, int],
    profile: Profile,
    who: tuple[Attacker, ...],
    wish: Wish,
) -> Protected:
    system = found.system
    keep = np.full(len(system.values), -1, dtype=np.int64)
    for place, number in wish.keep.items():
        if place in ours:
            keep[ours[place]] = number
    done = round_system(
        system,
        profile,
        who,
        keep=keep,
        seed=wish.seed,
        seconds=wish.seconds,
        on_step=wish.on_step,
    )
    printed, reach = done.numbers.printed, done.numbers.reach
    alone = read_rounding(replace(system, earlier=None), printed, reach)
    cells = {place: int(printed[cell]) for place, cell in ours.items()}
    symbols = {place: LOW for place, number in cells.items() if number == 0}
    return _protected(ours, cells, symbols, alone, profile, done.audits, reach)


def _hidden(
    found: Linked,
    ours: Mapping[Place, int],
    profile: Profile,
    who: tuple[Attacker, ...],
    wish: Wish,
) -> Protected:
    system = found.system
    done = hide_against(system, profile, who, seconds=wish.seconds, on_step=wish.on_step)
    hidden = done.hidden
    shown, reach = system.values, 0
    if profile.others == Others.NEAREST:
        shown, reach = nearest(system.values, profile.base), profile.base // 2
    alone = read_hiding(replace(system, earlier=None), hidden, profile)
    cells = {p: None if hidden[cell] else int(shown[cell]) for p, cell in ours.items()}
    symbols = {place: HIDDEN for place, number in cells.items() if number is None}
    return _protected(ours, cells, symbols, alone, profile, done.audits, reach)


def _protected(
    ours: Mapping[Place, int],
    cells: Cells,
    symbols: Mapping[Place, str],
    alone: Reading,
    profile: Profile,
    audits: Sequence[Audit],
    reach: int,
) -> Protected:
    bounds = {place: _between(alone, cell) for place, cell in ours.items()}
    ids = dict.fromkeys(audit.attackers[0].partition(f"{FAMILY}:")[0] or FAMILY for audit in audits)
    widths = [audit.smallest_width for audit in audits if audit.smallest_width is not None]
    proof = sha256("".join(audit.digest for audit in audits).encode()).hexdigest()
    return Protected(
        cells, profile, tuple(ids), min(widths, default=None), proof, symbols, bounds, reach
    )


def _between(reading: Reading, cell: int) -> tuple[int, int | None]:
    high = int(reading.high[cell])
    return int(reading.low[cell]), None if high >= OPEN else high
