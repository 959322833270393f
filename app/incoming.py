"""What is to be ingested as files that can be read: uploads, pages of the web and standard input, too."""

import hashlib
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.errors import LibraryFull, SourceTooLarge, SourceUnreadable
from ingest.folders import File
from ingest.read import readers

Item = File | str
"""A file, a URL, or "-" for standard input."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file handed to the readers. source: the document's identity where that is not the file's own."""

    number: int
    shown: str
    source: str = ""
    warnings: tuple[str, ...] = ()
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """folder: for what comes without a file. most_bytes: of one source. The rest as in Wishes."""

    folder: Path
    most_bytes: int
    name: str
    allow_private: bool
    uploads: Mapping[str, str]

    def give(self, number: int, item: Item) -> tuple[Path, Given]:
        """Where an item can be read, and what it is. Raises IngestError where it cannot be had."""
        if isinstance(item, File):
            if name := self.uploads.get(str(item.path)):
                return item.path, Given(number, name, f"upload:{name}")
            return item.path, Given(number, item.shown, file=item if is_settled(item) else None)
        if item == "-":
            data, name = self._standard_input()
            source, warnings = f"stdin:{name}", tuple[str, ...]()
        else:
            from ingest.addresses import Doors
            from ingest.fetch import fetch

            page = fetch(item, self.most_bytes, doors=Doors(all=self.allow_private))
            data, name, source, warnings = page.data, page.name, page.source, page.warnings
        path = self.folder / str(number) / name
        try:
            path.parent.mkdir()
            path.write_bytes(data)
        except OSError as error:
            raise no_room(error) from error
        return path, Given(number, source, source, warnings)

    def _standard_input(self) -> tuple[bytes, str]:
        from ingest.formats import named, suffix_of

        data = sys.stdin.buffer.read(self.most_bytes + 1)
        if len(data) > self.most_bytes:
            raise SourceTooLarge(
                f"standard input has more than {self.most_bytes / 1e6:.0f} MB; raise the limit with --max-mb"
            )
        if not data.strip():
            raise SourceUnreadable("standard input is empty")
        name = self.name or f"stdin-{hashlib.sha256(data).hexdigest()[:8]}"
        known = Path(name).suffix.lower() in readers()
        return data, named(Path(name).name, "" if known else suffix_of(data, source="standard input"))


def temporary() -> TemporaryDirectory:
    """A folder that is gone afterwards. Raises LibraryFull where none can be made."""
    try:
        return TemporaryDirectory(prefix="cited-")
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError) -> LibraryFull:
    """The error for a temporary file that cannot be written."""
    return LibraryFull(
        f"nothing can be kept in the folder for temporary files ({error.strerror or error}), so this was not "
        "done; make room on its disk, or name another with TMPDIR"
    )


def is_url(word: str) -> bool:
    """Whether a word of the command line is an address and no path; which ones are fetched, fetch says."""
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", word):
        return False
    try:
        return not Path(word).exists()
    except OSError:  # longer than the name of any file
        return True


def is_settled(file: File) -> bool:
    """Whether another change of a file would show in its time. A file written in the last tick of its
    clock may be written again in that tick; some file systems count in steps of one or two seconds."""
    tick = 2.0 if file.mtime_ns % 1_000_000_000 == 0 else 0.1
    return time.time_ns() - file.mtime_ns > tick * 1e9
