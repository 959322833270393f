"""Catalog and vectors brought into agreement: what is missing is written, what is too much goes.

The catalog keeps the vectors of sentences, and a passage's vector is composed of them, so that only headings
go through the model again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from index.catalog import Catalog
from index.compose import compose
from index.embed import Embedder
from index.library import Library
from index.passage_vectors import passage_vectors
from index.vectors import BATCH, SURELY_FOUND, TO_READ, Vectors, _translated, remove
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


class ListedVectors(Vectors):
    """Vectors that can be held against the catalog."""

    @classmethod
    def tried(cls, folder: Path, embedder: Embedder) -> Self:
        """The vectors, after a search that ends well. Raises LibraryDamaged."""
        vectors = cls(folder)
        try:
            vectors.search(embedder.question("Is everything there?"), SURELY_FOUND)
        except BaseException:
            vectors.close()
            raise
        return vectors

    def ids(self) -> set[str]:
        """Of every vector."""
        found: set[str] = set()
        with _translated(self.folder, TO_READ):
            while part := self._held.get(limit=BATCH, offset=len(found), include=[])["ids"]:
                found.update(part)
        return found


def fits(library: Library) -> bool:
    """Whether the library was built with the embedding model and the passages of now, or holds none."""
    about = library.catalog.about
    built = (about("model"), about("passages"))
    return not library.catalog.passage_count() or built == (library.embedder.fingerprint, SCHEME)


def difference(catalog: Catalog, vectors: ListedVectors) -> Difference:
    """What the two do not agree on; ids of interrupted work, which the catalog knows, are no difference."""
    visible, there = catalog.passage_ids(), vectors.ids()
    known = {*visible, *catalog.loose()}
    return Difference(tuple(n for n in visible if n not in there), tuple(sorted(there - known)))


def mend(library: Library, progress: Progress = untold) -> Difference:
    """Make the vectors those of the catalog's passages; returns what was amiss. Vectors that cannot be read
    at all are thrown away and written anew. The library must fit, and must not have opened its vectors."""
    library.own()
    vectors = _usable(library)
    try:
        found = difference(library.catalog, vectors)
        headings: dict[str, np.ndarray] = {}
        for at in range(0, len(found.missing), AT_ONCE):
            passages = list(library.catalog.passages(found.missing[at : at + AT_ONCE]).values())
            vectors.add([p.id for p in passages], _composed(library, passages, headings))
            progress(at + len(passages), len(found.missing))
        loose = library.catalog.loose()
        vectors.delete([*found.superfluous, *loose])
        library.catalog.clear_loose(loose)
        return found
    finally:
        vectors.close()


def _usable(library: Library) -> ListedVectors:
    folder = library.folder / "chroma"
    try:
        return ListedVectors.tried(folder, library.embedder)
    except LibraryDamaged:
        remove(folder)
        return ListedVectors(folder)


def _composed(library: Library, passages: list[Passage], headings: dict[str, np.ndarray]) -> np.ndarray:
    """Vectors of passages, shape (n, d); headings: those embedded so far, which grow."""
    new = [h for h in dict.fromkeys(p.heading for p in passages) if h not in headings]
    headings.update(zip(new, library.embedder.passages(new), strict=True))
    kept = library.catalog.sentence_vectors([p.id for p in passages])
    return np.stack(
        [
            compose(kept[p.id], [s.end - s.start for s in p.sentences], headings[p.heading])
            if p.id in kept
            else _embedded(library.embedder, p)
            for p in passages
        ]
    )


def _embedded(embedder: Embedder, passage: Passage) -> np.ndarray:
    return passage_vectors(embedder, [passage])[0][0]
