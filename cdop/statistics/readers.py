"""Those against whom a release of the register is proved, and what each knows besides it.

All of them have every earlier release of these records, and those of other years. Releases of
referrals are linked whatever their years. Of deaths they are not: what ties two years' releases
together by necessity are the deaths that died in one year and were notified in another: they stand
in both. Whoever reads other years is given exactly those deaths, in every column, so that they are
the same in each alternative table of either proof. Any alternative of one year then goes with any
of the other, since no other death need be in both: one not yet reviewed may stay so, and one
reviewed may have been of a year before the first release, or another panel's. Each width holds for
both together.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_matrix, eye_array, vstack

from cdop.statistics.disclosure import PUBLIC, Attacker
from cdop.statistics.disclosure.attackers import known_margins
from cdop.statistics.disclosure.system import Counts, Place
from cdop.statistics.linking import Linked

OTHER_YEARS, LEDGER, KNOWN, FAMILY = "other-years", "ledger", "known-margins", "family"
FAMILIES = 400  # kinds of record up to which each family is tried; of more, those in small counts


@dataclass(frozen=True)
class Knowledge:
    """What some readers know: boards their own records (by id), others counts published elsewhere.

    Counts taken as known are those of the register: whoever knows another number is misled by it.
    """

    boards: Mapping[str, Collection[str]] = field(default_factory=dict)
    margins: Collection[Place] = ()


def readers(linked: Linked, knowledge: Knowledge) -> tuple[Attacker, ...]:
    """Return whom the release is proved against, families apart."""
    system = linked.system
    twice = csr_matrix(eye_array(len(system.atoms), dtype=np.int64, format="csr")[linked.twice])
    found = [PUBLIC if system.earlier is None else Attacker(LEDGER)]
    if linked.other_years:
        found.append(Attacker(OTHER_YEARS, twice))
    for name, ids in sorted(knowledge.boards.items()):
        mine = linked.homes[np.isin(linked.ids, list(ids))]
        own = np.bincount(mine.ravel(), minlength=len(system.atoms)).astype(np.int64)
        if len(mine) and (own < system.atoms).any():
            found.append(Attacker(f"board:{name}", twice, own, rests=True))
    if knowledge.margins:
        margins = known_margins(system, knowledge.margins)
        assert margins.knows is not None
        found.append(Attacker(KNOWN, csr_matrix(vstack([twice, margins.knows]))))
    return tuple(found)


def families(linked: Linked) -> tuple[Attacker, ...]:
    """Return a family for each kind of record that there is: it knows of one such record.

    A family must not find out how many others are in a small count; that it can take itself away
    from a count that is large enough to be printed is what printing it means.
    """
    system = linked.system
    kinds = np.unique(linked.homes[~linked.twice[linked.homes[:, 0]]], axis=0)
    if len(kinds) > FAMILIES:
        small = (system.values > 0) & (system.values <= 9)
        inside = np.asarray(system.sums[np.flatnonzero(small)].sum(axis=0)).ravel()
        kinds = kinds[inside[kinds].sum(axis=1) > 0][:FAMILIES]
    twice = csr_matrix(eye_array(len(system.atoms), dtype=np.int64, format="csr")[linked.twice])
    return tuple(
        Attacker(f"{FAMILY}:{number}", twice, _one(kind, len(system.atoms)), rests=False)
        for number, kind in enumerate(kinds)
    )


def _one(atoms: Counts, size: int) -> Counts:
    """Return the counts of a single record."""
    found = np.zeros(size, dtype=np.int64)
    found[atoms] = 1
    return found
