"""A library in a folder, which one process has. What index/shared.py does for one on servers."""

import logging
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from index.catalog import Catalog
from index.embed import Embedder
from index.vectors import Vectors, remove
from index.write import Progress, embed
from ingest.document import Document
from ingest.errors import LibraryDamaged
from ingest.passages import SCHEME, cut_passages

if TYPE_CHECKING:
    from index.library import Library, Outcome, Placed

AT_ONCE = 256
"""Passages embedded together."""
MENDED = 50_000
"""Passages at most whose vectors are written anew without a word from anyone, at some 500 a second."""
log = logging.getLogger(__name__)


def open_vectors(library: "Library") -> Vectors:
    """The vectors of a library in a folder. Raises LibraryMismatch, LibraryDamaged where some are missing.

    Chroma writes its files over those of before, at every thousandth vector, and a process killed meanwhile
    leaves them torn, as 3 of 118 did (LOG.md). So after an owner that did not let go they are looked at more
    closely, and written anew from the catalog where they are damaged.
    """
    folder, catalog = library.folder / "chroma", library.catalog
    if catalog.passage_count():
        library.check_built_with()
    elif catalog.about("model") != library.embedder.fingerprint:
        remove(folder)
    least = catalog.passage_count()
    if library.interrupted and folder.exists():
        from index.mend import mend, tried

        try:
            return tried(library, least)
        except LibraryDamaged as error:
            if least > MENDED:
                raise LibraryDamaged(f"{error}, or, which is quicker, `cited doctor --repair`") from error
            log.warning("an interrupted program left damage (%s); %d vectors are written anew", error, least)
            mend(library)
    return Vectors(folder, least)


def add(
    library: "Library", batch: Sequence["Placed"], whole: np.ndarray, sentences: Sequence[np.ndarray]
) -> list[tuple[Document, "Outcome"]]:
    """Write the vectors of all these documents, then make one after the other visible."""
    told: list[tuple[Document, Outcome]] = []
    catalog, left = library.catalog, iter(sentences)
    ids = [p.id for _, own, _ in batch for p in own]
    catalog.set_about(model=library.embedder.fingerprint, passages=SCHEME)
    catalog.add_loose(ids)
    library.vectors.add(ids, whole)
    for document, own, where in batch:
        was = catalog.version(document.id) is not None
        catalog.put(document, own, list(islice(left, len(own))), where)
        library.changed("replace" if was else "add", document.id)
        told.append((document, "replaced" if was else "added"))
    return told


def rebuild(library: "Library", progress: Progress) -> Vectors:
    """Cut and embed every document again, into new vectors in place of those in the folder, which must not be
    open. An interrupted rebuild is one that must be run again."""
    catalog, folder = library.catalog, library.folder / "chroma"
    catalog.set_about(passages="an unfinished rebuild")
    remove(folder)
    vectors = Vectors(folder)
    try:
        _write_all(catalog, library.embedder, vectors, progress)
    except BaseException:
        vectors.close()
        raise
    catalog.clear_loose(catalog.loose())
    catalog.set_about(model=library.embedder.fingerprint, passages=SCHEME)
    return vectors


def _write_all(catalog: Catalog, embedder: Embedder, vectors: Vectors, progress: Progress) -> None:
    documents = [catalog.document(entry.id) for entry in catalog.entries()]
    cut = [cut_passages(d) for d in documents]
    total, done = sum(map(len, cut)), 0
    for document, passages in zip(documents, cut, strict=True):
        whole, sentences = embed(embedder, passages, AT_ONCE)
        vectors.add([p.id for p in passages], whole)
        catalog.put(document, passages, sentences)
        done += len(passages)
        progress(done, total)
