"""The library, as the doctor sees it: folder or servers, catalog, vectors, and who has it."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from app.archive import USERS
from app.backup import TAIL
from app.doctor import OK, PROBLEM, REPAIRED, Finding, found
from app.report import counted
from index.catalog import Catalog
from index.embed import Embedder
from index.library import Library, is_library
from index.lock import OwnerLock
from index.place import Place, Servers
from ingest.errors import CitedError, LibraryBusy, LibraryError

if TYPE_CHECKING:
    from index.postgres_catalog import PostgresCatalog

Told = str | tuple[str, str]
FEWEST_BYTES = 200_000_000
"""Of free disk space; one large file and its vectors take as much."""
ROWS = (
    ("passages without words", "SELECT count(*) FROM passages WHERE number NOT IN (SELECT rowid FROM words)"),
    ("words without passages", "SELECT count(*) FROM words WHERE rowid NOT IN (SELECT number FROM passages)"),
    (
        "documents that lack passages",
        "SELECT count(*) FROM documents d WHERE passages != "
        "(SELECT count(*) FROM passages WHERE document_id = d.id)",
    ),
)
MISMATCH = "`--repair` mends it"


def examine_library(place: Place, embedder: Embedder, repair: bool) -> Iterator[Finding]:
    """Findings on a library; on servers it is made where there is none."""
    if isinstance(place, Servers):
        yield from examine_shared(place, embedder, repair)
    else:
        yield from examine_folder(place, embedder, repair)


def examine_shared(servers: Servers, embedder: Embedder, repair: bool) -> Iterator[Finding]:
    """Findings on a library on servers, each of which may be away."""
    from app.doctor_servers import chroma, postgres, unfinished

    yield found("vector server", lambda: chroma(servers))
    try:
        library = Library(servers, embedder)
    except LibraryError as error:
        yield Finding("catalog", PROBLEM, str(error))
        return
    with library:
        yield found("library", lambda: f"{library.name}, {counted(len(library.entries()), 'document')}")
        yield found("catalog", lambda: postgres(cast("PostgresCatalog", library.catalog)))
        yield found("rebuild", lambda: unfinished(library, servers, repair))
        yield found("vectors", lambda: vectors(library, repair))


def examine_folder(folder: Path, embedder: Embedder, repair: bool) -> Iterator[Finding]:
    """Findings on a library in a folder, which is not made."""
    if not is_library(folder) and (folder.is_dir() or not folder.exists()):
        yield Finding("library", OK, f"there is none yet in {folder}; `cited ingest PATH` begins one")
        return
    try:
        library = Library(folder, embedder, wait=0)
    except LibraryError as error:
        if not folder.is_dir():
            raise
        yield found("permissions", lambda: permissions(folder))
        yield Finding("catalog", PROBLEM, str(error))
        return
    with library:
        yield found("library", lambda: f"{folder}, {counted(len(library.entries()), 'document')}")
        yield found("permissions", lambda: permissions(folder))
        yield found("disk", lambda: disk(folder))
        yield found("leftovers", lambda: leftovers(folder, repair))
        yield found("catalog", lambda: catalog(library.catalog))
        held, owner = lock(library)
        yield owner
        if held:
            yield found("vectors", lambda: vectors(library, repair))
        else:
            yield Finding("vectors", OK, "not looked at, while another process has the library")


def permissions(folder: Path) -> Told:
    """Whether this user may read and write what is there, and nobody else reads who may log in."""
    files = [folder, *(path for path in folder.iterdir() if path.is_file())]
    closed = [path for path in files if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        return PROBLEM, f"{closed[0]} may not be read and written by this user; see its owner and mode"
    users = folder / USERS
    if users.exists() and stat.S_IMODE(users.stat().st_mode) & 0o077:
        return PROBLEM, f"{users} can be read by others; run: chmod 600 {users}"
    return f"{len(files) - 1} files may be read and written"


def disk(folder: Path) -> Told:
    """Whether there is room."""
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB free"
    return told if free >= FEWEST_BYTES else (PROBLEM, f"{told}; make room before more is added")


def leftovers(folder: Path, repair: bool) -> Told:
    """What a backup or a restore that was killed has left beside the library."""
    left = folder.absolute().with_name(f".{folder.absolute().name}{TAIL}")
    if not left.is_dir():
        return "none"
    try:
        OwnerLock(left, 0).release()
    except LibraryBusy:
        return f"a restore is at work in {left}"
    if not repair:
        return PROBLEM, f"{left} was left by a restore that was ended; {MISMATCH}"
    shutil.rmtree(left, ignore_errors=True)
    return REPAIRED, f"removed {left}, which was left by a restore that was ended"


def catalog(held: Catalog) -> Told:
    """Whether SQLite finds its file whole, and the tables agree."""
    if (said := held.rows("PRAGMA integrity_check(3)")) != [("ok",)]:
        what = "; ".join(str(row[0]) for row in said)
        return PROBLEM, f"{held.path} is damaged ({what}); `cited restore` a backup, or ingest again"
    for what, query in ROWS:
        if count := held.rows(query)[0][0]:
            return PROBLEM, f"{count} {what}; run `cited rebuild`"
    return f"{held.path.name} is whole, schema {held.schema_version}, {held.passage_count()} passages"


def lock(library: Library) -> tuple[bool, Finding]:
    """Whether the library is ours now, and who had it."""
    note = library.folder / "owner.json"
    try:
        before = json.loads(note.read_text(encoding="utf-8"))["command"] if note.exists() else ""
    except (OSError, ValueError, KeyError, TypeError):
        before = "a process"
    try:
        library.own()
    except LibraryBusy as error:
        return False, Finding("lock", OK, str(error))
    if before:
        return True, Finding("lock", REPAIRED, f"free; `{before}` was ended while it had the library")
    return True, Finding("lock", OK, "free")


def vectors(library: Library, repair: bool) -> Told:
    """Whether every passage has its vector, and no vector is without a passage."""
    from index.mend import difference, mend, tried

    count = library.catalog.passage_count()
    if count:
        library.check_built_with()
    try:
        listed = tried(library)
        try:
            amiss = difference(library.catalog, listed)
        finally:
            listed.close()
        wrong = f"{len(amiss.missing)} of {count} missing, {len(amiss.superfluous)} superfluous"
    except CitedError as error:
        wrong, amiss = str(error), None
    if amiss and not (amiss.missing or amiss.superfluous):
        loose = len(library.catalog.loose())
        if not (loose and repair):
            waiting = f", {loose} of interrupted work go with the next change" if loose else ""
            return f"{count} of {count} passages{waiting}"
        wrong = f"{loose} of interrupted work"
    if not repair:
        return PROBLEM, f"{wrong}; {MISMATCH}"
    mend(library)
    return REPAIRED, f"{count} of {count} passages; was: {wrong}"
