"""One process at a time owns a library's vectors; who it is stands beside the lock."""

import json
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import LibraryBusy


class OwnerLock:
    """An exclusive lock on a library folder, held until release() or the end of the process, by
    whatever way it ends. wait: seconds to wait for another owner before LibraryBusy is raised."""

    def __init__(self, folder: Path, wait: float) -> None:
        self._note = folder / "owner.json"
        # Taken by whichever thread comes first, released by another.
        self._lock = FileLock(folder / "library.lock", thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            if wait and sys.stderr.isatty():
                print(f"waiting for {self._owner()} to finish with the library", file=sys.stderr)
            try:
                self._lock.acquire(timeout=wait, poll_interval=0.1)
            except Timeout as error:
                raise LibraryBusy(
                    f"the library {folder} is in use by {self._owner()}; ask there, "
                    "or end that process and try again"
                ) from error
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])
        owner = {"pid": os.getpid(), "command": command, "since": f"{datetime.now():%Y-%m-%d %H:%M}"}
        with suppress(OSError):  # a full disk: the lock holds without its note
            self._note.write_text(json.dumps(owner), encoding="utf-8")

    def release(self) -> None:
        """Let the next process in."""
        self._note.unlink(missing_ok=True)
        self._lock.release()

    def _owner(self) -> str:
        with suppress(OSError, ValueError, KeyError, TypeError):
            owner = json.loads(self._note.read_text(encoding="utf-8"))
            return f"`{owner['command']}` (process {owner['pid']}, since {owner['since']})"
        return "another process"
