"""A library as one file, and back again.

A backup holds the catalog, which is the truth of a library (documents, passages, the vectors of sentences,
feedback), and the users, where there are any. It is taken beside a process that owns the library, as one
moment of it. The vectors of passages are composed anew when it is restored. Either ends with the whole
thing in its place, or with nothing changed: the work is done in a folder beside it, and renamed at the end.
"""

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.access.store import AccessStore
from app.archive import (
    CATALOG,
    MANIFEST,
    USERS,
    Manifest,
    Member,
    checked,
    damaged,
    foreign,
    is_backup,
    opened,
    unpack,
)  # fmt: skip
from index.catalog import Catalog
from index.database import Database
from index.embed import Embedder
from index.library import Library
from index.lock import OwnerLock
from index.mend import fits, mend
from index.place import Place, Servers
from index.write import Progress, untold
from ingest.errors import LibraryBusy, LibraryError

TAIL = ".partial"


@dataclass(frozen=True, slots=True)
class Restored:
    """aside: where the library that was there before is kept. rebuilt: embedded anew, as the embedding model
    of now is not the one of the backup. users: names of those whom the backup lets in."""

    manifest: Manifest
    aside: Path | None
    rebuilt: bool
    users: tuple[str, ...]


def in_folder(place: Place) -> Path:
    """The folder of a library. Raises LibraryError for one on servers, with what to do in its place."""
    if isinstance(place, Servers):
        raise LibraryError(
            f"the library {place} is in PostgreSQL, whose own tools keep and restore it: `pg_dump "
            f"--format=custom --file=FILE {place}` and `pg_restore`, then `cited doctor --repair` for its "
            "vectors; or copy it to a folder, or from one, with `cited copy`"
        )
    return place


def back_up(library: Path, file: Path) -> Manifest:
    """Write a backup of the library in a folder. A backup that is there is replaced; another file is not.

    Raises LibraryError where there is no library, no room, or no right."""
    if not (library / CATALOG).is_file():
        raise LibraryError(f"there is no library in {library}; name one with --library")
    if file.exists() and not is_backup(file):
        raise LibraryError(f"{file} is there and is no backup of Cited; name another file")
    with workshop(file) as folder:
        copy(Catalog(library / CATALOG), folder / CATALOG)
        if (library / USERS).is_file():
            copy(AccessStore(library), folder / USERS)
        manifest = describe(folder)
        archive = folder / "archive.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.writestr(MANIFEST, manifest.to_json())
            for name in manifest.members:
                packed.write(folder / name, name)
        archive.chmod(0o600)
        with archive.open("rb") as written:
            os.fsync(written.fileno())
        archive.replace(file)
    return manifest


def copy(database: Database, target: Path) -> None:
    """One moment of a database, whatever is written to it meanwhile, as a file of its own. One reading
    transaction: copying pages instead begins anew with each change by another process."""
    try:
        database.rows("VACUUM INTO ?", str(target))
    finally:
        database.close()


def describe(folder: Path) -> Manifest:
    """The manifest of databases that nobody uses."""
    catalog = Catalog(folder / CATALOG)
    try:
        model, scheme = (catalog.about(name) or "" for name in ("model", "passages"))
        documents, passages = catalog.rows("SELECT count(*) FROM documents")[0][0], catalog.passage_count()
    finally:
        catalog.close()
    members = {name: Member.of(folder / name) for name in (CATALOG, USERS) if (folder / name).is_file()}
    made = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Manifest(made, version("cited"), model, scheme, documents, passages, members)


def restore(
    file: Path, folder: Path, embedder: Embedder, force: bool = False, progress: Progress = untold
) -> Restored:
    """Make a library of a backup, in a folder that is new or empty; with force in place of the library there,
    which is kept beside it.

    Raises SourceMissing, LibraryError for what is no backup, LibraryDamaged for a damaged one,
    LibraryMismatch for a later version's, LibraryBusy where a process uses the library to be replaced."""
    folder = folder.resolve()  # of a link what it leads to, of «.» its name
    with suppress(FileNotFoundError):  # in a folder that is gone
        if Path.cwd().is_relative_to(folder):  # it would go along with what is put aside
            raise LibraryError(f"you are in {folder}, which is to be replaced; run this from another folder")
    with opened(file) as archive:
        manifest = checked(archive, file)
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        if taken and not (force and folder.is_dir()):
            raise LibraryError(
                f"{folder} is not empty; name a new folder with --library, or add --force, which keeps what "
                "is there under another name"
            )
        with workshop(folder) as work:
            size = sum(member.size for member in manifest.members.values())
            if size > shutil.disk_usage(work).free:
                raise LibraryError(f"{file} needs {size / 1e6:.0f} MB beside {folder}; make room")
            (work / "library").mkdir()
            unpack(archive, manifest, file, work / "library")
            users = users_in(work / "library", file)
            rebuilt = fill(work / "library", manifest, file, embedder, progress)
            aside = put(work / "library", folder, taken)
    return Restored(manifest, aside, rebuilt, users)


def users_in(folder: Path, file: Path) -> tuple[str, ...]:
    """The names of the users that were in the backup."""
    if not (folder / USERS).is_file():
        return ()
    store = AccessStore(folder)
    try:
        check(store, file)
        return tuple(user.name for user in store.users())
    finally:
        store.close()


def check(database: Database, file: Path) -> None:
    """Raises where a database holds what none of ours does, or is broken."""
    if database.rows("SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view')"):
        raise foreign(file)
    if database.rows("PRAGMA quick_check") != [("ok",)]:
        raise damaged(file, f"its {database.kind} is broken")


def fill(folder: Path, manifest: Manifest, file: Path, embedder: Embedder, progress: Progress) -> bool:
    """Check the catalog and write its vectors; whether that took a rebuild."""
    with Library(folder, embedder) as library:
        catalog = library.catalog
        check(catalog, file)
        counts = (catalog.rows("SELECT count(*) FROM documents")[0][0], catalog.passage_count())
        if counts != (manifest.documents, manifest.passages):
            raise foreign(file)
        if fits(library):
            mend(library, progress)
            return False
        library.rebuild(progress)
        return True


def put(new: Path, folder: Path, taken: bool) -> Path | None:
    """Give a finished library its place; where the one that was there is now."""
    if not taken:
        new.rename(folder)
        return None
    lock = OwnerLock(folder, 0)
    try:
        # Milliseconds too, for somebody may do this twice in a second.
        aside = folder.with_name(f"{folder.name}.before-{datetime.now():%Y%m%d-%H%M%S-%f}")
        folder.rename(aside)
        new.rename(folder)
    finally:
        lock.release()
    (aside / "owner.json").unlink(missing_ok=True)
    return aside


@contextmanager
def workshop(place: Path) -> Iterator[Path]:
    """A folder beside a file or folder to be made, gone afterwards; what a killed process left in it goes
    first. Raises LibraryError where the disk is full or may not be written."""
    folder = place.absolute().with_name(f".{place.absolute().name}{TAIL}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = OwnerLock(folder, 0)
        except LibraryBusy as error:
            raise LibraryBusy(f"another process is making {place}; wait until it is done") from error
        try:
            for left in folder.iterdir():
                if left.is_dir():
                    shutil.rmtree(left)
                elif left.name not in ("library.lock", "owner.json"):
                    left.unlink()
            yield folder
        finally:
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise LibraryError(
            f"{place} cannot be written: {error.strerror or error}; see that the disk has room and that the "
            "folder may be written. Nothing was changed"
        ) from error
