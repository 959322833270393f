"""Is there room on the disk?"""

import errno
import os
import shutil
from pathlib import Path

ROOM = 1_000_000
"""Bytes; where fewer are free, a change that failed is taken to have failed for that: SQLite says so of its
own file only, and of those beside it that they cannot be opened."""
NO_ROOM = ("disk is full", os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))


def is_full(folder: Path, error: Exception) -> bool:
    """Whether something failed because the folder's disk has no room."""
    if any(said in str(error) for said in NO_ROOM):
        return True
    return folder.is_dir() and shutil.disk_usage(folder).free < ROOM
