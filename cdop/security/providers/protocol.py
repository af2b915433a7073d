"""The three calls behind which every provider stands."""

from pathlib import Path
from typing import Protocol


class Provider(Protocol):
    """Wraps and unwraps the ring of keys.

    `name` is what CDOP_KEY_PROVIDER calls it; without `wraps` the file holds the ring in clear, and
    only its mode guards it. `forbidden_mode` are the permission bits that refuse the file.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def wraps(self) -> bool: ...  # noqa: D102

    @property
    def forbidden_mode(self) -> int: ...  # noqa: D102

    def wrap(self, ring: bytes) -> bytes:
        """Return the ring wrapped. Raises Misconfigured when the provider cannot be reached."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the ring. Raises Misconfigured when it was changed, or is not this provider's."""

    def rewrap(self, wrapped: bytes) -> bytes:
        """Return the ring wrapped anew, under the provider's newest key."""

    def mend(self, path: Path) -> str:
        """Return the sentence that says how to close a file that is open to others."""
