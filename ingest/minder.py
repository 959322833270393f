"""One file after the other is read in a process of its own, which can be ended and started again.

What parses a file may meet anything: an hour of backtracking, a picture that unpacks to 50 GB, a flaw in
a C library. So each file has a time and a share of memory, and what it does to its process comes back as
an IngestError that says so. The process imports `ingest` and nothing else.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from traceback import format_exc

from ingest.document import Document
from ingest.errors import IngestError, SourceTooLarge, SourceUnreadable
from ingest.ocr import Ocr
from ingest.read import readers

Outcome = Document | IngestError
SPAWN = multiprocessing.get_context("spawn")
"""A fork of a process with threads (Chroma, torch and the page have some) may wait forever for a lock."""
CHILDREN = Lock()
"""multiprocessing cleans up after all its children whenever one starts, so no other may be waited for."""
GOES_ON = None
"""What a process sends that is not done, and needs its time again."""
TO_START = 120.0
"""Seconds in which a process must be there; it takes 0.2 to 0.7, or 16 on a machine that works for others."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. seconds: of reading, and again of each page that OCR recognises. memory_mb:
    address space of the process that reads it, of which Python itself takes some 50, and again of the
    program that it asks for OCR. light_bytes: see `ingest.workers`."""

    seconds: float = 60
    memory_mb: int = 2000
    light_bytes: int = 50_000


def attempt(read: Callable[[Path], Document], path: Path, limits: Limits) -> Outcome:
    """What becomes of reading a path: never an exception, for a mistake in one format's reader must not
    stop the other files. A foreign exception's traceback stays with the error, as its note."""
    try:
        return read(path)
    except IngestError as error:
        return error
    except MemoryError:
        return _too_much_memory(path, limits)
    except RecursionError:
        return SourceUnreadable(
            f"{path} is nested too deep to be read; save it in another format or as plain text"
        )
    except Exception as error:
        told = SourceUnreadable(
            f"{path} cannot be read: its reader failed ({type(error).__name__}: {error}), which is a mistake "
            "in Cited; save it in another format, and please report the file"
        )
        told.add_note(format_exc())
        return told


def _too_much_memory(path: Path, limits: Limits) -> IngestError:
    return SourceTooLarge(
        f"{path} needs more than {limits.memory_mb} MB of memory to be read; split it, "
        "or save it as plain text"
    )


class Minder:
    """Has files read in a process of its own, started at the first; for one thread at a time."""

    def __init__(self, reader: Callable[..., Document], limits: Limits, ocr: Ocr | None = None) -> None:
        self.reader = reader
        self.limits = limits
        self.ocr = ocr
        self.process: multiprocessing.process.BaseProcess | None = None
        self.pipe: Connection | None = None
        self.started = False
        self.closed = False

    def read(self, path: Path) -> Outcome:
        """One file. Whatever goes wrong is the outcome."""
        try:
            pipe = self.pipe or self._start()
            pipe.send(path)
            answer = GOES_ON
            while answer is GOES_ON:
                if not pipe.poll(self.limits.seconds):
                    self.end()
                    return SourceTooLarge(
                        f"{path} takes longer than {self.limits.seconds:g} s to read and was given up; split "
                        "it, or save it as plain text"
                    )
                answer = pipe.recv()
            outcome, spent = answer
        except (EOFError, OSError):
            how = self._death()
            self.end()
            return SourceUnreadable(f"{path} cannot be read: {how}; save it in another format")
        if spent:
            self.end()
        return outcome

    def _start(self) -> Connection:
        self.pipe, there = SPAWN.Pipe()
        self.process = SPAWN.Process(
            target=serve, args=(there, self.reader, self.limits, self.ocr), daemon=True
        )
        with CHILDREN:
            self.process.start()
        there.close()
        if self.closed or not self.pipe.poll(TO_START):
            raise EOFError
        self.pipe.recv()
        self.started = True
        return self.pipe

    def _death(self) -> str:
        """How the process ended, whose pipe has."""
        if self.closed:
            return "reading was broken off"
        if not self.started or self.process is None:
            return (
                "the process that reads files does not start (a script that ingests needs its work below "
                '`if __name__ == "__main__":`)'
            )
        with CHILDREN:
            self.process.join(1)
        code = self.process.exitcode
        what = signal.Signals(-code).name if code is not None and code < 0 else f"status {code}"
        return f"it ended the process that read it ({what})"

    def end(self) -> None:
        """Let go of the process; the next file gets another."""
        if self.process is not None and self.process.pid is not None:
            self.process.kill()
            with CHILDREN:
                self.process.join()
        if self.pipe is not None:
            self.pipe.close()
        self.process, self.pipe, self.started = None, None, False

    def break_off(self) -> None:
        """End what is being read, for good; from any thread. read() sees its process gone."""
        self.closed = True
        process = self.process
        if process is not None and process.pid is not None:
            process.kill()


def serve(pipe: Connection, read: Callable[..., Document], limits: Limits, ocr: Ocr | None) -> None:
    """The work of a process: a path comes in, (outcome, whether the process is spent) goes out, and before
    it GOES_ON for each page that OCR begins with."""
    if ocr:
        read = partial(read, ocr=replace(ocr, going_on=partial(pipe.send, GOES_ON)))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked
    _limit_memory(limits.memory_mb)
    with suppress(ImportError):  # which the first file tells
        readers()
    with suppress(EOFError, OSError):  # the one who asked is gone
        pipe.send("ready")
        while True:
            path = pipe.recv()
            outcome = attempt(read, path, limits)
            # What a library leaks must not count against the files that follow.
            spent = _address_space() > limits.memory_mb * 1_000_000 / 2
            try:
                pipe.send((outcome, spent))
            except MemoryError:  # nothing of it has been sent
                pipe.send((_too_much_memory(path, limits), True))


def _limit_memory(megabytes: int) -> None:
    """Where the system has such a limit; elsewhere the limits of size and time must do."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


def _address_space() -> int:
    """Bytes that this process has mapped; 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
