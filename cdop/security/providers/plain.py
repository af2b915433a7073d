"""Key files that nothing wraps: one of the register's own, or a secret that something mounts."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plain:
    """A key file in clear, guarded by its mode."""

    name: str
    forbidden_mode: int
    how_to_mend: str
    wraps: bool = False

    def wrap(self, ring: bytes) -> bytes:
        """Return the ring as it is."""
        return ring

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the ring as it is."""
        return wrapped

    def rewrap(self, wrapped: bytes) -> bytes:
        """Return the ring as it is."""
        return wrapped

    def mend(self, path: Path) -> str:
        """Say how to close the file."""
        return self.how_to_mend.format(path=path)


FILE = Plain("file", 0o077, "Type: chmod 600 {path}")
# Whoever mounts a secret often gives it to a group; it is never for everybody.
SECRET = Plain("secret", 0o007, "Mount it with the mode 0400 or 0440.")
