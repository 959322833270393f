"""The audit log: who did what, when and from where, in JSON lines. No text, no question, no secret.

`audit.jsonl` in the library's folder is only ever added to; when it is full it becomes `audit.1.jsonl`, and
the oldest of those goes. Of a library on servers it is a table (app/access/shared.py).
"""

import errno
import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from app.access.principal import current, current_address
from ingest.errors import LibraryError

FILE = "audit.jsonl"
FULL = 10_000_000
"""Bytes, some fifty thousand lines."""
KEPT = 9
"""Full files."""
LONGEST = 200
"""Characters of a name in it: some come from anyone."""
log = logging.getLogger(__name__)


class Audit:
    """The log of a library, by its folder. full: bytes."""

    def __init__(self, folder: Path, full: int = FULL) -> None:
        self.path = folder / FILE
        self.full = full
        self._guard = Lock()

    def note(self, action: str, what: str = "", outcome: str = "ok", who: str | None = None) -> None:
        """Add a line. what: the id of a document, key or user. who: None for the principal of now.

        A line that cannot be written is told in the log of the process, and stops nobody.
        """
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": (current().name if who is None else who)[:LONGEST],
            "address": current_address(),
            "action": action,
            "what": what[:LONGEST],
            "outcome": outcome,
        }
        try:
            self._write(line)
        except OSError as error:
            log.error("%s is not in the audit log %s: %s", action, self.path, error.strerror)
        except LibraryError as error:
            log.error("%s is not in the audit log: %s", action, error)

    def _write(self, line: Mapping[str, str]) -> None:
        data = json.dumps(line).encode() + b"\n"
        with self._guard:
            self._make_room(len(data))
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # In one piece, as others write here, too. What a full disk took of it goes again.
                if (written := os.write(file, data)) < len(data):
                    os.ftruncate(file, os.fstat(file).st_size - written)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(file)

    def _make_room(self, size: int) -> None:
        if not self.path.exists() or self.path.stat().st_size + size <= self.full:
            return
        for number in range(KEPT - 1, 0, -1):
            if (older := self._older(number)).exists():
                older.replace(self._older(number + 1))
        self.path.replace(self._older(1))

    def _older(self, number: int) -> Path:
        return self.path.with_name(f"audit.{number}.jsonl")
