"""One process at a time owns a library's vectors; who it is stands beside the lock."""

import json
import os
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index.place import shown
from ingest.errors import LibraryBusy, LibraryError


class OwnerLock:
    """An exclusive lock on a library folder, held until release() or the end of the process, by
    whatever way it ends. wait: seconds to wait for another owner before LibraryBusy is raised.
    Where the folder may not be written, several may have it, and no owner beside them.

    interrupted: whether the owner before was ended without letting go of the library."""

    def __init__(self, folder: Path, wait: float) -> None:
        self._note = folder / "owner.json"
        file = folder / "library.lock"
        # Taken by whichever thread comes first, released by another.
        self._lock = FileLock(file, thread_local=False) if os.access(folder, os.W_OK) else ReadersLock(file)
        try:
            self._acquire(wait)
        except Timeout as error:
            raise LibraryBusy(
                f"the library {folder} is in use by {self._owner()}; ask there, "
                "or end that process and try again"
            ) from error
        except OSError as error:
            raise LibraryError(
                f"{file} cannot be written ({error.strerror}); see that the disk has room and "
                "that it is yours"
            ) from error
        self.interrupted = self._note.exists() and os.access(folder, os.W_OK)
        owner = {"pid": os.getpid(), "command": _command(), "since": f"{datetime.now():%Y-%m-%d %H:%M}"}
        with suppress(OSError):  # a full or read-only disk: the lock holds without its note
            self._note.write_text(json.dumps(owner), encoding="utf-8")

    def _acquire(self, wait: float) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            if wait and sys.stderr.isatty():
                print(f"waiting for {self._owner()} to finish with the library", file=sys.stderr)
            self._lock.acquire(timeout=wait, poll_interval=0.1)

    def release(self) -> None:
        """Let the next process in."""
        with suppress(OSError):  # a read-only disk, which has no note of ours
            self._note.unlink(missing_ok=True)
        self._lock.release()

    def _owner(self) -> str:
        with suppress(OSError, ValueError, KeyError, TypeError):
            owner = json.loads(self._note.read_text(encoding="utf-8"))
            return f"`{owner['command']}` (process {owner['pid']}, since {owner['since']})"
        return "another process"


def _command() -> str:
    """The beginning of this process's command line, which does not end with an option without its value.
    Anybody may read the note: no address keeps its password, nor what else of it may be secret."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:3]]
    if words[-1].startswith("-") and "=" not in words[-1]:
        words.pop()
    return " ".join(shown(word) if "://" in word else word for word in words)


class ReadersLock:
    """The owners' lock, shared by those who cannot write its file. Where there is none, nobody ever owned
    the library."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    def acquire(self, timeout: float, poll_interval: float = 0.1) -> None:
        """Raises filelock's Timeout after so many seconds."""
        import fcntl

        if not self._file.exists():
            return
        descriptor, until = os.open(self._file, os.O_RDONLY), time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    os.close(descriptor)
                    raise Timeout(str(self._file)) from None
                time.sleep(poll_interval)
            else:
                self._descriptor = descriptor
                return

    def release(self) -> None:
        """Let owners in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
