"""Loose vector ids of several writers at once.

Each row of `loose` has its writer. A writer is alive while its own connection holds its lock; whoever sweeps
takes over the rows of the dead, and leaves alone what a living one is about to make visible.

A writer whose connection was lost looks dead, may be swept, and does not know. So a change that makes ids
visible looks whether their rows are still there, and ends with LibraryBusy if not: the vectors must be
written again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from uuid import uuid4

import psycopg

from index.database import Connection
from index.loose import Loose
from index.postgres import PostgresDatabase
from ingest.errors import LibraryBusy

DOCUMENTS = 256
"""Swept at once: each takes a lock, of which the server has some 6,400 by default."""
LOCK_DOCUMENTS = """
SELECT pg_advisory_xact_lock(key)
FROM (SELECT DISTINCT lock_of(id) AS key FROM unnest(?::text[]) AS asked (id) ORDER BY 1) AS keys
"""
"""In one order, so that two who need the same ones never wait for each other."""
FREE_DOCUMENTS = "SELECT id FROM unnest(?::text[]) AS asked (id) WHERE pg_try_advisory_xact_lock(lock_of(id))"
DEAD = """
SELECT writer FROM (SELECT DISTINCT writer FROM loose WHERE writer <> ?) AS others
WHERE pg_try_advisory_xact_lock(lock_of(writer))
"""
ADOPT = "INSERT INTO loose SELECT DISTINCT id, ? FROM loose WHERE writer = ANY(?) ON CONFLICT DO NOTHING"
UNNEEDED = """
SELECT id FROM loose l WHERE writer = ? AND id = ANY(?)
AND NOT EXISTS (SELECT 1 FROM passages p WHERE p.id = l.id)
AND NOT EXISTS (SELECT 1 FROM loose o WHERE o.id = l.id AND o.writer <> l.writer)
"""


class PostgresLoose(PostgresDatabase, Loose):
    """The table of these ids, which several processes change."""

    def __init__(self, url: str) -> None:
        self.writer = uuid4().hex
        self._noted: set[str] = set()
        self._alive: psycopg.Connection | None = None
        self._guard = Lock()
        super().__init__(url)

    def close(self) -> None:
        """Close the connections; others may sweep what this writer has left."""
        with self._guard:
            if self._alive:
                self._alive.close()
            self._alive = None
        super().close()

    def add_loose(self, ids: Sequence[str]) -> None:
        """Note ids that are about to be written to the vectors; from here on nobody else deletes them."""
        self._live()
        with self.change() as db:
            db.execute(LOCK_DOCUMENTS, (sorted({document_of(name) for name in ids}),))
            noted = "INSERT INTO loose SELECT id, ? FROM unnest(?::text[]) AS new (id) ON CONFLICT DO NOTHING"
            db.execute(noted, (self.writer, list(ids)))
        self._noted.update(ids)

    def _live(self) -> None:
        """Be seen to be alive by all other writers."""
        with self._guard, self._translated():
            try:
                if self._alive:
                    self._alive.execute("SELECT 1")
                    return
            except psycopg.OperationalError:
                self._alive = None
            alive = self.connected()
            # Shared, as the server may not have noticed yet that the connection before is gone.
            alive.execute("SELECT pg_advisory_lock_shared(lock_of(%s))", (self.writer,))
            self._alive = alive

    @contextmanager
    def sweeping(self) -> Iterator[list[str]]:
        """As in SQLite; of at most DOCUMENTS, which nobody begins to write meanwhile. Not while this process
        writes: what it has noted and not made visible is what has failed."""
        self._adopt()
        own = "SELECT id FROM loose WHERE writer = ? ORDER BY id"
        mine = [row[0] for row in self.rows(own, self.writer)]
        documents = list(dict.fromkeys(map(document_of, mine)))[:DOCUMENTS]
        if not documents:
            yield []
            return
        with self.change() as db:
            free = {row[0] for row in db.execute(FREE_DOCUMENTS, (documents,)).fetchall()}
            mine = [name for name in mine if document_of(name) in free]
            yield [row[0] for row in db.execute(UNNEEDED, (self.writer, mine)).fetchall()]
            # What another writer has noted, too, is that one's business now.
            db.execute("DELETE FROM loose WHERE writer = ? AND id = ANY(?)", (self.writer, mine))
        self._noted.difference_update(mine)

    def _adopt(self) -> None:
        """Make the ids of dead writers ours. By itself: were the server lost after the vectors were deleted,
        a writer thought dead could still make them visible."""
        with self.change() as db:
            dead = [row[0] for row in db.execute(DEAD, (self.writer,)).fetchall()]
            if dead:
                db.execute(ADOPT, (self.writer, dead))
                db.execute("DELETE FROM loose WHERE writer = ANY(?)", (dead,))

    @contextmanager
    def alone_with_all(self) -> Iterator[Connection]:
        """One transaction beside which nobody changes documents, however many; readers go on."""
        with self.change() as db:
            db.execute("SET LOCAL statement_timeout = 0")
            db.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            # One lock in place of one a document. In this order: who changes documents begins with loose.
            db.execute("LOCK TABLE loose, documents IN SHARE ROW EXCLUSIVE MODE")
            self._mine.all = True
            try:
                yield db
            finally:
                self._mine.all = False

    def _alone(self, db: Connection, document_id: str) -> None:
        if not getattr(self._mine, "all", False):
            db.execute("SELECT pg_advisory_xact_lock(lock_of(?))", (document_id,))

    def _loosen(self, db: Connection, document_id: str) -> None:
        noted = "INSERT INTO loose SELECT id, ? FROM passages WHERE document_id = ? ON CONFLICT DO NOTHING"
        db.execute(noted, (self.writer, document_id))

    def _fasten(self, db: Connection, ids: Sequence[str]) -> None:
        gone = db.execute("DELETE FROM loose WHERE writer = ? AND id = ANY(?)", (self.writer, list(ids)))
        noted = self._noted.intersection(ids)
        if gone.rowcount < len(noted):
            raise LibraryBusy(
                f"the connection to {self.name} was lost for a while, and another process has cleared away "
                "what was written for documents that were not in the library yet; add them again"
            )
        self._noted -= noted


def document_of(passage_id: str) -> str:
    """The document of a passage, by the passage's id."""
    return passage_id.rsplit(":", 2)[0]
