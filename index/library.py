"""A library: documents that can be searched, in a folder or on servers.

The catalog is the truth, `catalog.sqlite` or a PostgreSQL database; the vectors, in `chroma/` or on a Chroma
server, can be rebuilt from it. A document is added vectors first, then made visible by one catalog
transaction, then the vectors of its old version go: a process killed anywhere leaves vectors too many at
worst, which the catalog has noted and the next change sweeps up.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from index.catalog import Catalog, Entry
from index.embed import Embedder
from index.find import find
from index.lock import OwnerLock
from index.place import Place, Servers, place_of
from index.visible import placed
from index.write import Prepared, Progress, embed, untold
from ingest.document import Document
from ingest.errors import AccessDenied, LibraryBusy, LibraryError, LibraryMismatch
from ingest.passages import SCHEME, Passage, cut_passages

if TYPE_CHECKING:
    from index.postgres_catalog import PostgresCatalog
    from index.vectors import Vectors

Outcome = Literal["added", "replaced", "unchanged"]
Placed = tuple[Document, Sequence[Passage], str | None]
"""A document, its passages, and the collection for it, None for where it is."""
CATALOG = "catalog.sqlite"
EMBED_AT_ONCE = 256
"""Passages; bounds memory, and what an interruption loses."""


def _told(progress: Progress, before: int, done: int, total: int) -> None:
    progress(before + done, before + total)


def is_library(folder: Path, file: str = CATALOG) -> bool:
    """Whether a folder holds a library, or this file of one. Of a folder that may not be looked into, opening
    it says what is wrong."""
    try:
        return (folder / file).exists()
    except OSError:
        return True


def open_catalog(place: Place) -> Catalog:
    """The catalog of a library, made where there is none. Raises LibraryError."""
    if isinstance(place, Servers):
        from index.postgres_catalog import PostgresCatalog

        return PostgresCatalog(place.catalog)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"the library {place} cannot be made: {error.strerror}") from error
    return Catalog(place / CATALOG)


def sweep(catalog: Catalog, vectors: "Vectors") -> None:
    """Delete vectors that no visible passage has, and nobody is about to give one."""
    while True:
        with catalog.sweeping() as ids:
            if ids:
                vectors.delete(ids)
        if not ids:
            return


class Library:
    """Open a library in a folder, made where there is none, or on servers (place, or its URL and vectors,
    token).

    Reading the catalog (entries, document) needs no ownership; searching and changing do: the first
    such call takes the lock, waiting at most `wait` seconds, and keeps it until close().

    before_change: raises AccessDenied where there may be no change. changed: told what was done ("add",
    "replace", "move", "delete") to which document. What may be seen is catalog.scope's to say.
    """

    def __init__(
        self,
        place: Place | str,
        embedder: Embedder | None = None,
        wait: float = 10.0,
        vectors: str | None = None,
        token: str | None = None,
    ) -> None:
        self.place = place if isinstance(place, Servers) else place_of(place, vectors, token)
        self.embedder = embedder or Embedder()
        self.wait = wait
        self._owner: OwnerLock | None = None
        self._vectors: Vectors | None = None
        self._guard = RLock()
        self.before_change: Callable[[], None] = untold
        self.changed: Callable[[str, str], None] = untold
        self.catalog = open_catalog(self.place)

    @property
    def name(self) -> str:
        """The library in messages: its folder, or the address of its catalog without a password."""
        return str(self.place)

    @property
    def folder(self) -> Path:
        """Where a library in a folder is. Raises LibraryError for one on servers."""
        if isinstance(self.place, Servers):
            raise LibraryError(f"the library {self.name} is on servers, and this is for one in a folder")
        return self.place

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
                self._vectors = self._opened()
            return self._vectors

    def _opened(self) -> "Vectors":
        if isinstance(self.place, Servers):
            from index.shared import open_vectors

            return open_vectors(self, self.place)
        from index import alone

        return alone.open_vectors(self)

    def own(self) -> None:
        """Become the one process that owns the library, where it is in a folder; on servers there may be
        several. Raises LibraryBusy."""
        with self._guard:
            if self._owner is not None or isinstance(self.place, Servers):
                return
            owner = OwnerLock(self.folder, self.wait)
            if self.catalog.replaced:  # by `cited restore --force`, which had the lock meanwhile
                owner.release()
                raise LibraryBusy(f"the library {self.name} was replaced meanwhile; run this again")
            self._owner = owner

    @property
    def interrupted(self) -> bool:
        """Whether the process that owned the folder before was ended without letting go of it."""
        return self._owner is not None and self._owner.interrupted

    def reachable(self) -> None:
        """Raises LibraryError where the catalog, the vectors or a server that has them cannot be used."""
        self.catalog.passage_count()
        self.vectors.count()

    def _may_change(self) -> None:
        self.before_change()
        self.catalog.need_writable()

    def check_built_with(self) -> None:
        """Raises LibraryMismatch where it was with another model or passage scheme than those of now."""
        model, passages = self.catalog.about("model"), self.catalog.about("passages")
        ours = self.embedder.fingerprint
        if model in (None, ours) and passages in (None, SCHEME):
            return
        back = ""
        if model and model.split("@")[0] != ours.split("@")[0]:
            back = f", or name {model.split('@')[0]} with --embedding-model"
        raise LibraryMismatch(
            f"the library {self.name} was built with {model} and passages {passages}, and this program has "
            f"{ours} and {SCHEME}; build it anew with `cited rebuild`{back}"
        )

    # Documents

    def placed(self, document: Document, collection: str | None = None) -> Document:
        """A document with the id that it gets here (index/visible.py says when that is another one)."""
        return placed(self.catalog, document, collection)[0]

    def add(self, document: Document, progress: Progress = untold, collection: str | None = None) -> Outcome:
        """Make a document searchable. The same content again does nothing.

        collection: None for where the document is; a new one is everyone's, or belongs to the only
        collection of whoever adds it. Raises AccessDenied.
        """
        *_, (_, outcome) = self.add_all([document], progress, collection)
        return outcome

    def add_all(
        self, documents: Iterable[Document], progress: Progress = untold, collection: str | None = None
    ) -> Iterator[tuple[Document, Outcome]]:
        """Make documents searchable as they come; each is told with its outcome once it is.

        The sentences of about EMBED_AT_ONCE passages, of as many documents as that takes, go through the
        model together, so an interruption loses that many. Documents that have not changed cost one
        look-up and are told at once. progress: passages done, and passages met so far.
        """
        self._may_change()
        batch: list[Placed] = []
        done = filled = 0

        def add_batch() -> list[tuple[Document, Outcome]]:
            nonlocal batch, done, filled
            if not batch:
                return []
            self.vectors  # noqa: B018  (a library that cannot go on is told before minutes of embedding)
            passages = [p for _, own, _ in batch for p in own]
            told = self._add(
                batch, *embed(self.embedder, passages, EMBED_AT_ONCE, partial(_told, progress, done))
            )
            batch, done, filled = [], done + filled, 0
            return told

        for given in documents:
            document, where = placed(self.catalog, given, collection)
            if any(document.id == waiting.id for waiting, _, _ in batch):
                yield from add_batch()
            if self.catalog.version(document.id) == document.version:
                moved = where is not None and self.move(document.id, where)
                yield document, "replaced" if moved else "unchanged"
                continue
            passages = cut_passages(document)
            if filled + len(passages) > EMBED_AT_ONCE:
                yield from add_batch()
            batch.append((document, passages, where))
            filled += len(passages)
        yield from add_batch()

    def add_prepared(
        self, prepared: Iterable[Prepared], collection: str | None = None
    ) -> Iterator[tuple[Document, Outcome]]:
        """Make documents searchable that were cut and embedded elsewhere, with this library's model."""
        self._may_change()
        for given in prepared:
            document, where = placed(self.catalog, given.document, collection)
            if document.id != given.document.id or self.catalog.version(document.id) == document.version:
                yield document, self.add(given.document, collection=collection)
            else:
                yield from self._add([(document, given.passages, where)], given.vectors, given.sentences)

    def _add(
        self, batch: Sequence[Placed], whole: np.ndarray, sentences: Sequence[np.ndarray]
    ) -> list[tuple[Document, Outcome]]:
        """Write the vectors of all these documents, then make one after the other visible. Their ids are
        loose until then, so nothing is swept up between the two."""
        with self._guard:
            self.sweep()
            if isinstance(self.place, Servers):
                from index.shared import add
            else:
                from index.alone import add
            told = add(self, batch, whole, sentences)
            self._sweep_after()
        return told

    def move(self, document_id: str, collection: str) -> bool:
        """Put a document into another collection; False where it was in it. Raises DocumentUnknown,
        AccessDenied, and SettingsError for what cannot name one."""
        self._may_change()
        with self._guard:
            if self.catalog.collection_of(document_id) == collection:
                return False
            self.catalog.move(document_id, collection)
            self.changed("move", document_id)
            return True

    def delete(self, document_id: str) -> None:
        """Remove a document. Raises DocumentUnknown."""
        self._may_change()
        with self._guard:
            self.catalog.document(document_id)
            self.sweep()  # opens the vectors, so that a library that cannot go on is not changed
            self.catalog.remove(document_id)
            self.changed("delete", document_id)
            self._sweep_after()

    def _sweep_after(self) -> None:
        """What is done is done: old vectors that cannot go now, on a full disk or a server that is away, go
        with the next change."""
        with suppress(LibraryError):
            self.sweep()

    def sweep(self) -> None:
        """Delete vectors that no visible passage has, and nobody is about to give one."""
        sweep(self.catalog, self.vectors)

    def rebuild(self, progress: Progress = untold) -> int:
        """Cut and embed every document of the catalog again, with the model of now.

        Returns the number of passages. In a folder the old vectors go first, once the model has loaded; an
        interrupted rebuild is one that must be run again, and the next search says so. On servers all that is
        old stays in use until all that is new is there.
        """
        self._may_change()
        if self.catalog.scope() is not None:
            raise AccessDenied("a library is built anew with all its collections; you do not see all of them")
        with self._guard:
            self.own()
            self.embedder.passages(["Is the model there?"])
            if isinstance(self.place, Servers):
                from index.shared_rebuild import rebuild

                return rebuild(self, cast("PostgresCatalog", self.catalog), self.place, progress)
            from index import alone

            if self._vectors:
                self._vectors.close()
                self._vectors = None
            self._vectors = alone.rebuild(self, progress)
            return self.catalog.passage_count()

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
        return find(self.entries(), name)
