"""The names of uploaded files: what a client says is shown, and never a path of this machine."""

import unicodedata
from pathlib import Path

from app.report import printable

LONGEST_NAME = 255
"""Bytes of a file's name on disk; as many characters of it are kept."""


def plain_name(name: str) -> str:
    """A file's name as it is kept: one line of Unicode, composed, without folders."""
    known = name.encode("utf-8", "replace").decode()
    last = unicodedata.normalize("NFC", known).replace("\\", "/").rpartition("/")[2]
    name = printable(last[:LONGEST_NAME]).strip()
    return name if name.strip(". ") else "document"


def on_disk(name: str) -> str:
    """The name with a stem that a file system takes, and its suffix."""
    suffix = Path(name).suffix[:20]
    room = LONGEST_NAME - len(suffix.encode())
    return name.removesuffix(suffix).encode()[:room].decode("utf-8", "ignore") + suffix
