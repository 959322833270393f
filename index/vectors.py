"""Passage vectors in Chroma, embedded in a folder. The only module that imports chromadb.

One process at a time may have the folder open (Chroma 1.5: a second writer corrupts it, a second
reader goes stale); `index.library` holds the lock that sees to it. Sparse vectors and filters are
not used: words are the catalog's business, and filtered queries are slow.
"""

import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateHNSWConfiguration
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import ChromaError

from index import graph_files
from index.database import ROOM, is_full
from ingest.errors import LibraryDamaged, LibraryFull

COLLECTION = "passages"
BATCH = 2000
"""Vectors a call; Chroma refuses more than 5461."""
HNSW = CreateHNSWConfiguration(space="cosine", ef_construction=200, max_neighbors=32, ef_search=1600)
"""Of questions about three documents among 100,000 passages on other things, ef_search of 100, 200, 400, 800
and 1600 found 0.86, 0.93, 0.97, 0.97 and 0.99 of the 10 nearest, of other questions 0.97 to 1.0; evidence
recall fell from 0.84 to 0.78 with 800 and not with 1600 (LOG.md)."""
SURELY_FOUND = 100
"""Nearest vectors that Chroma always finds; of more it misses some where many are equal (501: 484)."""
TO_READ = "the documents themselves are safe: run `cited rebuild`"
TO_WRITE = "make room if the disk is full; if it is not, the documents are safe: run `cited rebuild`"


class Vectors:
    """The vectors of a library. Ids are passage ids. Raises LibraryDamaged where Chroma cannot go on, and
    LibraryFull where there is no room.

    least: how many vectors there must be. Chroma opens nothing that it may not write: of such a folder it
    gets a copy, for as long as this is open.
    """

    def __init__(self, folder: Path, least: int = 0) -> None:
        self.folder = folder
        self._copy: TemporaryDirectory | None = None
        self._guard = Lock()
        self._failed = False
        self._collection: Collection | None = None
        with _translated(folder, TO_READ):
            self._open()
            try:
                if self.count() < least:
                    raise ValueError(f"there are {self.count()} of {least} vectors")
            except BaseException:
                self.close()
                raise

    def _open(self) -> None:
        folder = self.folder
        if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
            folder = self._copied()
        graph_files.check(folder)
        settings = Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(folder))
        try:
            self._client = Client(settings=settings)
        except BaseException:
            # Chroma keeps what it failed to start, for whoever opens the folder next in this process.
            Client._identifier_to_system.pop(str(folder), None)
            self._forget_copy()
            raise
        try:
            self._collection = self._client.get_or_create_collection(
                COLLECTION, configuration={"hnsw": HNSW}, embedding_function=None
            )
            self._look_as_far_as_now()
        except BaseException:
            self.close()
            raise

    def _look_as_far_as_now(self) -> None:
        """Collections may be of a time with another ef_search; set before the first query, it counts."""
        assert self._collection is not None
        made_with = self._collection.configuration_json.get("hnsw") or {}
        if made_with.get("ef_search") != HNSW["ef_search"]:
            with warnings.catch_warnings():  # of Chroma to itself, about collections without a function
                warnings.simplefilter("ignore", DeprecationWarning)
                self._collection.modify(configuration={"hnsw": {"ef_search": HNSW["ef_search"]}})

    @property
    def _held(self) -> Collection:
        """The collection, opened now where that failed before."""
        if self._collection is None:
            self._open()
        assert self._collection is not None
        return self._collection

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """After two writes that failed for want of room, Chroma 1.5.9 may wait in the next one for ever, and
        all of Python with it. So after one it is opened anew, as soon as there is room for that."""
        if self._failed:
            free = shutil.disk_usage(self.folder).free
            if free < ROOM:
                raise _full(self.folder, f"{free} bytes are free")
            with self._guard, _translated(self.folder, TO_READ):
                self._client.close()
                self._collection = None
                self._open()
            self._failed = False
        try:
            with _translated(self.folder, TO_WRITE):
                yield
        except (LibraryDamaged, LibraryFull):
            self._failed = True
            raise

    def _copied(self) -> Path:
        self._copy = TemporaryDirectory(prefix="cited-vectors-")
        place = Path(self._copy.name) / "chroma"
        if self.folder.exists():
            shutil.copytree(self.folder, place)
            for path in (place, *place.rglob("*")):
                path.chmod(0o700)
        return place

    def _forget_copy(self) -> None:
        if self._copy:
            self._copy.cleanup()
            self._copy = None

    def add(self, ids: Sequence[str], vectors: np.ndarray) -> None:
        """Write vectors, float32, shape (n, d); an id that is there gets the new vector."""
        with self._writing():
            for batch in _batches(len(ids)):
                self._held.upsert(ids=list(ids[batch]), embeddings=vectors[batch])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove vectors; an id that is not there is no error."""
        with self._writing():
            for batch in _batches(len(ids)):
                self._held.delete(ids=list(ids[batch]))

    def search(self, vector: np.ndarray, most: int) -> list[tuple[str, float]]:
        """(id, cosine similarity) of the nearest vectors, best first; all of them where there are fewer."""
        with self._guard if self._failed else nullcontext():  # it may be about to be opened anew
            return self._search(vector, most)

    def _search(self, vector: np.ndarray, most: int) -> list[tuple[str, float]]:
        with _translated(self.folder, TO_READ):
            ids, distances = self._nearest(vector, most)
            if len(ids) < min(most, SURELY_FOUND):  # Only then, for counting a million takes 0.1 s.
                there = self.count()
                ids, distances = self._nearest(vector, most)
                # So Chroma answers, without a word, where files of its index are gone.
                if len(ids) < min(most, SURELY_FOUND, there, self.count()):
                    raise ValueError(f"only {len(ids)} of {there} vectors were found")
        return [(name, 1 - float(d)) for name, d in zip(ids, distances, strict=True)]

    def _nearest(self, vector: np.ndarray, most: int) -> tuple[list[str], list[float]]:
        found = self._held.query(query_embeddings=[vector], n_results=most, include=["distances"])
        return found["ids"][0], (found["distances"] or [[]])[0]

    def get(self, ids: Sequence[str]) -> np.ndarray:
        """The vectors with these ids, float32, shape (n, d), in their order. Raises LibraryDamaged where one
        is not there."""
        found: dict[str, np.ndarray] = {}
        with _translated(self.folder, TO_READ):
            for batch in _batches(len(ids)):
                told = self._held.get(ids=list(ids[batch]), include=["embeddings"])
                found.update(zip(told["ids"], np.asarray(told["embeddings"], np.float32), strict=True))
            if missing := next((name for name in ids if name not in found), None):
                raise ValueError(f"there is no vector {missing}")
        return np.stack([found[name] for name in ids])

    def count(self) -> int:
        """How many vectors there are, those of interrupted work included."""
        with _translated(self.folder, TO_READ):
            return self._held.count()

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()
        self._forget_copy()


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
        if is_full(folder, error):
            raise _full(folder, str(error)) from error
        raise LibraryDamaged(f"the vectors in {folder} cannot be used ({error}); {way_out}") from error


def _full(folder: Path, told: str) -> LibraryFull:
    return LibraryFull(
        f"there is no room on the disk for the vectors in {folder}, or for temporary files ({told}), so this "
        "was not done; make room and try again"
    )
