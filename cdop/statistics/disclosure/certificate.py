"""The proof that what must stay uncertain does. No solver is used or trusted here.

A certificate is a set of alternative tables, each agreeing with everything printed, in which every
sensitive count takes values at least the profile's width apart. Certificates hold counts close to
the true ones: they stay inside, only the digest leaves.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack

from cdop.errors import Unsafe
from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.profiles import Others, Profile
from cdop.statistics.disclosure.reading import Reading, read_hiding
from cdop.statistics.disclosure.sensitive import Sensitive, sensitive, small_cells
from cdop.statistics.disclosure.system import LinearSystem, Mask, canonical


@dataclass(frozen=True)
class Certificate:
    """Alternative tables: one row each, counts of atoms."""

    tables: csr_matrix

    def digest(self, system: LinearSystem, printed: npt.NDArray[np.generic]) -> str:
        """Return the SHA-256 of these tables bound to the release that they speak of.

        `printed` is the mask of hidden cells, or the rounded numbers.
        """
        total = hashlib.sha256()
        total.update(system.canonical)
        total.update(canonical(self.tables))
        total.update(system.atoms.astype("<i8").tobytes() + printed.astype("<i8").tobytes())
        return total.hexdigest()


def no_tables(system: LinearSystem) -> Certificate:
    """Return the certificate that proves nothing, which is enough where nothing is sensitive."""
    return Certificate(csr_matrix(np.zeros((0, len(system.atoms)), dtype=np.int64)))


def check_certificate(
    system: LinearSystem,
    hidden: Mask,
    certificate: Certificate,
    profile: Profile,
    attacker: Attacker = PUBLIC,
) -> int | None:
    """Return the smallest width proved of a small count (None when nothing is sensitive).

    Raises `Unsafe`, with the reason, if a small count is printed, if a table of the certificate is
    not made of whole numbers or contradicts something printed, or if a sensitive count is not
    proved to be uncertain enough.
    """
    check_none_printed(system, hidden, profile)
    must = sensitive(system, hidden, profile, attacker)
    return check_tables(system, read_hiding(system, hidden, profile), certificate, must, attacker)


def check_none_printed(system: LinearSystem, hidden: Mask, profile: Profile) -> None:
    """Raise `Unsafe` if a small count is printed, where the profile hides them."""
    if profile.others != Others.CONTROLLED:
        bare = np.flatnonzero(small_cells(system, profile) & ~hidden)
        if len(bare):
            raise Unsafe(f"A small count would be printed: {system.label(int(bare[0]))}")


def check_tables(
    system: LinearSystem,
    reading: Reading,
    certificate: Certificate,
    must: Sensitive,
    attacker: Attacker,
) -> int | None:
    """Check a certificate against what is read and what must stay uncertain: exact arithmetic.

    Returns and raises as `check_certificate`.
    """
    tables = csr_matrix(certificate.tables)
    if tables.shape[1] != len(system.atoms) or not np.issubdtype(tables.dtype, np.integer):
        raise Unsafe("The certificate does not fit this release")
    if tables.nnz and (tables.data.min() < 0 or tables.data.max() >= 2**31):
        raise Unsafe("The certificate holds a count that no table can have")
    truth = csr_matrix(system.atoms[None, :])
    tables = csr_matrix(vstack([truth, tables]), dtype=np.int64)
    cells = (system.sums @ tables.T).toarray()
    agrees = (cells >= reading.low[:, None]) & (cells <= reading.high[:, None])
    if not agrees.all() or not _agrees_with(attacker, tables):
        raise Unsafe("A table of the certificate contradicts a printed count")
    if system.links is not None and (system.links @ tables.T).count_nonzero():
        raise Unsafe("The parts of a table of the certificate do not agree with one another")
    if not must.names:
        return None
    reached = must.cells @ cells
    widths = reached.max(axis=1) - reached.min(axis=1)
    worst = int((widths - must.widths).argmin())
    if widths[worst] < must.widths[worst]:
        raise Unsafe(
            f"A small count could be worked out too closely from the rest of the release:"
            f" {must.label(worst, system)} (attacker: {attacker.id})"
        )
    return int(widths[must.widths == must.widths.max()].min())


def _agrees_with(attacker: Attacker, tables: csr_matrix) -> bool:
    """Tell whether tables (the true one first) agree with what the attacker knows beforehand."""
    if attacker.least is not None and (tables.toarray() < attacker.least).any():
        return False
    if attacker.knows is None:
        return True
    known = (attacker.knows @ tables.T).toarray()
    return bool((known == known[:, [0]]).all())
