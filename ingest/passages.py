"""A document becomes passages: runs of whole sentences, cut by offset, each in one section.

Headings are context, never part of a passage, but for what is only said in headings above a document's
first text: its authors, version or date. A footnote is a passage of its own (several, where it is long) and
is linked with the passages that hold its markers.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from math import inf
from typing import Literal

from ingest.document import Document, Part, Span
from ingest.sentences import split_sentences

SCHEME = "sentences-1"
"""Name of this way of cutting; a library built with another one must be rebuilt."""
MOST_WORDS = 120
FEWEST_WORDS = 40
"""Short paragraphs of a section are joined until a passage has so many words."""
LONGEST_SENTENCE = 1200
"""Characters; what has no sentence end for longer is cut at white space."""


QUESTION = re.compile(r"(?:Q|Question)\s?\d*:\s")
ANSWER = re.compile(r"(?:A|Answer)\s?\d*:\s")
"""How a question begins, and what answers it right behind it: both are in one passage where they fit."""
HEADS = ("title", "heading")
DEFINING = ("item", "quote", "code")
"""Kinds of parts that say what the term right above them means."""
OF_SECTIONS = re.compile(
    r"(?:\d+\.)+\d*\s|(?:(?:table of )?contents|inhalt|inhaltsverzeichnis|目次|目录|차례|목차)$"
)
"""A section's number, or what stands above a list of sections; in small letters."""

Unit = tuple[Part, list[list[Span]]]
"""A part and its pieces, each of which goes into one passage."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`[start, end)` of a document's text. sentences: in order, inside it, in the same offsets.

    kind: "body" or "footnote". label: of the footnote it is, else None. notes: labels of the
    footnotes that its text refers to. marked_at: of a footnote, where its markers stand. title,
    section: of the document around it. page: on which it begins; turns: where inside it others begin,
    with their numbers.
    """

    id: str
    document_id: str
    position: int
    kind: Literal["body", "footnote"]
    start: int
    end: int
    sentences: tuple[Span, ...]
    text: str
    title: str
    section: str
    label: str | None = None
    notes: tuple[str, ...] = ()
    marked_at: tuple[int, ...] = ()
    page: int | None = None
    turns: tuple[tuple[int, int], ...] = ()

    @property
    def heading(self) -> str:
        """Title and section, as context for whoever reads the passage alone."""
        return f"{self.title}. {self.section}" if self.section else self.title

    def page_at(self, position: int) -> int | None:
        """Number of the page that holds a position inside the passage, None in a format without pages."""
        return next((number for at, number in reversed(self.turns) if at <= position), self.page)

    def plain(self, span: Span) -> str:
        """The text of a span inside the passage, footnote markers blanked out at equal length."""
        text = self.text[span.start - self.start : span.end - self.start]
        for label in self.notes:
            text = text.replace(f"[{label}]", " " * (len(label) + 2))
        return text


def cut_passages(document: Document) -> tuple[Passage, ...]:
    """The passages of a document in reading order. Every sentence is in exactly one of them."""
    markers = [(m.start, note.label) for note in document.footnotes for m in note.markers]
    above = _only_in_headings(document)
    passages: list[Passage] = []
    for run in _runs(document, above):
        start, end = run[0].start, run[-1].end
        note = next((n for n in document.footnotes if n.start <= start < n.end), None)
        passages.append(
            Passage(
                id=f"{document.id}:{document.version[:12]}:{len(passages)}",
                document_id=document.id,
                position=len(passages),
                kind="footnote" if note else "body",
                start=start,
                end=end,
                sentences=tuple(run),
                text=document.text[start:end],
                title=document.title,
                section="" if start in above else document.section_at(start),
                label=note.label if note else None,
                notes=tuple(dict.fromkeys(x for at, x in markers if start <= at < end)),
                marked_at=tuple(m.start for m in note.markers) if note else (),
                page=document.page_at(start),
                turns=tuple((p.start, p.number) for p in document.pages if start < p.start < end),
            )
        )
    return tuple(passages)


def _only_in_headings(document: Document) -> set[int]:
    """Where headings begin that stand between the title and the first text, and above no text: all but the
    last one and those that it is below. They say who wrote the document, its version or its date."""
    text, title = document.text, document.title.casefold()
    named = Counter(text[p.start : p.end].casefold() for p in document.parts if p.kind in HEADS)
    found: set[int] = set()
    depth = inf
    for part in reversed(list(takewhile(lambda p: p.kind in HEADS, document.parts))):
        words = text[part.start : part.end].casefold()
        if part.kind == "title" and words == title:
            break
        if part.kind == "heading" and part.level < depth:
            depth = part.level
        elif words != title and named[words] == 1 and not OF_SECTIONS.match(words):
            found.add(part.start)
    return found


