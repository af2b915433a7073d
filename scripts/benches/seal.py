"""Sealing against OpenSSL, sealed rows against plain ones, rewrapping against a bare loop."""

import tempfile
from pathlib import Path

from sealing.rewrapping import rewrapping
from sealing.rows import rows
from sealing.values import values


def main() -> None:
    """Print the figures."""
    values()
    with tempfile.TemporaryDirectory(prefix="cdop-bench-") as folder:
        rows(Path(folder))
        rewrapping(Path(folder))


if __name__ == "__main__":
    main()
