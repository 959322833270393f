"""The file that a backup is: a zip file of a manifest and databases. Archives are from anyone.

Knows nothing of where a library is or how it is used.
"""

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ingest.errors import LibraryDamaged, LibraryError, LibraryMismatch, SourceMissing

FORMAT = 1
MANIFEST, CATALOG, USERS = "manifest.json", "catalog.sqlite", "access.sqlite"
MOST_MANIFEST = 65_536
"""Bytes."""
MOST_RATIO = 100
"""Of unpacked to packed bytes; catalogs of real documents have 2 to 4."""
UNCHECKED = 100_000_000
"""Bytes; what unpacks to no more than this is no danger, and an empty catalog has a ratio of 40."""
PIECE = 1 << 20
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)
"""What zipfile raises of an archive that is none: NotImplementedError, a RuntimeError, of what it does not
know, an OSError where a position in it cannot be one."""


@dataclass(frozen=True, slots=True)
class Member:
    """size: bytes. sha256: hexadecimal."""

    size: int
    sha256: str

    @classmethod
    def of(cls, file: Path) -> "Member":
        """What a file is as a member."""
        with file.open("rb") as data:
            return cls(file.stat().st_size, hashlib.file_digest(data, "sha256").hexdigest())


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup. made: UTC, ISO 8601. program: the version of Cited that made it. model, scheme:
    what the library was built with. members: the catalog, and the users where there are any."""

    made: str
    program: str
    model: str
    scheme: str
    documents: int
    passages: int
    members: Mapping[str, Member]

    def to_json(self) -> str:
        """The text of the manifest's file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2)

    @classmethod
    def read(cls, text: bytes, file: Path) -> "Manifest":
        """Raises LibraryMismatch for a later format, LibraryError for what is no manifest of ours."""
        try:
            values = json.loads(text)
            if values["format"] > FORMAT:
                raise LibraryMismatch(
                    f"{file} was made by a later version of Cited ({values['program']}); restore it with that"
                )
            made, program, model, scheme = (str(values[n]) for n in ("made", "program", "model", "scheme"))
            documents, passages = int(values["documents"]), int(values["passages"])
            members = {n: Member(int(m["size"]), str(m["sha256"])) for n, m in values["members"].items()}
            return cls(made, program, model, scheme, documents, passages, members)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise foreign(file) from error


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """An archive from anyone. Raises SourceMissing, and LibraryDamaged for what cannot be unpacked."""
    try:
        with file.open("rb") as data:
            try:
                archive = zipfile.ZipFile(data)
            except BROKEN as error:
                raise damaged(file, "it is no archive, or was cut short") from error
            yield archive
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise SourceMissing(f"{file} cannot be read: {error.strerror}") from error


def checked(archive: zipfile.ZipFile, file: Path) -> Manifest:
    """What the archive says that it holds; nothing is unpacked but that."""
    members = {info.filename: info for info in archive.infolist()}
    if MANIFEST not in members or members[MANIFEST].file_size > MOST_MANIFEST:
        raise foreign(file)
    if any(info.compress_type not in PACKED for info in members.values()):
        raise damaged(file, "it is packed in a way in which no backup is")
    with unpacking(file):
        text = archive.read(MANIFEST)
    manifest = Manifest.read(text, file)
    names = set(manifest.members)
    if CATALOG not in names or names - {CATALOG, USERS} or len(archive.infolist()) != len(names) + 1:
        raise foreign(file)
    for name, said in manifest.members.items():
        held = members.get(name)
        if held is None or held.file_size != said.size:
            raise foreign(file)
        if held.file_size > max(UNCHECKED, MOST_RATIO * held.compress_size):
            raise damaged(file, f"it would unpack to {held.file_size / 1e6:,.0f} MB")
    return manifest


def unpack(archive: zipfile.ZipFile, manifest: Manifest, file: Path, folder: Path) -> None:
    """The members into a folder, as long and with the digests that the manifest says."""
    for name, said in manifest.members.items():
        digest, left = hashlib.sha256(), said.size
        with (folder / name).open("wb") as out:
            for piece in pieces(archive, name, file):
                left -= len(piece)
                digest.update(piece)
                out.write(piece)
                if left < 0:
                    break
        if left or digest.hexdigest() != said.sha256:
            raise damaged(file, f"its {name} is not the one that was put into it")
        (folder / name).chmod(0o600)


def pieces(archive: zipfile.ZipFile, name: str, file: Path) -> Iterator[bytes]:
    """What is in a member. By itself: what goes wrong where it is written to is no fault of the archive."""
    with unpacking(file), archive.open(name) as packed:
        while piece := packed.read(PIECE):
            yield piece


@contextmanager
def unpacking(file: Path) -> Iterator[None]:
    """What goes wrong with an archive's members, as ours."""
    try:
        yield
    except BROKEN as error:
        raise damaged(file, str(error) or type(error).__name__) from error


def is_backup(file: Path) -> bool:
    """Whether a file is one that may be replaced by a backup."""
    try:
        with zipfile.ZipFile(file) as archive:
            return MANIFEST in archive.namelist() and CATALOG in archive.namelist()
    except BROKEN:
        return False


def damaged(file: Path, how: str) -> LibraryDamaged:
    """The error for a backup that cannot be restored."""
    return LibraryDamaged(f"the backup {file} is damaged: {how}; take another one. Nothing was changed")


def foreign(file: Path) -> LibraryError:
    """The error for a file that `cited backup` did not make."""
    return LibraryError(f"{file} is no backup that `cited backup` made. Nothing was changed")
