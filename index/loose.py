"""Vector ids whose fate is open: written and not yet visible, or visible no more and not yet deleted. They
are noted, so that an interrupted change can be swept up. index/postgres_loose.py does it for several writers.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from index.database import Connection, Database


class Loose(Database):
    """The table of these ids. One process at a time changes it."""

    def add_loose(self, ids: Sequence[str]) -> None:
        """Note ids that are about to be written to the vectors."""
        noted = "INSERT INTO loose VALUES (?) ON CONFLICT DO NOTHING"
        with self.change() as db:
            db.executemany(noted, [(name,) for name in ids])

    def loose(self) -> list[str]:
        """Ids that the vectors may hold and no visible passage has."""
        rows = self.rows(
            "SELECT DISTINCT id FROM loose WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.id = loose.id)"
            " ORDER BY id"
        )
        return [row[0] for row in rows]

    def clear_loose(self, ids: Sequence[str]) -> None:
        """Forget ids that the vectors hold no more."""
        with self.change() as db:
            self._fasten(db, ids)

    @contextmanager
    def sweeping(self) -> Iterator[list[str]]:
        """Ids whose vectors are to be deleted while this is open; they are forgotten at its end, if that is a
        good one."""
        ids = self.loose()
        yield ids
        if ids:
            self.clear_loose(ids)

    def _loosen(self, db: Connection, document_id: str) -> None:
        """The passages of a document are about to go; so shall their vectors."""
        noted = "INSERT INTO loose SELECT id FROM passages WHERE document_id = ? ON CONFLICT DO NOTHING"
        db.execute(noted, (document_id,))

    def _fasten(self, db: Connection, ids: Sequence[str]) -> None:
        """These are loose no more."""
        db.executemany("DELETE FROM loose WHERE id = ?", [(name,) for name in ids])
