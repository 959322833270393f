"""The catalog: documents, texts, notes and passages in SQLite, with their full-text index. What PostgreSQL
does in another way, index/postgres_catalog.py overrides.

It is the truth of a library. Every change is one transaction, so a reader sees a document's old
version or its new one. Vector ids whose fate is open stand in `loose` (index/loose.py). What reads
documents and passages sees those of the scope only (index/visible.py). Knows nothing of vectors
themselves.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from index.database import Connection
from index.loose import Loose
from index.records import document_from, passage_from, structure_of
from index.sources import Sources
from index.visible import unknown
from index.words import (
    BETWEEN,
    COUNTED,
    LIMITS,
    MOST_COUNTED,
    MOST_WORDS,
    RANKED,
    any_of,
    rare_of,
    telling_words,
)
from ingest.document import Document
from ingest.errors import LibraryDamaged
from ingest.passages import Passage

ADD_PASSAGE = """
INSERT INTO passages (id, document_id, kind, start, "end", label, content, vectors)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING number
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list of documents. added: UTC, ISO 8601. passages, characters, notes: counts."""

    id: str
    title: str
    source: str
    version: str
    added: str
    passages: int
    characters: int
    notes: int
    collection: str = ""


class Catalog(Sources, Loose):
    """The tables of a library's database, which raises the errors."""

    # Documents

    def put(
        self,
        document: Document,
        passages: Sequence[Passage],
        vectors: Sequence[np.ndarray] = (),
        collection: str | None = None,
    ) -> None:
        """Make this version the visible one; the vector ids of the version before become loose.

        vectors: of the sentences of each passage, shape (sentences, d); kept in half precision.
        A version that was there, cut anew, keeps the time at which it was added. collection: None for the
        one that the document is in, or "" where it is new.
        """
        with self.change() as db:
            self._alone(db, document.id)
            before = "SELECT version, added, collection FROM documents WHERE id = ?"
            version, added, kept = db.execute(before, (document.id,)).fetchone() or (None, "", "")
            if version != document.version:
                added = datetime.now(UTC).isoformat(timespec="seconds")
            self._drop(db, document.id)
            db.execute("DELETE FROM documents WHERE id = ?", (document.id,))
            db.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document.id,
                    document.source,
                    document.title,
                    document.version,
                    added,
                    document.text,
                    structure_of(document),
                    len(passages),
                    kept if collection is None else collection,
                ),
            )
            numbers = []
            for i, p in enumerate(passages):
                blob = vectors[i].astype(np.float16).tobytes() if len(vectors) else None
                row = (p.id, p.document_id, p.kind, p.start, p.end, p.label, json.dumps(asdict(p)), blob)
                numbers += db.execute(ADD_PASSAGE, row).fetchone()
            self._add_words(db, document.id, numbers, [f"{p.heading}\n{p.text}" for p in passages])
            self._fasten(db, [p.id for p in passages])

    def remove(self, document_id: str) -> None:
        """Make a document invisible; its vector ids become loose."""
        with self.change() as db:
            self._alone(db, document_id)
            self._drop(db, document_id)
            db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
            db.execute("DELETE FROM sources WHERE document_id = ?", (document_id,))

    def _drop(self, db: Connection, document_id: str) -> None:
        self._loosen(db, document_id)
        self._drop_words(db, document_id)
        db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))

    def version(self, document_id: str) -> str | None:
        """The visible version of a document, None where there is none."""
        rows = self.seen("SELECT version FROM documents WHERE id = :id AND id IN SEEN", id=document_id)
        return rows[0][0] if rows else None

    def entries(self) -> list[Entry]:
        """Every document, in the order of titles."""
        rows = self.seen(
            "SELECT id, title, source, version, added, passages, length, notes, collection FROM documents"
            " WHERE id IN SEEN ORDER BY title, id"
        )
        return [Entry(*row) for row in rows]

    def document(self, document_id: str) -> Document:
        """A document by its id. Raises DocumentUnknown."""
        rows = self.seen(
            "SELECT id, title, source, version, text, structure FROM documents WHERE id = :id AND id IN SEEN",
            id=document_id,
        )
        if not rows:
            raise unknown(document_id)
        return document_from(*rows[0])

    # Passages

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The visible ones of these passages, by id, in the order of the ids; what the catalog does not know
        is left out."""
        among = "SELECT id, content FROM passages WHERE id IN :ids AND document_id IN SEEN"
        found = dict(self.seen(among, ids=list(ids)))
        return {name: passage_from(found[name]) for name in ids if name in found}

    def visible(self, ids: Sequence[str]) -> set[str]:
        """The visible ones of these passage ids."""
        among = "SELECT id FROM passages WHERE id IN :ids AND document_id IN SEEN"
        return {row[0] for row in self.seen(among, ids=list(ids))}

    def sentence_vectors(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        """Vectors of the sentences of these passages, float32, shape (sentences, d), by passage id. Raises
        LibraryDamaged where they are those of other sentences, so far as their number tells."""
        rows = self.seen(
            "SELECT id, json_array_length(content, '$.sentences'), vectors FROM passages"
            " WHERE id IN :ids AND vectors IS NOT NULL"
            " AND document_id IN SEEN",
            ids=list(ids),
        )
        if len({len(blob) / count for _, count, blob in rows}) > 1:
            raise LibraryDamaged(
                f"passages of the {self.kind} {self.name} have the vectors of other sentences; the documents "
                "are safe: run `cited rebuild`"
            )
        return {
            name: np.frombuffer(blob, dtype=np.float16).reshape(count, -1).astype(np.float32)
            for name, count, blob in rows
        }

    def passages_of(self, document_id: str) -> list[Passage]:
        """A document's passages in reading order."""
        rows = self.seen(
            "SELECT content FROM passages WHERE document_id = :id AND document_id IN SEEN ORDER BY start",
            id=document_id,
        )
        return [passage_from(row[0]) for row in rows]

    def passage_ids(self) -> list[str]:
        """Ids of all passages, whoever may see them."""
        return [row[0] for row in self.rows("SELECT id FROM passages ORDER BY number")]

    def passage_count(self) -> int:
        """How many passages there are, whoever may see them."""
        return self.rows("SELECT count(*) FROM passages")[0][0]

    def passage_at(self, document_id: str, position: int) -> Passage | None:
        """The passage that holds a position of a document."""
        rows = self.seen(
            'SELECT content FROM passages WHERE document_id = :id AND start <= :at AND "end" > :at'
            " AND document_id IN SEEN",
            id=document_id,
            at=position,
        )
        return passage_from(rows[0][0]) if rows else None

    def footnote_passages(self, document_id: str, labels: Sequence[str]) -> list[Passage]:
        """The passages of these footnotes of a document."""
        rows = self.seen(
            "SELECT content FROM passages WHERE document_id = :id"
            " AND label IN :labels AND document_id IN SEEN ORDER BY start",
            id=document_id,
            labels=list(labels),
        )
        return [passage_from(row[0]) for row in rows]

    # Words

    def _add_words(self, db: Connection, _document_id: str, numbers: list[int], texts: list[str]) -> None:
        """Make a document's passages, by their numbers, found by the words of these texts."""
        db.executemany("INSERT INTO words (rowid, content) VALUES (?, ?)", zip(numbers, texts, strict=True))

    def _drop_words(self, db: Connection, document_id: str) -> None:
        db.execute(
            "DELETE FROM words WHERE rowid IN (SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )

    def search_words(
        self, question: str, most: int, documents: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """(id, BM25 score, higher is better) of passages that share words with the question.

        documents: ids to search in, empty for all. Function words do not count, unless there is
        nothing else, and in large libraries passages with none of the rarer words (index/words.py).
        """
        words = telling_words(question)[:MOST_WORDS]
        counts = dict(self.rows(COUNTED, words=json.dumps(words), most=MOST_COUNTED + 1))
        shared = [word for word in words if counts[word]]
        if not shared:
            return []
        if documents:
            return self._ranked(any_of(shared), most, documents)
        found = self._ranked(rare_of(counts), most)
        # Where little may be seen, the rarer words may all stand elsewhere.
        hidden = len(found) < most and self.scope() is not None
        return self._ranked(any_of(shared), most) if hidden else found

    def _ranked(self, asked: str, most: int, documents: Sequence[str] = ()) -> list[tuple[str, float]]:
        """What FTS5 finds, best first."""
        among = list(documents)
        limits = LIMITS if documents or self.scope() is not None else ""
        ((first, last),) = self.rows(BETWEEN, documents=among) if documents else [(0, 1 << 62)]
        return self.seen(
            RANKED.format(limits=limits),
            asked=asked,
            everywhere=not documents,
            documents=among,
            first=first,
            last=last,
            most=most,
        )
