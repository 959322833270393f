"""Passage vectors in Chroma, embedded in a folder. The only module that imports chromadb.

One process at a time may have the folder open (Chroma 1.5: a second writer corrupts it, a second
reader goes stale); `index.library` holds the lock that sees to it. Sparse vectors and filters are
not used: words are the catalog's business, and filtered queries are slow.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateHNSWConfiguration
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
TO_READ = "the documents themselves are safe: run `cited rebuild`"
TO_WRITE = "make room if the disk is full; if it is not, the documents are safe: run `cited rebuild`"


class Vectors:
    """The vectors of a library. Ids are passage ids. Raises LibraryDamaged where Chroma cannot go on.

    least: how many vectors there must be.
    """

    def __init__(self, folder: Path, least: int = 0) -> None:
        self.folder = folder
        settings = Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(folder))
        with _translated(folder, TO_READ):
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
        with _translated(self.folder, TO_WRITE):
            for batch in _batches(len(ids)):
                self._collection.upsert(ids=list(ids[batch]), embeddings=vectors[batch])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; an id that is not there is no error."""
        with _translated(self.folder, TO_WRITE):
            for batch in _batches(len(ids)):
                self._collection.delete(ids=list(ids[batch]))

    def search(self, vector: np.ndarray, most: int) -> list[tuple[str, float]]:
        """(id, cosine similarity) of the nearest vectors, best first; all of them where there are fewer."""
        most = min(most, self.count())
        if not most:
            return []
        with _translated(self.folder, TO_READ):
            found = self._collection.query(query_embeddings=[vector], n_results=most, include=["distances"])
            ids, distances = found["ids"][0], (found["distances"] or [[]])[0]
            # So Chroma answers, without a word, where files of its index are gone.
            if len(ids) < min(most, SURELY_FOUND, self.count()):
                raise ValueError(f"only {len(ids)} of {self.count()} vectors were found")
        return [(name, 1 - float(d)) for name, d in zip(ids, distances, strict=True)]

    def count(self) -> int:
        """How many vectors there are, those of interrupted work included."""
        with _translated(self.folder, TO_READ):
            return self._collection.count()

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()


def remove(folder: Path) -> None:
    """Throw the vectors away, to be built anew."""
    shutil.rmtree(folder, ignore_errors=True)


def _batches(count: int) -> Iterator[slice]:
    return (slice(at, at + BATCH) for at in range(0, count, BATCH))


@contextmanager
def _translated(folder: Path, way_out: str) -> Iterator[None]:
    """Chroma's errors as ours, naming the folder and the way out."""
    try:
        yield
    # Chroma's Rust core raises plain ValueError and RuntimeError beside its own errors.
    except (ChromaError, ValueError, RuntimeError, OSError) as error:
        raise LibraryDamaged(f"the vectors in {folder} cannot be used ({error}); {way_out}") from error
