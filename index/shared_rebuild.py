"""A library on servers built anew, while others read it and change it.

Everything is cut and embedded into a new collection first, and the vectors of sentences wait in a file. Then
one transaction makes it all visible; what others have changed meanwhile is built in it. An interrupted
rebuild leaves a collection that nobody uses, which the next one removes.
"""

from collections.abc import Sequence
from itertools import pairwise
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np

from index.place import Servers
from index.postgres_catalog import PostgresCatalog
from index.shared import FACTS, collection, new_collection
from index.vectors import Vectors
from index.vectors_server import ServerVectors
from index.write import Progress, embed
from ingest.errors import DocumentUnknown, LibraryBusy
from ingest.passages import SCHEME, Passage, cut_passages

if TYPE_CHECKING:
    from index.library import Library

AT_ONCE = 256
"""Passages embedded together."""
PASSES = 3
"""Over the documents, before others have to wait with their changes for the last one."""


class Built:
    """What has been built: passages in a new collection, and their sentences' vectors in a file."""

    def __init__(self, vectors: Vectors, file: IO[bytes]) -> None:
        self.vectors = vectors
        self.ids: set[str] = set()
        self._file = file
        self._places: dict[str, tuple[str, int]] = {}

    def has(self, name: str, version: str) -> bool:
        """Whether a document is there in this version."""
        return self._places.get(name, ("", 0))[0] == version

    def keep(
        self,
        name: str,
        version: str,
        passages: Sequence[Passage],
        whole: np.ndarray,
        sentences: Sequence[np.ndarray],
    ) -> None:
        """Write the vectors of a document."""
        ids = [p.id for p in passages]
        self.ids.update(ids)
        self.vectors.add(ids, whole)
        self._places[name] = (version, self._file.seek(0, 2))
        np.save(self._file, np.concatenate(sentences) if sentences else np.empty(0, np.float16))

    def sentences(self, name: str, passages: Sequence[Passage]) -> list[np.ndarray]:
        """The vectors of the sentences of each passage of a document."""
        self._file.seek(self._places[name][1])
        rows = np.load(self._file)
        ends = np.cumsum([0, *(len(p.sentences) for p in passages)])
        return [rows[a:b] for a, b in pairwise(ends)]


def rebuild(library: "Library", catalog: PostgresCatalog, servers: Servers, progress: Progress) -> int:
    """Build a library anew; returns the number of passages. Raises LibraryBusy where another process does."""
    with catalog.only_one("rebuild") as alone:
        if not alone:
            raise LibraryBusy(
                f"the library {library.name} is being built anew by another process; wait for it"
            )
        old, new = collection(catalog), new_collection(catalog)
        vectors = ServerVectors(servers, lambda: new, new=True)
        try:
            if left := catalog.about("building"):
                vectors.remove(left)
            catalog.set_about(building=new)
            with TemporaryFile() as file:
                built = Built(vectors, file)
                for _ in range(PASSES):
                    _build(library, built, progress)
                total = _switch(library, catalog, built, new)
            vectors.remove(old)
        finally:
            vectors.close()
    _sweep(library, built)
    return total


def _build(library: "Library", built: Built, progress: Progress) -> None:
    """Build the documents that are not built in the version that they have now."""
    catalog = library.catalog
    for name, version in catalog.rows("SELECT id, version FROM documents ORDER BY id"):
        if built.has(name, version):
            continue
        try:
            document = catalog.document(name)
        except DocumentUnknown:  # deleted meanwhile
            continue
        passages = cut_passages(document)
        built.keep(name, document.version, passages, *embed(library.embedder, passages, AT_ONCE))
        progress(len(built.ids), max(len(built.ids), catalog.passage_count()))


def _switch(library: "Library", catalog: PostgresCatalog, built: Built, new: str) -> int:
    """Make everything visible at once."""
    with catalog.change() as db:
        db.execute(f"{FACTS} FOR UPDATE")  # first, as whoever adds a document holds it first
        with catalog.alone_with_all():
            _build(library, built, lambda *_: None)
            for (name,) in catalog.rows("SELECT id FROM documents ORDER BY id"):
                document = catalog.document(name)
                passages = cut_passages(document)
                catalog.put(document, passages, built.sentences(name, passages))
            catalog.set_about(
                collection=new, building="", model=library.embedder.fingerprint, passages=SCHEME
            )
            return catalog.passage_count()


def _sweep(library: "Library", built: Built) -> None:
    """Have the vectors deleted that were built of what others replaced or deleted meanwhile."""
    library.vectors.refresh()
    if unneeded := sorted(built.ids - set(library.catalog.passage_ids())):
        library.catalog.add_loose(unneeded)
    library.sweep()
