"""The ring of a running process, read again when another process has changed the key file."""

import time
from collections.abc import Callable
from threading import Lock

from cdop.errors import CdopError
from cdop.security.keys import Ring

ASK_AGAIN = 1.0  # seconds until the provider is asked again for a key that it did not have


class HeldRing:
    """A ring, and how to read it anew from where it is kept; safe to share between threads."""

    def __init__(self, ring: Ring, reload: Callable[[], Ring] | None = None) -> None:
        self.ring = ring
        self._reload = reload
        self._asked: dict[tuple[str, int], float] = {}
        self._lock = Lock()

    def read_again(self, kind: str, version: int) -> Ring:
        """Read the ring anew for a key that it lacks, unless that was just done.

        Returns the ring as it is then; a file that cannot be read, or is another register's,
        changes nothing.
        """
        with self._lock:
            now, lacking = time.monotonic(), (kind, version)
            if self._reload and now - self._asked.get(lacking, -ASK_AGAIN) >= ASK_AGAIN:
                self._asked[lacking] = now
                self.ring = self._read()
            return self.ring

    def _read(self) -> Ring:
        assert self._reload
        try:
            ring = self._reload()
        except CdopError:
            return self.ring
        return ring if ring.anchor == self.ring.anchor else self.ring
