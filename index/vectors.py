"""Passage vectors in Chroma, in a folder. Only this module and vectors_server import chromadb.

One process at a time may have the folder open (Chroma 1.5: a second writer corrupts it, a second
reader goes stale); `index.library` holds the lock that sees to it. Sparse vectors and filters are
not used: words are the catalog's business, and filtered queries are slow.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateHNSWConfiguration
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import ChromaError

from ingest.errors import LibraryDamaged

COLLECTION = "passages"
BATCH = 2000
"""Vectors a call; Chroma refuses more than 5461."""
HNSW = CreateHNSWConfiguration(space="cosine", ef_construction=200, max_neighbors=32, ef_search=200)
"""Recall@10 of 1.0 against exact search on real MiniLM vectors; Chroma's defaults gave 0.9975."""
SURELY_FOUND = 100
"""Nearest vectors that Chroma always finds; of more it misses some where many are equal (501: 484)."""
LOOKS = 3
"""Searches that find too little before that is damage: meanwhile others may delete and add."""
TO_READ = "the documents themselves are safe: run `cited rebuild`"
TO_WRITE = "make room if the disk is full; if it is not, the documents are safe: run `cited rebuild`"
T = TypeVar("T")


class Vectors:
    """The vectors of a library in a folder. Ids are passage ids. Raises LibraryDamaged where Chroma cannot go
    on.

    place: where they are, for messages. least: how many vectors there must be.
    """

    _collection: Collection

    def __init__(self, folder: Path, least: int = 0) -> None:
        self.place = f"the vectors in {folder}"
        settings = Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(folder))
        with self._translated(TO_READ):
            try:
                self._client = Client(settings=settings)
            except BaseException:
                # Chroma keeps what it failed to start, for whoever opens the folder next in this process.
                Client._identifier_to_system.pop(str(folder), None)
                raise
            try:
                self._collection = self._client.get_or_create_collection(
                    COLLECTION, configuration={"hnsw": HNSW}, embedding_function=None
                )
                if self.count() < least:
                    raise ValueError(f"there are {self.count()} of {least} vectors")
            except BaseException:
                self.close()
                raise

    def add(self, ids: Sequence[str], vectors: np.ndarray) -> None:
        """Write vectors, float32, shape (n, d); an id that is there gets the new vector."""
        for batch in _batches(len(ids)):
            names, rows = list(ids[batch]), vectors[batch]
            self._do(lambda c, n=names, r=rows: c.upsert(ids=n, embeddings=r), TO_WRITE)  # type: ignore[misc]

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; an id that is not there is no error."""
        for batch in _batches(len(ids)):
            self._do(lambda c, n=list(ids[batch]): c.delete(ids=n), TO_WRITE)  # type: ignore[misc]

    def search(self, vector: np.ndarray, most: int) -> list[tuple[str, float]]:
        """(id, cosine similarity) of the nearest vectors, best first; all of them where there are fewer."""
        for _ in range(LOOKS):
            there = self.count()
            if not (asked := min(most, there)):
                return []
            found = self._do(
                lambda c, n=asked: c.query(query_embeddings=[vector], n_results=n, include=["distances"]),  # type: ignore[misc]
                TO_READ,
            )
            ids, distances = found["ids"][0], (found["distances"] or [[]])[0]
            if len(ids) >= min(asked, SURELY_FOUND) or len(ids) >= self.count():
                return [(name, 1 - float(d)) for name, d in zip(ids, distances, strict=True)]
        # So Chroma answers, without a word, where files of its index are gone.
        raise LibraryDamaged(
            f"{self.place} cannot be used (only {len(ids)} of {there} vectors were found); {TO_READ}"
        )

    def count(self) -> int:
        """How many vectors there are, those of interrupted work included."""
        return self._do(lambda c: c.count(), TO_READ)

    def ids(self) -> set[str]:
        """Of every vector."""
        found: set[str] = set()
        while part := self._do(lambda c: c.get(limit=BATCH, offset=len(found), include=[])["ids"], TO_READ):
            found.update(part)
        return found

    def refresh(self) -> None:
        """Look whether the library still uses these vectors; in a folder, it does."""

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()

    def _do(self, work: Callable[[Collection], T], way_out: str) -> T:
        with self._translated(way_out):
            return work(self._collection)

    def _translated(self, way_out: str) -> AbstractContextManager[None]:
        return _translated(self.place, way_out)


def remove(folder: Path) -> None:
    """Throw the vectors in a folder away, to be built anew."""
    shutil.rmtree(folder, ignore_errors=True)


def _batches(count: int) -> Iterator[slice]:
    return (slice(at, at + BATCH) for at in range(0, count, BATCH))


@contextmanager
def _translated(place: str, way_out: str) -> Iterator[None]:
    """Chroma's errors as ours, naming the place and the way out."""
    try:
        yield
    # Chroma's Rust core raises plain ValueError and RuntimeError beside its own errors.
    except (ChromaError, ValueError, RuntimeError, OSError) as error:
        raise LibraryDamaged(f"{place} cannot be used ({error}); {way_out}") from error
