"""A library on servers, which several processes change at once.

Which collection holds the vectors stands in the catalog. A change that makes passages visible holds on to
that line until it is done, and a rebuild, which puts another collection in its place, waits for all such
changes. So nothing becomes visible whose vectors are in a collection that is no longer used, or are of
another model.

What a killed process had under way may reach Chroma after others have swept up behind it: vectors too many,
which no search shows and `cited doctor --repair` deletes.
"""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import numpy as np

from index.catalog import Catalog
from index.place import Servers
from index.vectors_server import ServerVectors
from ingest.document import Document
from ingest.errors import LibraryBusy, LibraryDamaged
from ingest.passages import SCHEME, Passage

if TYPE_CHECKING:
    from index.library import Library, Outcome, Placed

LOOKS = 3
"""Comparisons of two counts before too few vectors are damage: others add and delete between the two."""
FACTS = "SELECT name, value FROM about WHERE name IN ('collection', 'model', 'passages') ORDER BY name"


def new_collection(catalog: Catalog) -> str:
    """A name that no collection has yet. It begins with the library's own: several may share a server."""
    return f"cited-{_settled(catalog, 'library', uuid4().hex)}-{uuid4().hex[:8]}"


def collection(catalog: Catalog) -> str:
    """The collection that holds the vectors."""
    return catalog.about("collection") or _settled(catalog, "collection", new_collection(catalog))


def _settled(catalog: Catalog, name: str, value: str) -> str:
    """A fact of the library, this one where there is none; of two processes the first decides."""
    with catalog.change() as db:
        db.execute("INSERT INTO about VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, value))
        return db.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()[0]


def open_vectors(library: "Library", servers: Servers) -> ServerVectors:
    """The vectors of a library on servers. Raises LibraryMismatch, LibraryDamaged where some are missing."""

    def used() -> str:
        if library.catalog.passage_count():
            library.check_built_with()
        return collection(library.catalog)

    vectors = ServerVectors(servers, used, new=not library.catalog.passage_count())
    try:
        _check_count(library.catalog, vectors)
    except BaseException:
        vectors.close()
        raise
    return vectors


def _check_count(catalog: Catalog, vectors: ServerVectors) -> None:
    for _ in range(LOOKS):
        before, there = catalog.passage_count(), vectors.count()
        if there >= min(before, after := catalog.passage_count()):
            return
    raise LibraryDamaged(
        f"{vectors.place} has {there} of the {after} vectors of this library; run `cited doctor --repair`"
    )


def add(
    library: "Library", batch: Sequence["Placed"], whole: np.ndarray, sentences: Sequence[np.ndarray]
) -> list[tuple[Document, "Outcome"]]:
    """Write the vectors of all these documents, then make one after the other visible. Once more from where
    it was, if the library was built anew meanwhile, or another process took this one for dead."""
    told: list[tuple[Document, Outcome]] = []
    try:
        _add(library, batch, whole, sentences, told)
    except LibraryBusy:
        at = sum(len(own) for _, own, _ in batch[: len(told)])
        _add(library, batch[len(told) :], whole[at:], sentences[at:], told)
    return told


def _add(
    library: "Library",
    batch: Sequence["Placed"],
    whole: np.ndarray,
    sentences: Sequence[np.ndarray],
    told: list[tuple[Document, "Outcome"]],
) -> None:
    vectors = cast(ServerVectors, library.vectors)
    _claim(library, vectors)
    vectors.refresh()
    ids, left = [p.id for _, own, _ in batch for p in own], iter(sentences)
    library.catalog.add_loose(ids)
    vectors.add(ids, whole)
    for document, own, where in batch:
        outcome = _put(library, vectors, document, own, list(islice(left, len(own))), where)
        if outcome != "unchanged":
            library.changed("replace" if outcome == "replaced" else "add", document.id)
        told.append((document, outcome))


def _claim(library: "Library", vectors: ServerVectors) -> None:
    """See that the library is of the model and the passages of now; an empty one becomes so."""
    catalog, ours = library.catalog, (library.embedder.fingerprint, SCHEME)
    if (catalog.about("model"), catalog.about("passages")) == ours:
        return
    with catalog.change() as db:
        facts = dict(db.execute(f"{FACTS} FOR UPDATE").fetchall())
        if catalog.passage_count():
            library.check_built_with()
        if facts.get("model") not in (None, ours[0]):  # whose vectors may have been of another length
            catalog.set_about(collection=vectors.make(new_collection(catalog)))
        catalog.set_about(model=ours[0], passages=ours[1])


def _put(
    library: "Library",
    vectors: ServerVectors,
    document: Document,
    passages: Sequence[Passage],
    sentences: Sequence[np.ndarray],
    where: str | None,
) -> "Outcome":
    """Make a document visible, unless another process has done so meanwhile."""
    catalog = library.catalog
    with catalog.change() as db:
        facts = dict(db.execute(f"{FACTS} FOR SHARE").fetchall())
        if facts["collection"] != vectors.collection:
            raise LibraryBusy(f"the library {library.name} was built anew meanwhile; try again")
        library.check_built_with()
        catalog._alone(db, document.id)
        found = db.execute("SELECT version FROM documents WHERE id = ?", (document.id,)).fetchone()
        if found == (document.version,):
            return "unchanged"
        catalog.put(document, passages, sentences, where)
    return "replaced" if found else "added"
