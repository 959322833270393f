"""A document: one text, and everything else as half-open ranges of character offsets into it.

Readers yield `Block`s (what a format says); `normalise` turns them into a `Document` (what everything
after works on). Knows nothing of files, vectors or questions.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["title", "heading", "paragraph", "term", "item", "row", "quote", "code", "note"]
"""A term is what the items right behind it define, in a list of definitions."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A footnote marker inside a block; `label` is the note's name, such as "6"."""

    label: str


@dataclass(frozen=True, slots=True)
class Block:
    """What a reader found, in reading order.

    content: strings and footnote markers. level: depth of a heading, 1 the highest. label: of a note
    (kind "note"); a note of several paragraphs is several blocks of one label. page: on which it begins.
    turns: (index of a piece of content, page) for each later page, which begins with that piece.
    """

    kind: BlockKind
    content: tuple[str | Ref, ...]
    level: int = 0
    label: str | None = None
    page: int | None = None
    turns: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open character offsets `[start, end)` into a document's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Part(Span):
    """A block in its place in the text. A note's part is without its printed label."""

    kind: BlockKind
    level: int = 0


@dataclass(frozen=True, slots=True)
class Section(Span):
    """From the end of one heading to the next; `title` is the heading, "" before the first one."""

    title: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Page(Span):
    """A page of a paged format."""

    number: int


@dataclass(frozen=True, slots=True)
class Footnote(Span):
    """A note's text, without its printed label, and the places that refer to it, in body and notes."""

    label: str
    markers: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `text[span.start:span.end]` is what a span says, always.

    id: stable for the source. version: SHA-256 of the source's content, hexadecimal. text: Unicode
    NFC, lines end in "\\n". left_out: what the reader took for boilerplate, as it stood.
    warnings: what a reader could not link or keep.
    """

    id: str
    title: str
    source: str
    version: str
    text: str
    parts: tuple[Part, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[Footnote, ...] = ()
    pages: tuple[Page, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def section_at(self, position: int) -> str:
        """Title of the section that holds the position, "" outside of any."""
        return next((s.title for s in self.sections if s.start <= position < s.end), "")

    def page_at(self, position: int) -> int | None:
        """Number of the page that holds the position, None in a format without pages."""
        at = bisect_right(self.pages, position, key=lambda page: page.start) - 1
        return self.pages[at].number if at >= 0 and position < self.pages[at].end else None


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader makes of a file: its title, "" where it names none, and its blocks."""

    title: str
    blocks: tuple[Block, ...]
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


MARKER = re.compile(r"\[\^?(\w{1,24})\]")


def split_markers(text: str, name: Callable[[str], str | None]) -> tuple[str | Ref, ...]:
    """Cut `[label]` markers out of a string. name: label to the note's name, None for no note's label;
    such a bracketed word stays text."""
    pieces: list[str | Ref] = []
    cursor = 0
    for match in MARKER.finditer(text):
        if note := name(match.group(1)):
            pieces += [text[cursor : match.start()], Ref(note)]
            cursor = match.end()
    pieces.append(text[cursor:])
    return tuple(piece for piece in pieces if piece != "")
