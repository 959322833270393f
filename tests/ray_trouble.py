"""A reader for tests/test_ray.py, in a module that the processes of a cluster import fast."""

import os
import signal
from pathlib import Path

from ingest.document import Document
from ingest.read import read_file


def trouble(path: Path, most_bytes: int, **_: object) -> Document:
    """Do what the file asks for, and read it."""
    if "kills its reader" in path.read_text():
        os.kill(os.getpid(), signal.SIGKILL)
    if "kills its worker" in path.read_text():
        os.kill(os.getppid(), signal.SIGKILL)
    return read_file(path, most_bytes)
