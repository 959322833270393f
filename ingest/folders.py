"""What is in a folder: the files that a reader reads, and what was passed over.

Looks at names, links and sizes; only a file without a suffix is opened, to see whether it is text.
"""

import codecs
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ingest.errors import SourceMissing, SourceUnreadable
from ingest.read import readers, suffix_of

LOOKED_AT = 4096
"""Bytes at the start of a file without a suffix that tell whether it is text."""
NO_DOCUMENT = re.compile(r"file$|^core$", re.IGNORECASE)
"""What names without a suffix end in that are programs' own: Makefile, Dockerfile, Gemfile."""
UNREAD = {".doc"}
"""Suffixes of readers that only say what to do with the file."""
MOST_NAMED = 3
VERSION_CONTROL = ("CVS", "_darcs", "{arch}")
"""Those of version control that no dot hides."""
INSTALLED = re.compile(r".+\.(?:dist|egg)-info|node_modules|__pycache__")
"""What programs write beside installed packages."""
ENVIRONMENT = "pyvenv.cfg"
"""In a folder with this file, Python packages are installed."""


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
        suffix = suffix_of(path)
        matching = [glob for glob in self.globs if _matches(path, glob)]
        named = suffix != "" and any(Path(glob).suffix.lower() == suffix for glob in matching)
        return named or (suffix in readers() and (bool(matching) or not self.globs))

    def may_take(self, path: str) -> bool:
        """Whether a file of that path is one that is taken if it holds text: it has no suffix."""
        named = any(_matches(path, glob) for glob in self.globs)
        return suffix_of(path) == "" and (named or not (self.globs or NO_DOCUMENT.search(path)))

    def ignores(self, path: str) -> bool:
        """Whether a file or folder is hidden, of version control, of installed packages, or ignored by a
        pattern."""
        name = path.rpartition("/")[2]
        hidden = name.startswith(".") or name in VERSION_CONTROL or INSTALLED.fullmatch(name) is not None
        return hidden or any(_matches(path, pattern) for pattern in self.ignored)


def _is_text(path: Path) -> bool:
    """Whether a file begins as a text in UTF-8 that is no script."""
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # which may end inside a character
    except UnicodeDecodeError:
        return False
    return start.strip() != b"" and b"\0" not in start and not start.startswith(b"#!")


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
    none), as no reader reads them; and what could not be followed or looked into,
    in words that follow "passed over"."""

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
        self.unread: list[str] = []
        self.links: list[tuple[str, Path]] = []

    def look(self) -> Found:
        folders, looked = [""], set()
        while folders:
            below = folders.pop()
            entries = self._entries(below)
            if below and any(entry.name == ENVIRONMENT for entry in entries):
                continue
            looked.add(self.root / below)
            for entry in entries:
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
                self.warnings.append(f"{shown}, a link to {target}, which was not followed")
        if not self.files:
            raise SourceUnreadable(self._nothing())
        files = tuple(sorted(self.files, key=lambda file: file.path))
        return Found(files, dict(self.passed_over), tuple(sorted(self.warnings)))

    def _entries(self, below: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / below) as entries:
                return list(entries)
        except OSError as error:
            self.warnings.append(f"{self.given / below}, which cannot be looked into: {error.strerror}")
            return []

    def _note_link(self, name: str) -> None:
        try:
            target = (self.root / name).resolve(strict=True)
        except (OSError, RuntimeError):
            self.warnings.append(f"{self.given / name}, a link to nothing")
        else:
            self.links.append((str(self.given / name), target))

    def _add(self, name: str, entry: os.DirEntry[str]) -> None:
        path = self.root / name
        known = self.choice.takes(name)
        try:
            status = entry.stat(follow_symlinks=False)
            regular = stat.S_ISREG(status.st_mode)
            taken = known or (regular and self.choice.may_take(name) and _is_text(path))
        except OSError as error:
            self.warnings.append(f"{self.given / name}, which cannot be read: {error.strerror}")
            return
        if not taken:
            self._pass_over(name)
            return
        if not regular:
            self.warnings.append(f"{self.given / name}, which is no regular file")
            return
        shown = str(self.given / name)
        self.files.append(File(path, shown, source_of(path), status.st_size, status.st_mtime_ns))

    def _pass_over(self, name: str) -> None:
        if not self.choice.globs:  # else the user named what is wanted
            self.passed_over[suffix_of(name)] += 1
            self.unread.append(name)

    def _nothing(self) -> str:
        known = ", ".join(sorted(readers().keys() - UNREAD))
        among = f" that matches {' or '.join(self.choice.globs)}" if self.choice.globs else ""
        more = len(self.unread) - MOST_NAMED
        there = f"; there are {', '.join(sorted(self.unread)[:MOST_NAMED])}" if self.unread else ""
        there += f" and {more:,} more" if more > 0 else ""
        why = there + "".join(f"; {warning}" for warning in sorted(self.warnings))
        return f"the folder {self.given} holds no file that can be read ({known}){among}{why}"
