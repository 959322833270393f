"""Catalog and vectors brought into agreement: what is missing is written, what is too much goes.

The catalog keeps the vectors of sentences, and a passage's vector is composed of them, so that only headings
go through the model again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from index.catalog import Catalog
from index.compose import compose
from index.library import Library, sweep
from index.passage_vectors import passage_vectors
from index.place import Servers
from index.vectors import SURELY_FOUND, Vectors, remove
from index.write import Progress, untold
from ingest.errors import LibraryDamaged
from ingest.passages import SCHEME, Passage

AT_ONCE = 1000
"""Passages; bounds memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Passage ids. missing: visible, without a vector. superfluous: with a vector, and not visible."""

    missing: tuple[str, ...]
    superfluous: tuple[str, ...]


def fits(library: Library) -> bool:
    """Whether the library was built with the embedding model and the passages of now, or holds none."""
    about = library.catalog.about
    built = (about("model"), about("passages"))
    return not library.catalog.passage_count() or built == (library.embedder.fingerprint, SCHEME)


def tried(library: Library, least: int = 0) -> Vectors:
    """The vectors, `least` of them or more, after a search that ends well. Raises LibraryDamaged."""
    vectors = _opened(library, least)
    try:
        (vector,) = library.embedder.passages(["Is everything there?"])
        vectors.search(vector, SURELY_FOUND)
    except BaseException:
        vectors.close()
        raise
    return vectors


def _opened(library: Library, least: int = 0) -> Vectors:
    if isinstance(library.place, Servers):
        from index.shared import collection
        from index.vectors_server import ServerVectors

        return ServerVectors(library.place, lambda: collection(library.catalog))
    return Vectors(library.folder / "chroma", least, thorough=True)


def difference(catalog: Catalog, vectors: Vectors) -> Difference:
    """What the two do not agree on; ids of interrupted work, which the catalog knows, are no difference, nor
    is what another process changes meanwhile."""
    before = catalog.passage_ids()
    there = vectors.ids()
    visible = catalog.passage_ids()
    known, still = {*before, *visible, *catalog.loose()}, set(visible)
    return Difference(tuple(n for n in before if n not in there and n in still), tuple(sorted(there - known)))


def mend(library: Library, progress: Progress = untold) -> Difference:
    """Make the vectors those of the catalog's passages; returns what was amiss. Vectors that cannot be read
    at all are thrown away and written anew. The library must fit, and must not have opened its vectors."""
    library.own()
    vectors = _usable(library)
    try:
        found = difference(library.catalog, vectors)
        done = 0
        for passages, whole, _ in composed(library, found.missing):
            vectors.add([p.id for p in passages], whole)
            done += len(passages)
            progress(done, len(found.missing))
        if found.superfluous:
            library.catalog.add_loose(found.superfluous)
        sweep(library.catalog, vectors)
        return found
    finally:
        vectors.close()


def _usable(library: Library) -> Vectors:
    try:
        return tried(library)
    except LibraryDamaged:
        if isinstance(library.place, Servers):
            from index.shared import collection
            from index.vectors_server import ServerVectors

            vectors = ServerVectors(library.place, lambda: collection(library.catalog), new=True)
            vectors.empty()
            return vectors
        remove(library.folder / "chroma")
        return _opened(library)


def composed(
    library: Library, ids: Sequence[str]
) -> Iterator[tuple[list[Passage], np.ndarray, list[np.ndarray]]]:
    """Visible ones of these passages in the order of the ids, so many at once, with their vectors and those
    of their sentences as in Prepared: of what the catalog keeps, so that only headings go through the model,
    each once."""
    headings: dict[str, np.ndarray] = {}
    for at in range(0, len(ids), AT_ONCE):
        passages = list(library.catalog.passages(ids[at : at + AT_ONCE]).values())
        if passages:
            yield passages, *_composed(library, passages, headings)


def _composed(
    library: Library, passages: list[Passage], headings: dict[str, np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """headings: those embedded so far, which grow."""
    new = [h for h in dict.fromkeys(p.heading for p in passages) if h not in headings]
    headings.update(zip(new, library.embedder.passages(new), strict=True))
    kept = library.catalog.sentence_vectors([p.id for p in passages])
    whole, sentences = [], []
    for p in passages:
        if p.id in kept:
            own = kept[p.id]
            whole.append(compose(own, [s.end - s.start for s in p.sentences], headings[p.heading]))
        else:
            (vector, *_), (own, *_) = passage_vectors(library.embedder, [p])
            whole.append(vector)
        sentences.append(own.astype(np.float16))
    return np.stack(whole), sentences
