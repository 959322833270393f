"""A library: documents that can be searched, in a folder.

`catalog.sqlite` is the truth; `chroma/` holds the vectors and can be rebuilt from it. A document is
added vectors first, then made visible by one catalog transaction, then the vectors of its old
version go: a process killed anywhere leaves vectors too many at worst, which the catalog has noted
and the next change sweeps up.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Literal

import numpy as np

from index.catalog import Catalog, Entry
from index.embed import Embedder
from index.lock import OwnerLock
from ingest.document import Document
from ingest.errors import DocumentUnknown, LibraryDamaged, LibraryError, LibraryMismatch
from ingest.passages import SCHEME, Passage, cut_passages

if TYPE_CHECKING:
    from index.vectors import Vectors

Outcome = Literal["added", "replaced", "unchanged"]
Progress = Callable[[int, int], None]
"""Called with (passages done, passages in all)."""
EMBED_AT_ONCE = 256


class Library:
    """Open a library folder, made where there is none.

    Reading the catalog (entries, document) needs no ownership; searching and changing do: the first
    such call takes the lock, waiting at most `wait` seconds, and keeps it until close().
    """

    def __init__(self, folder: Path, embedder: Embedder | None = None, wait: float = 10.0) -> None:
        self.folder = folder
        self.embedder = embedder or Embedder()
        self.wait = wait
        self._owner: OwnerLock | None = None
        self._vectors: Vectors | None = None
        self._guard = RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(f"the library {folder} cannot be made: {error.strerror}") from error
        self.catalog = Catalog(folder / "catalog.sqlite")

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        with self._guard:
            if self._vectors:
                self._vectors.close()
            self._vectors = None
            if self._owner:
                self._owner.release()
            self._owner = None
            self.catalog.close()

    @property
    def vectors(self) -> "Vectors":
        """The vector store, opened at first use; checks that this library fits this program."""
        with self._guard:
            if self._vectors is None:
                self.own()
                from index.vectors import Vectors, remove

                if self.catalog.passage_count():
                    self._check_built_with()
                elif self.catalog.about("model") != self.embedder.fingerprint:
                    remove(self.folder / "chroma")
                vectors = Vectors(self.folder / "chroma")
                if vectors.count() < self.catalog.passage_count():
                    vectors.close()
                    raise LibraryDamaged(
                        f"the vectors in {self.folder / 'chroma'} are not complete; "
                        "the documents themselves are safe: run `cited rebuild`"
                    )
                self._vectors = vectors
            return self._vectors

    def own(self) -> None:
        """Become the one process that owns the library. Raises LibraryBusy."""
        with self._guard:
            if self._owner is None:
                self._owner = OwnerLock(self.folder, self.wait)

    def _check_built_with(self) -> None:
        for name, ours in (("model", self.embedder.fingerprint), ("passages", SCHEME)):
            theirs = self.catalog.about(name)
            if theirs is not None and theirs != ours:
                raise LibraryMismatch(
                    f"the library {self.folder} was built with {name} {theirs}, and {ours} was asked for; "
                    "go back to that setting, or build it anew with `cited rebuild`"
                )

    # Documents

    def add(self, document: Document, progress: Progress | None = None) -> Outcome:
        """Make a document searchable. The same content again does nothing."""
        with self._guard:
            before = self.catalog.version(document.id)
            if before == document.version:
                return "unchanged"
            vectors = self.vectors
            self.sweep()
            passages = cut_passages(document)
            ids = [p.id for p in passages]
            self.catalog.set_about(model=self.embedder.fingerprint, passages=SCHEME)
            self.catalog.add_loose(ids)
            for at in range(0, len(passages), EMBED_AT_ONCE):
                part = passages[at : at + EMBED_AT_ONCE]
                vectors.add([p.id for p in part], self._embed(part))
                if progress:
                    progress(min(at + EMBED_AT_ONCE, len(passages)), len(passages))
            self.catalog.put(document, passages)
            self.sweep()
            return "replaced" if before else "added"

    def delete(self, document_id: str) -> None:
        """Remove a document. Raises DocumentUnknown."""
        with self._guard:
            self.catalog.document(document_id)
            vectors_are_open = self.vectors is not None
            self.catalog.remove(document_id)
            if vectors_are_open:
                self.sweep()

    def sweep(self) -> None:
        """Delete vectors that no visible passage has."""
        if loose := self.catalog.loose():
            self.vectors.delete(loose)
            self.catalog.clear_loose(loose)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Cut and embed every document of the catalog again, with the model of now.

        Returns the number of passages. The old vectors go first; an interrupted rebuild is one that
        must be run again, and says so at the next search.
        """
        from index import vectors as store

        with self._guard:
            self.own()
            if self._vectors:
                self._vectors.close()
                self._vectors = None
            store.remove(self.folder / "chroma")
            vectors = store.Vectors(self.folder / "chroma")
            documents = [self.catalog.document(entry.id) for entry in self.catalog.entries()]
            cut = [cut_passages(d) for d in documents]
            total, done = sum(map(len, cut)), 0
            for document, passages in zip(documents, cut, strict=True):
                for at in range(0, len(passages), EMBED_AT_ONCE):
                    part = passages[at : at + EMBED_AT_ONCE]
                    vectors.add([p.id for p in part], self._embed(part))
                    done += len(part)
                    if progress:
                        progress(done, total)
                self.catalog.put(document, passages)
            self.catalog.clear_loose(self.catalog.loose())
            self.catalog.set_about(model=self.embedder.fingerprint, passages=SCHEME)
            self._vectors = vectors
            return total

    def _embed(self, passages: Sequence[Passage]) -> np.ndarray:
        return self.embedder.passages([f"{p.heading}\n{p.text}" for p in passages])

    # Reading

    def entries(self) -> list[Entry]:
        """Every document, in the order of titles."""
        return self.catalog.entries()

    def document(self, document_id: str) -> Document:
        """A document by its id. Raises DocumentUnknown."""
        return self.catalog.document(document_id)

    def find(self, name: str) -> str:
        """The id of the one document with that id, beginning of an id, title or source.

        Raises DocumentUnknown where there is none, or more than one.
        """
        entries = self.entries()
        path = str(Path(name).resolve())
        exact = [e.id for e in entries if name in (e.id, e.title, e.source) or e.source == path]
        found = exact or [e.id for e in entries if e.id.startswith(name) or e.source.endswith(f"/{name}")]
        if len(found) == 1:
            return found[0]
        if found:
            raise DocumentUnknown(f"{name} is more than one document: {', '.join(found)}")
        raise DocumentUnknown(f"there is no document {name}; `cited list` shows what there is")
