"""Disclosure control: releasing small numbers safely, and being able to prove it.

    system = build_system(records, dimensions, tables)      # build.py: one linear system
    hidden, proof = protect_and_audit(system, profile("partner-1to4"))  # worker.py, in a process
    system.frame("category-by-age", hidden)                 # what may be printed, [c] marks set
    proof.smallest_width, proof.digest                      # what the package may say about it

No proof, no release: everything here ends in a proof or in `Unsafe`. In order of use:
`profiles` which counts are small (data), `care` what asks for more; `attackers` who reads, knowing
what; `eliminate` complements against exact recovery; `protect` what to hide, `exact` at least cost,
`rounding` what to print instead of hiding; `sensitive` what must stay uncertain; `reading` what
each printed cell tells; `attack` the attempt to undo it, with `programme`, `relaxation` and
`integers` its linear programmes (the only files that know the solver); `certificate` the proof,
which trusts no solver; `worker` all of it out of process. `spec` and `cells` read tables from
elsewhere. Pure functions of values: no database, no web.

What is promised: every count that the profile calls small, and every small sum of the hidden cells
of a line, can still take values `width` apart, for each attacker named, who knows the profile, the
tables, all that is printed and that counts are whole and not negative. `[c]` reads "0 or more": a
hidden zero or large count may be found out, since it could have been printed. Small differences of
nested populations, limits of single categories and whole groups are protected when asked for.
An attacker who also retraces the choices of this programme is not looked at.
"""

from cdop.statistics.disclosure.attack import Audit, audit
from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.build import build_system
from cdop.statistics.disclosure.certificate import Certificate, check_certificate
from cdop.statistics.disclosure.profiles import Profile, check_floor, profile, profiles
from cdop.statistics.disclosure.protect import Protection, protect
from cdop.statistics.disclosure.system import TOTAL, Dimension, LinearSystem, Table

__all__ = [
    "PUBLIC",
    "TOTAL",
    "Attacker",
    "Audit",
    "Certificate",
    "Dimension",
    "LinearSystem",
    "Profile",
    "Protection",
    "Table",
    "audit",
    "build_system",
    "check_certificate",
    "check_floor",
    "profile",
    "profiles",
    "protect",
]
