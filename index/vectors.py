"""Passage vectors in Chroma, in a folder. Only this module and vectors_server import chromadb.

One process at a time may have the folder open (Chroma 1.5: a second writer corrupts it, a second
reader goes stale); `index.library` holds the lock that sees to it. Sparse vectors and filters are
not used: words are the catalog's business, and filtered queries are slow.
"""

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TypeVar

import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateHNSWConfiguration
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import ChromaError

from index import graph_files
from index.disk import ROOM, is_full
from ingest.errors import LibraryDamaged, LibraryFull, LibraryReadOnly

COLLECTION = "passages"
BATCH = 2000
"""Vectors a call; Chroma refuses more than 5461."""
HNSW = CreateHNSWConfiguration(space="cosine", ef_construction=200, max_neighbors=32, ef_search=1600)
"""Of questions about three documents among 100,000 passages on other things, ef_search of 100, 200, 400, 800
and 1600 found 0.86, 0.93, 0.97, 0.97 and 0.99 of the 10 nearest, of other questions 0.97 to 1.0; evidence
recall fell from 0.84 to 0.78 with 800 and not with 1600 (LOG.md)."""
LARGE, LOOKED_AT = 300_000, 4000
"""From so many vectors on, the ef_search: among a million, of the samples' questions 1600 found 0.94 of the
10 nearest, 3200 0.96 and 6400 0.99, in 21, 40 and 69 ms (LOG.md)."""
SURELY_FOUND = 100
"""Nearest vectors that Chroma always finds; of more it misses some where many are equal (501: 484)."""
LOOKS = 3
"""Searches that find too little before that counts: meanwhile others may delete and add."""
COMPARED = 20_000
"""Of so many vectors at most each is compared where a search finds too little; of more, that is damage."""
TO_READ = "the documents themselves are safe: run `cited rebuild`"
TO_WRITE = "make room if the disk is full; if it is not, the documents are safe: run `cited rebuild`"
T = TypeVar("T")


class Vectors:
    """The vectors of a library in a folder. Ids are passage ids. Raises LibraryDamaged where Chroma cannot go
    on, and LibraryFull where there is no room.

    place: where they are, for messages. least: how many vectors there must be. thorough: look at every link
    of an index of any size. Chroma opens nothing that it may not write: of such a folder it gets a copy, for
    as long as this is open.
    """

    _collection: Collection

    def __init__(self, folder: Path, least: int = 0, thorough: bool = False) -> None:
        self.folder = folder
        self.place = f"the vectors in {folder}"
        self._least = least
        self._copy: TemporaryDirectory | None = None
        self._guard = Lock()
        self._failed = self._shut = False
        with self._translated(TO_READ):
            if thorough:
                graph_files.check(folder, sys.maxsize)
            self._start()
            try:
                if self.count() < least:
                    raise ValueError(f"there are {self.count()} of {least} vectors")
            except BaseException:
                self.close()
                raise

    def _start(self) -> None:
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
        self._shut = False

    def _look_as_far_as_now(self) -> None:
        """Collections may have been smaller, or of a time with another ef_search; set before the first query
        or count, it counts."""
        made_with = self._collection.configuration_json.get("hnsw") or {}
        wanted = LOOKED_AT if self._least >= LARGE else HNSW["ef_search"]
        if made_with.get("ef_search") != wanted:
            with warnings.catch_warnings():  # of Chroma to itself, about collections without a function
                warnings.simplefilter("ignore", DeprecationWarning)
                self._collection.modify(configuration={"hnsw": {"ef_search": wanted}})

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """After two writes that failed for want of room, Chroma 1.5.9 may wait in the next one for ever, and
        all of Python with it. So after one it is opened anew, as soon as there is room for that."""
        if self._copy:  # which would be written to, and forgotten
            raise LibraryReadOnly(
                f"{self.folder} may be read here and not written, so that nothing can be changed; see its "
                "owner and mode"
            )
        if self._failed:
            free = shutil.disk_usage(self.folder).free
            if free < ROOM:
                raise _full(self.folder, f"{free} bytes are free")
            with self._guard, self._translated(TO_READ):
                self._client.close()
                self._shut = True
                self._start()
            self._failed = False
        try:
            with self._translated(TO_WRITE):
                yield
        except (LibraryDamaged, LibraryFull):
            self._failed = True
            raise

    def _reading(self) -> AbstractContextManager[object]:
        return self._guard if self._failed else nullcontext()  # it may be about to be opened anew

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
            found = self._do(
                lambda c: c.query(query_embeddings=[vector], n_results=most, include=["distances"]), TO_READ
            )
            ids, distances = found["ids"][0], (found["distances"] or [[]])[0]
            # They are counted only where few are found: counting a million takes 0.1 s.
            if len(ids) >= min(most, SURELY_FOUND) or len(ids) >= (there := self.count()):
                return [(name, 1 - float(d)) for name, d in zip(ids, distances, strict=True)]
        # Many equal vectors make groups in Chroma's graph which no link joins. It also answers so, without a
        # word, where files of its index are gone; then the vectors themselves cannot be had.
        compared = self._compared(vector) if there <= COMPARED else []
        if len(compared) < there:
            raise LibraryDamaged(
                f"{self.place} cannot be used (only {len(ids)} of {there} vectors were found); {TO_READ}"
            )
        return compared[:most]

    def _compared(self, vector: np.ndarray) -> list[tuple[str, float]]:
        """The same of every vector, without the graph."""
        unit = vector / np.linalg.norm(vector)
        found: list[tuple[str, float]] = []
        for at in count(0, BATCH):
            told = self._do(lambda c, at=at: c.get(limit=BATCH, offset=at, include=["embeddings"]), TO_READ)  # type: ignore[misc]
            if not told["ids"]:
                break
            near = np.asarray(told["embeddings"], np.float32) @ unit
            found += zip(told["ids"], near.tolist(), strict=True)
        return sorted(found, key=lambda pair: -pair[1])

    def get(self, ids: Sequence[str]) -> np.ndarray:
        """The vectors with these ids, float32, shape (n, d), in their order. Raises LibraryDamaged where one
        is not there."""
        found: dict[str, np.ndarray] = {}
        for batch in _batches(len(ids)):
            told = self._do(
                lambda c, n=list(ids[batch]): c.get(ids=n, include=["embeddings"]),  # type: ignore[misc]
                TO_READ,
            )
            found.update(zip(told["ids"], np.asarray(told["embeddings"], np.float32), strict=True))
        if missing := next((name for name in ids if name not in found), None):
            raise LibraryDamaged(f"{self.place} cannot be used (there is no vector {missing}); {TO_READ}")
        return np.stack([found[name] for name in ids])

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
        self._forget_copy()

    def _do(self, work: Callable[[Collection], T], way_out: str) -> T:
        if way_out == TO_WRITE:
            with self._writing():
                return work(self._collection)
        with self._reading(), self._translated(way_out):
            if self._shut:  # opening it anew had failed
                self._start()
            return work(self._collection)

    def _translated(self, way_out: str) -> AbstractContextManager[None]:
        return _translated(self.folder, way_out)


def remove(folder: Path) -> None:
    """Throw the vectors in a folder away, to be built anew."""
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
