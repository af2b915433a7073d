"""What must stay uncertain, and the proof that it does. No solver is used or trusted here.

A certificate is a set of alternative tables, each agreeing with everything printed, in which every
sensitive count takes values at least the profile's width apart. Certificates hold counts close to
the true ones: they stay inside, only the digest leaves.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack

from cdop.errors import Unsafe
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.system import LinearSystem, Mask


@dataclass(frozen=True)
class Attacker:
    """Somebody who reads the release. `knows` are sums of atoms (rows) known to them exactly."""

    id: str
    knows: csr_matrix | None = None

    def sees(self, system: LinearSystem, hidden: Mask) -> csr_matrix:
        """Return the sums of atoms that this attacker has a value for."""
        printed = csr_matrix(system.sums[np.flatnonzero(~hidden)])
        return printed if self.knows is None else csr_matrix(vstack([printed, self.knows]))


PUBLIC = Attacker("public")


@dataclass(frozen=True)
class Sensitive:
    """Sums of atoms (rows) that must stay uncertain, with words that point to each."""

    sums: csr_matrix
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Certificate:
    """Alternative tables: one row each, counts of atoms."""

    tables: csr_matrix

    def digest(self, system: LinearSystem, hidden: Mask) -> str:
        """Return the SHA-256 of these tables bound to the release that they speak of."""
        total = hashlib.sha256()
        for matrix in (system.sums, self.tables):
            canonical = csr_matrix(matrix, dtype=np.int64, copy=True)
            canonical.sum_duplicates()
            canonical.eliminate_zeros()
            total.update(np.array(canonical.shape, dtype="<i8").tobytes())
            for part in (canonical.indptr, canonical.indices, canonical.data):
                total.update(part.astype("<i8").tobytes())
        total.update(system.atoms.astype("<i8").tobytes() + hidden.astype("<i8").tobytes())
        return total.hexdigest()


def sensitive(system: LinearSystem, hidden: Mask, profile: Profile) -> Sensitive:
    """Return every small cell, and every small sum of the hidden cells of a line.

    Hidden zeros and hidden large counts are not among them: the profile lets them be printed, so
    finding one out tells nothing that the release could not have said.
    """
    small = profile.is_small(system.values)
    rows = [csr_matrix(system.sums[np.flatnonzero(small)])]
    labels = [system.label(int(cell)) for cell in np.flatnonzero(small)]
    seen: set[tuple[int, ...]] = set()
    for total, parts in system.lines:
        hid = tuple(part for part in parts if hidden[part])
        if len(hid) < 2 or hid in seen:
            continue
        seen.add(hid)
        if profile.is_small(system.values[list(hid)].sum()):
            rows.append(csr_matrix(system.sums[list(hid)].sum(axis=0)))
            labels.append(f"the hidden cells that add up to {system.label(total)}")
    return Sensitive(csr_matrix(vstack(rows), dtype=np.int64), tuple(labels))


def check_certificate(
    system: LinearSystem,
    hidden: Mask,
    certificate: Certificate,
    profile: Profile,
    attacker: Attacker = PUBLIC,
) -> int | None:
    """Return the smallest width proved (None when nothing is sensitive).

    Raises `Unsafe`, with the reason, if a small count is printed, if a table of the certificate is
    not made of whole numbers or contradicts something printed, or if a sensitive count is not
    proved to be uncertain enough.
    """
    bare = np.flatnonzero(profile.is_small(system.values) & ~hidden)
    if len(bare):
        raise Unsafe(f"A small count would be printed: {system.label(int(bare[0]))}")
    tables = csr_matrix(certificate.tables)
    if tables.shape[1] != len(system.atoms) or not np.issubdtype(tables.dtype, np.integer):
        raise Unsafe("The certificate does not fit this release")
    if tables.nnz and (tables.data.min() < 0 or tables.data.max() >= 2**31):
        raise Unsafe("The certificate holds a count that no table can have")
    tables = tables.astype(np.int64)
    seen = attacker.sees(system, hidden)
    if ((seen @ tables.T).toarray() != np.asarray(seen @ system.atoms)[:, None]).any():
        raise Unsafe("A table of the certificate contradicts a printed count")
    must = sensitive(system, hidden, profile)
    if not must.labels:
        return None
    truth = csr_matrix(system.atoms[None, :])
    reached = (must.sums @ vstack([truth, tables]).T).toarray()
    widths = reached.max(axis=1) - reached.min(axis=1)
    worst = int(widths.argmin())
    if widths[worst] < profile.width:
        raise Unsafe(
            f"A small count could be worked out too closely from the rest of the release:"
            f" {must.labels[worst]} (attacker: {attacker.id})"
        )
    return int(widths[worst])
