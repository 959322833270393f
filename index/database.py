"""The SQLite file of a library: its schema, its transactions, and errors that say what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from ingest.errors import LibraryDamaged, LibraryError, LibraryMismatch

Connection = sqlite3.Connection
SCHEMA_VERSION = "1"
SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, source TEXT NOT NULL UNIQUE, title TEXT NOT NULL, version TEXT NOT NULL,
    added TEXT NOT NULL, text TEXT NOT NULL, structure TEXT NOT NULL, passages INTEGER NOT NULL
);
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
LATEST_TABLE = "sources"
"""Added to catalogs made before it was there; a program that does not know it leaves it alone."""


class Database:
    """One SQLite file; safe to use from several threads and processes at once.

    Raises LibraryError where it cannot be opened, read or changed (no room, no right, another process
    that does not finish), LibraryDamaged where the file is broken, LibraryMismatch for another schema.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        with self._translated():
            self._db = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            named = "SELECT 1 FROM sqlite_master WHERE name = ?"
            made = self._db.execute(named, (LATEST_TABLE,)).fetchone()
        if not made:
            with self.change() as db:
                for statement in SCHEMA.split(";\n"):
                    db.execute(statement)
                db.execute("INSERT OR IGNORE INTO about VALUES ('schema', ?)", (SCHEMA_VERSION,))
        found = self.about("schema")
        if found != SCHEMA_VERSION:
            raise LibraryMismatch(
                f"the catalog {path} has schema {found}, this program reads {SCHEMA_VERSION}; "
                "use the program that wrote it, or ingest the documents into a new library"
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LibraryError(
                f"the catalog {self.path} cannot be used ({error}) and nothing was changed; "
                "see that the disk has room and that the folder may be written"
            ) from error
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:  # a broken constraint is a mistake of ours
                raise
            raise LibraryDamaged(
                f"the catalog {self.path} cannot be read ({error}); restore it from a copy, "
                "or move the library away and ingest the documents again"
            ) from error

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing."""
        with self._lock, self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def rows(self, query: str, *values: object) -> list[tuple]:
        """What a query finds."""
        with self._lock, self._translated():
            return self._db.execute(query, values).fetchall()

    def about(self, name: str) -> str | None:
        """A fact of the library, such as the fingerprint of its embedding model."""
        rows = self.rows("SELECT value FROM about WHERE name = ?", name)
        return rows[0][0] if rows else None

    def set_about(self, **facts: str) -> None:
        """Record facts of the library."""
        with self.change() as db:
            db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", facts.items())
