"""Backups: one file that holds every row as it stands, for either database, and never a key.

What is sealed stays sealed in it. Without the key file a backup restores nothing readable.
"""

from cdop.backups.archive import Manifest
from cdop.backups.service import create, restore, verify

__all__ = ["Manifest", "create", "restore", "verify"]