def _runs(document: Document, above: set[int]) -> Iterator[list[Span]]:
    """Sentences grouped to passages; a group ends at a heading, before a note, and when it is full."""
    text = document.text
    note_starts = {note.start for note in document.footnotes}
    group: list[Span] = []
    words = 0
    for part, pieces in _units(text, _defined(document, above)):
        if group and (part.kind in HEADS or part.start in note_starts):
            yield group
            group, words = [], 0
        for piece in pieces:
            count = _words(text, piece)
            if group and (words + count > MOST_WORDS or (words >= FEWEST_WORDS and _is_prose(part))):
                yield group
                group, words = [], 0
            group += piece
            words += count
    if group:
        yield group


def _defined(document: Document, above: set[int]) -> Iterator[Unit]:
    """The parts with their pieces, none of a heading but those in above; the first sentence of a definition
    begins with its terms."""
    text = document.text
    terms: list[Unit] = []
    for part in document.parts:
        if part.start in above:
            part = replace(part, kind="paragraph")
        pieces = [] if part.kind in HEADS else list(_pieces(text, part))
        said = [span for _, runs in terms for run in runs for span in run]
        if terms and part.kind in DEFINING:
            yield part, [_behind_terms(text, said, pieces[0]), *pieces[1:]]
            terms = []
            continue
        if part.kind != "term" or _words(text, said) > FEWEST_WORDS:  # a list of nothing but terms
            yield from terms
            terms = []
        if part.kind == "term":
            terms.append((part, pieces))
        else:
            yield part, pieces
    yield from terms


def _behind_terms(text: str, terms: list[Span], piece: list[Span]) -> list[Span]:
    """A piece of a definition with its terms in its first sentence; a question stays one of its own."""
    whole = Span(terms[0].start, piece[0].end)
    asked = text[terms[-1].start : terms[-1].end].endswith(("?", "？")) or QUESTION.match(text, whole.start)
    if asked or whole.end - whole.start > LONGEST_SENTENCE:
        return terms + piece
    return [whole, *piece[1:]]


def _units(text: str, parts: Iterator[Unit]) -> Iterator[Unit]:
    """The parts with their pieces; a question is one with its answer."""
    question: tuple[Part, list[Span]] | None = None
    for part, pieces in parts:
        if question is not None:
            asked, said = question
            question = None
            answers = pieces and "note" not in (asked.kind, part.kind) and ANSWER.match(text, part.start)
            if answers and _words(text, said + pieces[0]) <= MOST_WORDS:
                yield asked, [said + pieces[0], *pieces[1:]]
                continue
            yield asked, [said]
        if len(pieces) == 1 and QUESTION.match(text, part.start, part.end):
            question = (part, pieces[0])
        else:
            yield part, pieces
    if question is not None:
        yield question[0], [question[1]]


def _words(text: str, piece: list[Span]) -> int:
    return sum(len(text[s.start : s.end].split()) for s in piece)


def _is_prose(part: Part) -> bool:
    return part.kind in ("paragraph", "quote", "note")


def _pieces(text: str, part: Part) -> Iterator[list[Span]]:
    """The part's sentences, in as many runs of about equal length as MOST_WORDS asks for."""
    sentences = list(sentences_of(text, part))
    lengths = [len(text[s.start : s.end].split()) for s in sentences]
    share = sum(lengths) / -(-sum(lengths) // MOST_WORDS) if sum(lengths) else 0
    piece: list[Span] = []
    filled = 0
    for sentence, length in zip(sentences, lengths, strict=True):
        if piece and filled + length / 2 > share:
            yield piece
            piece, filled = [], 0
        piece.append(sentence)
        filled += length
    if piece:
        yield piece


def sentences_of(text: str, part: Part) -> Iterator[Span]:
    """Sentences of a part, as offsets into the whole text; a table's row and code stay whole."""
    whole = part.kind in ("row", "code")
    spans = [(0, part.end - part.start)] if whole else split_sentences(text[part.start : part.end])
    for start, end in spans:
        yield from _cut_long(text, part.start + start, part.start + end)


def _cut_long(text: str, start: int, end: int) -> Iterator[Span]:
    while end - start > LONGEST_SENTENCE:
        limit = start + LONGEST_SENTENCE
        space = max(text.rfind(" ", start, limit), text.rfind("\n", start, limit))
        cut = space if space > start else limit
        yield Span(start, cut)
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield Span(start, end)
