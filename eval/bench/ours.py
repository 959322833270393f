"""Cited's own passages, search and answers as entries of the chunking benchmark.

The corpora are read, cut, embedded and searched by the code that serves users; only positions are
carried back to the original files.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.answer import Answerer
from eval.bench.align import Alignment
from eval.bench.ranges import Place, union
from index.embed import Embedder
from index.library import Library
from index.search import search
from ingest.passages import Passage
from ingest.read import read_bytes

AROUND = {"passages+1": 1, "passages+2": 2, "passages+3": 3}
"""Sentences given on each side of a passage that was found."""
VARIANTS = ("passages", "passages+notes", *AROUND, "evidence")


class Prepared(NamedTuple):
    """pieces: all that can be retrieved. retrieve: a question's places, best first. remark: for the
    reader of the table."""

    pieces: Sequence[Place]
    retrieve: Callable[[str], Sequence[Place]]
    remark: str


class Shelf:
    """A library of the corpora, and where its documents' characters stand in the original files."""

    def __init__(self, corpora: Mapping[str, str], folder: Path, embedder: Embedder) -> None:
        self.library = Library(folder, embedder)
        self.alignments: dict[str, tuple[str, Alignment]] = {}
        for name, text in corpora.items():
            document = read_bytes(text.encode(), name=f"{name}.md", source=f"{name}.md")
            self.library.add(document)
            self.alignments[document.id] = (name, Alignment(document, text))

    @property
    def unplaced(self) -> int:
        """Characters of the documents that were not found in the files."""
        return sum(alignment.unplaced for _, alignment in self.alignments.values())

    def places(self, spans: Iterable[tuple[str, int, int]]) -> list[Place]:
        """(document id, start, end) in the original files; what was not found there is left out."""
        found = []
        for document_id, start, end in spans:
            name, alignment = self.alignments[document_id]
            if place := alignment.original_range(start, end):
                found.append(Place(name, *place))
        return found

    def passages(self) -> list[Passage]:
        """Every passage of every document."""
        return [p for document_id in self.alignments for p in self.library.catalog.passages_of(document_id)]


@contextmanager
def shelf(corpora: Mapping[str, str], embedder: Embedder) -> Iterator[Shelf]:
    """A shelf in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        made = Shelf(corpora, Path(folder) / "library", embedder)
        try:
            yield made
        finally:
            made.library.close()


def prepare(on: Shelf, variant: str, most: int) -> Prepared:
    """One of VARIANTS, with so many passages a question.

    passages: what search finds. passages+notes: with the linked footnotes, which come on top of that
    number. passages+N: with N sentences before and after each; what then overlaps or touches is
    given once, as one place. evidence: the sentences that the answer quotes.
    """
    lost = f"{on.unplaced} characters of the documents not found in the files" if on.unplaced else ""
    passages = on.passages()
    if variant == "evidence":
        sentences = [(p.document_id, s.start, s.end) for p in passages for s in p.sentences]
        answerer = Answerer(on.library)
        return Prepared(on.places(sentences), lambda q: _cited(on, answerer, q, most), lost)
    if variant in AROUND:
        wide = _widened(passages, AROUND[variant])
        return Prepared(
            on.places(wide.values()), lambda q: _around(on, wide, q, most), lost or "overlaps given once"
        )
    whole = on.places((p.document_id, p.start, p.end) for p in passages)
    return Prepared(whole, lambda q: _hits(on, q, most, notes=variant == "passages+notes"), lost)


def _widened(passages: Sequence[Passage], count: int) -> dict[str, tuple[str, int, int]]:
    """(document id, start, end) of each passage, by its id, with so many sentences before and after."""
    of: dict[str, list[Passage]] = {}
    for passage in passages:
        of.setdefault(passage.document_id, []).append(passage)
    wide = {}
    for document_id, own in of.items():
        sentences = [s for p in own for s in p.sentences]
        at = 0
        for p in own:
            first, last = max(0, at - count), min(len(sentences), at + len(p.sentences) + count) - 1
            wide[p.id] = (document_id, sentences[first].start, sentences[last].end)
            at += len(p.sentences)
    return wide


def _around(on: Shelf, wide: Mapping[str, tuple[str, int, int]], question: str, most: int) -> list[Place]:
    hits = search(on.library, question, most)
    return union(on.places(wide[hit.passage.id] for hit in hits))


def _hits(on: Shelf, question: str, most: int, notes: bool) -> list[Place]:
    hits = search(on.library, question, most)
    found = [p for hit in hits for p in (hit.passage, *(hit.linked if notes else ()))]
    return on.places((p.document_id, p.start, p.end) for p in dict.fromkeys(found))


def _cited(on: Shelf, answerer: Answerer, question: str, most: int) -> list[Place]:
    """The quotations of the answer, at most so many; a refusal retrieves nothing."""
    citations = answerer.answer(question).citations
    return on.places((c.passage.document_id, c.start, c.end) for c in citations[:most])
