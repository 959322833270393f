"""The SQLite file of a library: its schema, its transactions, and errors that say what to do.

index/postgres.py keeps the same in PostgreSQL, and queries are written once, in what both understand:
`ON CONFLICT`, `RETURNING`, `?` and `:name` for values, and `IN :names` for a list of them, which each
database spells in its own way.
"""

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from index.disk import is_full
from ingest.errors import LibraryDamaged, LibraryError, LibraryFull, LibraryMismatch, LibraryReadOnly

AMONG = re.compile(r"\bIN (:\w+)")
SCHEMA_VERSION = "3"
SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, version TEXT NOT NULL,
    added TEXT NOT NULL, text TEXT NOT NULL, structure TEXT NOT NULL, passages INTEGER NOT NULL,
    collection TEXT NOT NULL DEFAULT '',
    length INTEGER GENERATED ALWAYS AS (length(text)) VIRTUAL,
    notes INTEGER GENERATED ALWAYS AS (json_array_length(structure, '$.footnotes')) VIRTUAL
);
CREATE INDEX IF NOT EXISTS documents_by_source ON documents (source);
CREATE INDEX IF NOT EXISTS documents_listed
    ON documents (title, id, source, version, added, passages, length, notes, collection);
CREATE TABLE IF NOT EXISTS passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL, kind TEXT NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, label TEXT, content TEXT NOT NULL, vectors BLOB
);
CREATE INDEX IF NOT EXISTS passages_of_document ON passages (document_id, start);
CREATE VIRTUAL TABLE IF NOT EXISTS words
    USING fts5 (content, tokenize = 'porter unicode61 remove_diacritics 2');
