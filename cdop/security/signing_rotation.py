"""Signing with a new key from now on; what was signed before is checked with the older one."""

from pathlib import Path

from cdop.security import custody, private_files
from cdop.security.rotation import KEYS, note, write
from cdop.security.signing import newest
from cdop.security.work import Register


def sign_anew(register: Register, to: Path | None = None) -> int:
    """Add a root of what is signed with to the ring; audited. Returns its version.

    With `to` the new ring is written there, for a secret that something else mounts. Raises
    Misconfigured when the file cannot be written.
    """
    with private_files.changing(register.settings.keys):
        ring = custody.load(register.settings).with_signing_root()
        write(register, ring, to)
    register.do(KEYS, note, "register:keys:sign-anew", version=newest(ring))
    return newest(ring)
