"""The file of a run's results: beside its place until it is complete, written by one run at a time, and never
in place of something else."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout

from ingest.errors import EvaluationError

BEGINS = b'{"kind": "run"'
"""Of every results file."""


@contextmanager
def held(output: Path) -> Iterator[Path]:
    """Where the results stand until they are complete, OUTPUT.part, for nobody else meanwhile; what is no
    file, such as /dev/null, is written itself. Raises EvaluationError where another run has it."""
    with writing(output):
        no_file = output.exists() and not output.is_file()
    if no_file:
        yield output
        return
    file = beside(output, ".lock")
    lock = FileLock(file)
    with writing(output):
        if not file.parent.is_dir():  # the lock would make it
            raise FileNotFoundError(errno.ENOENT, "there is no such folder")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise EvaluationError(
                f"another run is writing to {output}; wait until it ends, or name another file with -o"
            ) from error
    try:
        yield beside(output, ".part")
    finally:
        file.unlink(missing_ok=True)  # while it is held: who opened it before finds it gone, and looks anew
        lock.release()


def beside(output: Path, suffix: str) -> Path:
    """A file of the same name and one more suffix, beside the output that a link leads to."""
    return Path(os.path.realpath(output) + suffix)


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """What fails within is told as what it is: results that cannot be written."""
    try:
        yield
    except OSError as error:
        raise EvaluationError(f"the results cannot be written to {output}: {error.strerror}") from error


@contextmanager
def closed(file: TextIO, output: Path) -> Iterator[None]:
    """The file closed afterwards, which writes what could not be written before once more."""
    try:
        yield
    finally:
        with writing(output):
            file.close()


def put(part: Path, output: Path) -> None:
    """Complete results in their place, with the rights of those that they replace. Raises EvaluationError."""
    place = beside(output, "")
    with writing(output):
        if place.exists():
            shutil.copymode(place, part)
        try:
            part.replace(place)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EXDEV):  # a file that is a mount point
                raise
            shutil.copyfile(part, place)
            part.unlink()


def check_free(output: Path, needed: Mapping[str, str]) -> None:
    """Raises EvaluationError where the results would replace something else than results. needed: what each
    file is that the run itself needs."""
    for place in (output, beside(output, ".part")):
        with writing(output):
            there = place.is_file()
        if not there:
            continue
        for path, what in needed.items():
            # Path.exists() raises for the address of a page, where that is longer than a name may be.
            if os.path.exists(path) and place.samefile(path):  # noqa: PTH110
                raise EvaluationError(f"{place} is {what}; name another file for the results, with -o")
        with writing(output), place.open("r+b") as file:
            begins = file.read(len(BEGINS))
        if begins and begins != BEGINS:
            raise EvaluationError(f"{place} is there and holds no results; name another file, with -o")