CREATE TABLE IF NOT EXISTS loose (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, good INTEGER, comment TEXT NOT NULL, answer TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sources (
    document_id TEXT PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
"""
UPGRADES = {
    "1": (
        "ALTER TABLE documents RENAME TO documents_1",
        SCHEMA,
        "INSERT INTO documents SELECT *, '' FROM documents_1",
        "DROP TABLE documents_1",
    ),
    "2": (
        "ALTER TABLE documents ADD length INTEGER GENERATED ALWAYS AS (length(text)) VIRTUAL",
        "ALTER TABLE documents ADD notes INTEGER"
        " GENERATED ALWAYS AS (json_array_length(structure, '$.footnotes')) VIRTUAL",
        SCHEMA,
    ),
}
"""What makes the schema of now out of an older one. From 1: documents belong to collections, and one source
may be a document of several of them. From 2: an index alone lists the documents; before, all texts were read,
2 to 4 seconds of 25,000 documents."""


SET_ABOUT = "INSERT INTO about VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class Cursor(Protocol):
    """What a statement found or did."""

    @property
    def rowcount(self) -> int:
        """Rows changed."""

    def fetchone(self) -> Any:
        """The next row, None after the last one."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""


class Connection(Protocol):
    """A transaction under way, of either database."""

    def execute(self, query: str, values: Sequence = ..., /) -> Cursor:
        """Run a statement, with values for its `?`."""

    def executemany(self, query: str, rows: Iterable[Sequence], /) -> object:
        """Run a statement for each row of values."""


PATIENCE = 30.0
"""Seconds to wait for another process to finish with the file."""

DAMAGED = ("malformed", "Could not decode")
"""In what SQLite and Python say of values that nobody wrote."""


class Database:
    """One SQLite file; safe to use from several threads and processes at once. One of an older schema is
    upgraded, all at once or not at all. Where the folder may not be written, it is read as it was at opening,
    or empty where there is none, and `change` raises LibraryReadOnly.

    Raises LibraryError where it cannot be opened, read or changed (no right, another process that does not
    finish), LibraryFull where there is no room, LibraryDamaged where the file is broken, LibraryMismatch for
    another schema.
    """

    kind = "catalog"
    schema: str = SCHEMA
    schema_version: str = SCHEMA_VERSION
    upgrades: Mapping[str, Sequence[str]] = UPGRADES
    version_name = "schema"
    """The fact that tells the schema; two databases of one PostgreSQL database need two."""
    read_only = False
    way_out = "restore it from a copy, or move the library away and ingest the documents again"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        closed = path.parent.is_dir() and not os.access(path.parent, os.W_OK)
        with self._translated():
            self._db = self._for_reading() if closed else _connected(path)
        self._file = _file_at(path)
        self._bring_up_to_date(may_change=not (closed and path.exists()))
        self.read_only = closed

    @property
    def name(self) -> str:
        """The database in messages."""
        return str(self.path)

    @property
    def replaced(self) -> bool:
        """Whether another file, or none, is now where the one was that is open here."""
        return _file_at(self.path) != self._file

    def _bring_up_to_date(self, may_change: bool = True) -> None:
        if self._made_by() != self.schema_version and may_change:
            with self._change_of_schema() as db:
                found = self._made_by()  # Another process may have been quicker.
                if found is None or found in self.upgrades:
                    scripts = (self.schema,) if found is None else self.upgrades[found]
                    for statement in ";\n".join(scripts).split(";\n"):
                        if statement.strip():
                            db.execute(statement)
                    db.execute(SET_ABOUT, (self.version_name, self.schema_version))
        found = self.about(self.version_name)
        if found != self.schema_version:
            raise LibraryMismatch(
                f"the {self.kind} {self.name} has schema {found}, this program reads {self.schema_version}; "
                "use the program that wrote it, or ingest the documents into a new library"
            )

    def _for_reading(self) -> sqlite3.Connection:
        """A connection where nothing may be written. A file in use, or not closed in order, has a log beside
        it, which SQLite reads with it; of one without, SQLite must be told that nobody changes it."""
        if not self.path.exists():
            return _connected(":memory:")
        address = f"{self.path.absolute().as_uri()}?mode=ro"
        log = self.path.with_name(f"{self.path.name}-wal")
        try:
            db = _connected(address)
            db.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if log.exists() and log.stat().st_size:
                raise LibraryReadOnly(
                    f"the {self.kind} {self.path} was left in the middle of a change, and may not be written "
                    "here; open it once where it may be, such as with `cited list`, or copy it there"
                ) from error
            db = _connected(f"{address}&immutable=1")
        return db

    def _made_by(self) -> str | None:
        """The schema in the database, None in a new one."""
        there = self.rows("SELECT 1 FROM sqlite_master WHERE name = 'about'")
        return self.about(self.version_name) if there else None

    def _change_of_schema(self) -> AbstractContextManager[Connection]:
        return self.change()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if any(said in str(error) for said in DAMAGED):
                raise self.damaged(error) from error
            if is_full(self.path.parent, error):
                raise LibraryFull(
                    f"there is no room on the disk for the {self.kind} {self.path} ({error}), so this was "
                    "not done; make room and try again"
                ) from error
            raise LibraryError(
                f"the {self.kind} {self.name} cannot be used ({error}) and nothing was changed; "
                "see that the disk has room and that the folder may be written"
            ) from error
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:  # a broken constraint is a mistake of ours
                raise
            raise self.damaged(error) from error

    def damaged(self, error: Exception) -> LibraryDamaged:
        """The error for a file that holds what nobody wrote."""
        return LibraryDamaged(f"the {self.kind} {self.name} cannot be read ({error}); {self.way_out}")

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing."""
        self.need_writable()
        with self._lock, self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def need_writable(self) -> None:
        """Raises LibraryReadOnly where nothing may be written."""
        if self.read_only:
            raise LibraryReadOnly(
                f"{self.path.parent} may be read here and not written, so that nothing can be changed; see "
                "how the disk is mounted and whose folder it is, or name another library"
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def rows(self, query: str, *values: object, **named: object) -> list[tuple]:
        """What a query finds, with values for its `?`, or for its `:name`, a list for `IN :name`."""
        query = AMONG.sub(r"IN (SELECT value FROM json_each(\1))", query)
        given = {n: json.dumps(v) if isinstance(v, list) else v for n, v in named.items()} or values
        with self._lock, self._translated():
            return self._db.execute(query, given).fetchall()

    def about(self, name: str) -> str | None:
        """A fact of the library, such as the fingerprint of its embedding model."""
        rows = self.rows("SELECT value FROM about WHERE name = ?", name)
        return rows[0][0] if rows else None

    def set_about(self, **facts: str) -> None:
        """Record facts of the library."""
        with self.change() as db:
            db.executemany(SET_ABOUT, facts.items())


def _connected(place: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(
        place, timeout=PATIENCE, check_same_thread=False, isolation_level=None, uri=isinstance(place, str)
    )
    if isinstance(place, Path):
        _log_ahead(db)
        db.execute("PRAGMA synchronous = FULL")
    return db


def _log_ahead(db: sqlite3.Connection) -> None:
    """Set the file's log, as PRAGMA journal_mode does. While another process makes the file or closes it as
    the last one, SQLite refuses at once, whatever its timeout."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _file_at(path: Path) -> tuple[int, int] | None:
    """What tells a file from any other: the device that it is on and its number there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
