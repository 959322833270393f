"""Passage vectors in Chroma, embedded in a folder. The only module that imports chromadb.

One process at a time may have the folder open (Chroma 1.5: a second writer corrupts it, a second
reader goes stale); `index.library` holds the lock that sees to it. Sparse vectors and filters are
not used: words are the catalog's business, and filtered queries are slow.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError

from ingest.errors import LibraryDamaged

COLLECTION = "passages"
BATCH = 2000
"""Vectors a call; Chroma refuses more than 5461."""
HNSW = {"space": "cosine", "ef_construction": 200, "max_neighbors": 32, "ef_search": 200}
"""Recall@10 of 1.0 against exact search on real MiniLM vectors; Chroma's defaults gave 0.9975."""


class Vectors:
    """The vectors of a library. Ids are passage ids. Raises LibraryDamaged where Chroma cannot go on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        settings = Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(folder))
        with _translated(folder):
            self._client = chromadb.PersistentClient(str(folder), settings)
            self._collection = self._client.get_or_create_collection(
                COLLECTION, configuration={"hnsw": HNSW}, embedding_function=None
            )

    def add(self, ids: Sequence[str], vectors: np.ndarray) -> None:
        """Write vectors, float32, shape (n, d); an id that is there gets the new vector."""
        with _translated(self.folder):
            for batch in _batches(len(ids)):
                self._collection.upsert(ids=list(ids[batch]), embeddings=vectors[batch])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; an id that is not there is no error."""
        with _translated(self.folder):
            for batch in _batches(len(ids)):
                self._collection.delete(ids=list(ids[batch]))

    def search(self, vector: np.ndarray, most: int) -> list[tuple[str, float]]:
        """(id, cosine similarity) of the nearest vectors, best first."""
        with _translated(self.folder):
            found = self._collection.query(
                query_embeddings=[vector], n_results=most, include=["distances"]
            )
        distances = (found["distances"] or [[]])[0]
        return [(name, 1 - float(d)) for name, d in zip(found["ids"][0], distances, strict=True)]

    def count(self) -> int:
        """How many vectors there are, those of interrupted work included."""
        with _translated(self.folder):
            return self._collection.count()

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()


def remove(folder: Path) -> None:
    """Throw the vectors away, to be built anew."""
    shutil.rmtree(folder, ignore_errors=True)


def _batches(count: int) -> Iterator[slice]:
    return (slice(at, at + BATCH) for at in range(0, count, BATCH))


class _translated:
    """Chroma's errors as ours, naming the folder and the way out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        # Chroma's Rust core raises plain ValueError and RuntimeError beside its own errors.
        if isinstance(error, ChromaError | ValueError | RuntimeError | OSError):
            raise LibraryDamaged(
                f"the vectors in {self.folder} cannot be used ({error}); "
                "the documents themselves are safe: run `cited rebuild`"
            ) from error
