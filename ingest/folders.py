"""What is in a folder: the files that a reader reads, and what was passed over.

Looks at names, links and sizes only; no file is opened here.
"""

import os
import re
import stat
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ingest.errors import SourceMissing, SourceUnreadable
from ingest.read import readers

VERSION_CONTROL = ("CVS", "_darcs", "{arch}")
"""Those of version control that no dot hides."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files of a folder: all, or those that one of `globs` matches, and none that `ignored` does.

    A pattern without a slash is held against names, one with a slash against paths below the folder,
    where `*` matches across slashes. A folder that is ignored is ignored with all that is in it.
    """

    globs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def takes(self, path: str) -> bool:
        """Whether a file of that path is one whose format is known, or named by a glob."""
        suffix = Path(path).suffix.lower()
        matching = [glob for glob in self.globs if _matches(path, glob)]
        named = suffix != "" and any(Path(glob).suffix.lower() == suffix for glob in matching)
        return named or (suffix in readers() and (bool(matching) or not self.globs))

    def ignores(self, path: str) -> bool:
        """Whether a file or folder is hidden, of version control, or ignored by a pattern."""
        name = path.rpartition("/")[2]
        hidden = name.startswith(".") or name in VERSION_CONTROL
        return hidden or any(_matches(path, pattern) for pattern in self.ignored)


def _matches(path: str, pattern: str) -> bool:
    pattern = pattern.removeprefix("./").rstrip("/")
    if "/" not in pattern:
        return fnmatchcase(path.rpartition("/")[2], pattern)
    return fnmatchcase(path, pattern.lstrip("/")) or fnmatchcase("/" + path, pattern.replace("**/", "*/"))


@dataclass(frozen=True, slots=True)
class File:
    """A regular file. path: without links. shown: as the user would write it. source: its identity as
    a document. size: bytes; mtime_ns: last change, nanoseconds."""

    path: Path
    shown: str
    source: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a folder in the order of their paths; how many were passed over, by suffix ("" for
    none), as no reader reads them; and what could not be followed or looked into."""

    files: tuple[File, ...]
    passed_over: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def source_of(path: Path) -> str:
    """The identity of the file at a path without links. A name that is not UTF-8 can be neither printed
    nor stored as it is: its other bytes become \\xff."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def is_gone(source: str) -> bool:
    """Whether there is nothing any more at the path that a source names. False where that cannot be told."""
    escaped = source.encode("utf-8", "replace")
    plain = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), escaped)
    for path in (escaped, plain):
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError):
            return False
        return False
    return True


def look(path: Path, choice: Choice = Choice()) -> Found:
    """The file at a path, whatever its name, or the files of a folder and its folders.

    Links in a folder are not followed: what they name in the folder is found there, and any other is a
    warning. Raises SourceMissing where nothing is there, SourceUnreadable for a folder without files to
    read and for what is no file at all, such as a pipe.
    """
    try:
        status = path.stat()
        real = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        reason = getattr(error, "strerror", None) or error
        raise SourceMissing(
            f"there is no file or folder {path}" if missing else f"{path} cannot be read: {reason}"
        ) from error
    if stat.S_ISDIR(status.st_mode):
        return _Folder(path, real, choice).look()
    if not stat.S_ISREG(status.st_mode):
        raise SourceUnreadable(f"{path} is no regular file; send its content to `cited ingest -`")
    return Found((File(real, str(path), source_of(real), status.st_size, status.st_mtime_ns),))


class _Folder:
    def __init__(self, given: Path, root: Path, choice: Choice) -> None:
        self.given, self.root, self.choice = given, root, choice
        self.files: list[File] = []
        self.passed_over: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.links: list[tuple[str, Path]] = []

    def look(self) -> Found:
        folders, looked = [""], set()
        while folders:
            below = folders.pop()
            looked.add(self.root / below)
            for entry in self._entries(below):
                name = f"{below}{entry.name}"
                if self.choice.ignores(name):
                    continue
                if entry.is_symlink():
                    self._note_link(name)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                else:
                    self._add(name, entry)
        found = {file.path for file in self.files} | looked
        for shown, target in self.links:
            if target not in found and (target.is_dir() or self.choice.takes(target.name)):
                self.warnings.append(f"{shown} is a link to {target}, which was not followed")
        if not self.files:
            raise SourceUnreadable(self._nothing())
        files = tuple(sorted(self.files, key=lambda file: file.path))
        return Found(files, dict(self.passed_over), tuple(sorted(self.warnings)))

    def _entries(self, below: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / below) as entries:
                return list(entries)
        except OSError as error:
            self.warnings.append(f"{self.given / below} cannot be looked into: {error.strerror}")
            return []

    def _note_link(self, name: str) -> None:
        try:
            target = (self.root / name).resolve(strict=True)
        except (OSError, RuntimeError):
            self.warnings.append(f"{self.given / name} is a link to nothing")
        else:
            self.links.append((str(self.given / name), target))

    def _add(self, name: str, entry: os.DirEntry[str]) -> None:
        if not self.choice.takes(name):
            suffix = Path(name).suffix.lower()
            if not self.choice.globs:  # else the user named what is wanted
                self.passed_over[suffix] += 1
            return
        path = self.root / name
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self.warnings.append(f"{self.given / name} cannot be read: {error.strerror}")
            return
        if not stat.S_ISREG(status.st_mode):
            self.warnings.append(f"{self.given / name} is no regular file and was not read")
            return
        shown = str(self.given / name)
        self.files.append(File(path, shown, source_of(path), status.st_size, status.st_mtime_ns))

    def _nothing(self) -> str:
        known = ", ".join(sorted(readers()))
        among = f" that matches {' or '.join(self.choice.globs)}" if self.choice.globs else ""
        why = "".join(f"; {warning}" for warning in sorted(self.warnings))
        return f"the folder {self.given} holds no file that can be read ({known}){among}{why}"
