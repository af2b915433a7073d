"""Checks of what stands around the database: folder, key file, library, disk."""

import os
import shutil
import stat
from pathlib import Path

from cdop import db
from cdop.config import Settings
from cdop.doctor.checks import OK, SKIPPED, WRONG, Check
from cdop.errors import CdopError
from cdop.security import custody

LEAST_FREE = 500 * 2**20


def folder(settings: Settings) -> Check:
    """Check that the register's folder and file are its owner's alone, and can be written."""
    name = "data folder"
    if not settings.data.is_dir():
        return Check(name, WRONG, f"{settings.data} is not there", "name the folder with --data")
    paths = [settings.data]
    if settings.is_sqlite and settings.database_file.exists():
        paths.append(settings.database_file)
    for path in paths:
        if not os.access(path, os.R_OK | os.W_OK):
            mend = "give the user who runs cdop write permission"
            return Check(name, WRONG, f"{path} cannot be written", mend)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Check(name, WRONG, f"{path} is open to other users", f"chmod go= {path}")
    return Check(name, OK, "open to its owner only")


def key_file(settings: Settings) -> Check:
    """Check that the key file is there, whole, and its owner's alone."""
    try:
        custody.load(settings)
    except CdopError as error:
        return Check("key file", WRONG, str(error))
    return Check("key file", OK, "whole, and closed to others")


def library(settings: Settings) -> Check:
    """Check that the SQLite library is free of the fault that corrupts a WAL database."""
    name = "SQLite library"
    if not settings.is_sqlite:
        return Check(name, SKIPPED, "the register is on PostgreSQL")
    try:
        db.check_sqlite()
    except CdopError as error:
        return Check(name, WRONG, str(error))
    return Check(name, OK, "free of the fault that can corrupt a WAL database")


def disk(settings: Settings) -> Check:
    """Check that there is room for the database once more, and for half a gibibyte at least."""
    name = "disk space"
    there = (path for path in (settings.data, *settings.data.parents) if path.exists())
    free = shutil.disk_usage(next(there, Path("/"))).free
    size = 0
    if settings.is_sqlite and settings.database_file.exists():
        size = settings.database_file.stat().st_size
    text = f"{free // 2**20:,} MiB free"
    if free < max(LEAST_FREE, size):
        return Check(name, WRONG, text, "free some space, or move the register to a larger disk")
    return Check(name, OK, text)


CHECKS = (folder, key_file, library, disk)
