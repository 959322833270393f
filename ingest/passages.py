"""A document becomes passages: runs of whole sentences, cut by offset, each in one section.

Headings are context, never part of a passage. A footnote is a passage of its own (several, where it
is long) and is linked with the passages that hold its markers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    passages: list[Passage] = []
    for run in _runs(document):
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
                section=document.section_at(start),
                label=note.label if note else None,
                notes=tuple(dict.fromkeys(x for at, x in markers if start <= at < end)),
                marked_at=tuple(m.start for m in note.markers) if note else (),
                page=document.page_at(start),
                turns=tuple((p.start, p.number) for p in document.pages if start < p.start < end),
            )
        )
    return tuple(passages)


def _runs(document: Document) -> Iterator[list[Span]]:
    """Sentences grouped to passages; a group ends at a heading, before a note, and when it is full."""
    text = document.text
    note_starts = {note.start for note in document.footnotes}
    group: list[Span] = []
    words = 0
    for part, pieces in _units(document):
        if group and (part.kind in ("heading", "title") or part.start in note_starts):
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


def _units(document: Document) -> Iterator[tuple[Part, list[list[Span]]]]:
    """The parts with their pieces, none of a heading; a question is one with its answer."""
    text = document.text
    question: tuple[Part, list[Span]] | None = None
    for part in document.parts:
        pieces = [] if part.kind in ("heading", "title") else list(_pieces(text, part))
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
