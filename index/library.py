"""A library: documents that can be searched, in a folder.

`catalog.sqlite` is the truth; `chroma/` holds the vectors and can be rebuilt from it. A document is
added vectors first, then made visible by one catalog transaction, then the vectors of its old
version go: a process killed anywhere leaves vectors too many at worst, which the catalog has noted
and the next change sweeps up.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Literal

import numpy as np

from index.catalog import Catalog, Entry
from index.compose import compose
from index.embed import Embedder
from index.lock import OwnerLock
from ingest.document import Document
from ingest.errors import DocumentUnknown, LibraryError, LibraryMismatch
from ingest.passages import SCHEME, Passage, cut_passages

if TYPE_CHECKING:
    from index.vectors import Vectors

Outcome = Literal["added", "replaced", "unchanged"]
Progress = Callable[[int, int], None]
"""Called with (passages done, passages in all)."""
EMBED_AT_ONCE = 256
"""Passages; bounds memory, and what an interruption loses."""


def untold(done: int, total: int) -> None:
    """Progress that nobody watches."""


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
        if self._vectors is not None:  # A question must not wait for a document that is being added.
            return self._vectors
        with self._guard:
            if self._vectors is None:
                self.own()
                from index.vectors import Vectors, remove

                if self.catalog.passage_count():
                    self._check_built_with()
                elif self.catalog.about("model") != self.embedder.fingerprint:
                    remove(self.folder / "chroma")
                self._vectors = Vectors(self.folder / "chroma", least=self.catalog.passage_count())
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

    def add(self, document: Document, progress: Progress = untold) -> Outcome:
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
            self.catalog.put(document, passages, self._write(vectors, passages, progress))
            self.sweep()
            return "replaced" if before else "added"

    def delete(self, document_id: str) -> None:
        """Remove a document. Raises DocumentUnknown."""
        with self._guard:
            self.catalog.document(document_id)
            self.sweep()  # opens the vectors, so that a library that cannot go on is not changed
            self.catalog.remove(document_id)
            self.sweep()

    def sweep(self) -> None:
        """Delete vectors that no visible passage has."""
        vectors = self.vectors
        if loose := self.catalog.loose():
            vectors.delete(loose)
            self.catalog.clear_loose(loose)

    def rebuild(self, progress: Progress = untold) -> int:
        """Cut and embed every document of the catalog again, with the model of now.

        Returns the number of passages. The old vectors go first, once the model has loaded; an
        interrupted rebuild is one that must be run again, and the next search says so.
        """
        from index import vectors as store

        with self._guard:
            self.own()
            self.embedder.question("Is the model there?")
            self.catalog.set_about(passages="an unfinished rebuild")
            if self._vectors:
                self._vectors.close()
                self._vectors = None
            store.remove(self.folder / "chroma")
            vectors = store.Vectors(self.folder / "chroma")
            try:
                total = self._write_all(vectors, progress)
            except BaseException:
                vectors.close()
                raise
            self.catalog.clear_loose(self.catalog.loose())
            self.catalog.set_about(model=self.embedder.fingerprint, passages=SCHEME)
            self._vectors = vectors
            return total

    def _write_all(self, vectors: "Vectors", progress: Progress) -> int:
        documents = [self.catalog.document(entry.id) for entry in self.catalog.entries()]
        cut = [cut_passages(d) for d in documents]
        total, done = sum(map(len, cut)), 0
        for document, passages in zip(documents, cut, strict=True):
            self.catalog.put(document, passages, self._write(vectors, passages))
            done += len(passages)
            progress(done, total)
        return total

    def _embed(self, passages: Sequence[Passage]) -> tuple[np.ndarray, list[np.ndarray]]:
        """A unit vector a passage, shape (n, d), and those of each passage's sentences."""
        headings = list(dict.fromkeys(p.heading for p in passages))
        sentences = [p.plain(s) for p in passages for s in p.sentences]
        vectors = self.embedder.passages([*headings, *sentences])
        of_heading = dict(zip(headings, vectors, strict=False))
        ends = np.cumsum([len(headings), *(len(p.sentences) for p in passages)])
        own = [vectors[a:b] for a, b in pairwise(ends)]
        composed = [
            compose(v, [s.end - s.start for s in p.sentences], of_heading[p.heading])
            for p, v in zip(passages, own, strict=True)
        ]
        return np.stack(composed), own

    def _write(
        self, vectors: "Vectors", passages: Sequence[Passage], progress: Progress = untold
    ) -> list[np.ndarray]:
        """Embed passages and write their vectors; returns those of their sentences."""
        kept: list[np.ndarray] = []
        for at in range(0, len(passages), EMBED_AT_ONCE):
            part = passages[at : at + EMBED_AT_ONCE]
            whole, sentences = self._embed(part)
            vectors.add([p.id for p in part], whole)
            kept += sentences
            progress(at + len(part), len(passages))
        return kept

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
        near = [e.id for e in entries if e.id.startswith(name) or e.source.endswith(f"/{name}")]
        found = exact or (near if name else [])
        if len(found) == 1:
            return found[0]
        if found:
            raise DocumentUnknown(f"{name} is more than one document: {', '.join(found)}")
        raise DocumentUnknown(f"there is no document {name or '«»'}; `cited list` shows what there is")
