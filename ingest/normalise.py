"""Blocks become one text with every position kept: the only place where a document's text is made.

The text is the blocks in order, separated by blank lines; notes stand at the end, each printed as
"[label] text". Markers are printed as "[label]" wherever a format had them as links or superscripts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from ingest.document import Block, BlockKind, Document, Footnote, Page, Part, Read, Ref, Section, Span
from ingest.wrapping import unwrapped

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\ufeff\u200b\u2060\ufffe\uffff]")
"""Characters without a meaning in a text; zero-width spaces and soft hyphens would break words apart."""
LISTS: tuple[tuple[BlockKind, ...], ...] = (("term", "item"), ("row",))
"""Kinds of blocks that stand in lines right below each other."""


def normalise(read: Read, *, document_id: str, source: str, version: str, fallback_title: str) -> Document:
    """Lay the blocks out as one text and link markers with notes."""
    body = [block for block in read.blocks if block.kind != "note"]
    notes = [block for block in read.blocks if block.kind == "note"]
    by_label: dict[str, list[Block]] = {}
    for block in notes:
        by_label.setdefault(_clean_line(block.label or ""), []).append(block)
    page = _Page(by_label)
    for block in body:
        page.add(block)
    for label, blocks in by_label.items():
        page.add_note(label, blocks)
    text = "".join(page.pieces)

    footnotes = tuple(
        Footnote(span.start, span.end, label, tuple(page.markers.get(label, ())))
        for label, span in page.notes.items()
    )
    warnings = list(read.warnings)
    warnings += [f"note [{n.label}] has no marker in the text" for n in footnotes if not n.markers]
    title = next((page.plain[p.start] for p in page.parts if p.kind == "title"), "")
    return Document(
        id=document_id,
        title=title or _clean_line(read.title) or _clean_line(fallback_title) or document_id,
        source=source,
        version=version,
        text=text,
        parts=tuple(page.parts),
        sections=_sections(page.plain, page.parts, page.body_end),
        footnotes=footnotes,
        pages=_pages(page.page_starts, len(text)),
        left_out=read.left_out,
        warnings=tuple(warnings),
    )


class _Page:
    """The text under construction; every piece is in NFC and its neighbours cannot compose with it."""

    def __init__(self, labels: Iterable[str]) -> None:
        self.known = frozenset(labels)
        self.pieces: list[str] = []
        self.length = 0
        self.body_end = 0
        self.parts: list[Part] = []
        self.notes: dict[str, Span] = {}
        self.markers: dict[str, list[Span]] = {}
        self.plain: dict[int, str] = {}
        self.page_starts: list[tuple[int, int]] = []

    def write(self, piece: str) -> None:
        self.pieces.append(piece)
        self.length += len(piece)

    def add(self, block: Block, prefix: str = "", label: str | None = None) -> None:
        inline = self._inline(block, label)
        if not inline:
            return
        if self.pieces:
            lines = next((kinds for kinds in LISTS if block.kind in kinds), ())
            self.write("\n" if self.parts and self.parts[-1].kind in lines else "\n\n")
        self.write(prefix)
        start = self.length
        for piece in inline:
            if isinstance(piece, Ref):
                at = self.length
                self.write(f"[{piece.label}]")
                self.markers.setdefault(piece.label, []).append(Span(at, self.length))
            else:
                self.write(piece)
        self.plain[start] = _clean_line("".join(piece for piece in inline if isinstance(piece, str)))
        self.parts.append(Part(start, self.length, block.kind, block.level))
        if block.kind != "note":
            self.body_end = self.length
        if block.page is not None:
            self.turn(start, block.page)
        for at, number in _turns(block, start):
            self.turn(min(at, self.length), number)

    def turn(self, at: int, number: int) -> None:
        """A page begins, if it is another one than that before."""
        if not self.page_starts or self.page_starts[-1][1] != number:
            self.page_starts.append((at, number))

    def add_note(self, label: str, blocks: list[Block]) -> None:
        first = len(self.parts)
        for block in blocks:
            self.add(block, f"[{label}] " if len(self.parts) == first else "", label)
        if len(self.parts) > first:
            self.notes[label] = Span(self.parts[first].start, self.parts[-1].end)

    def _inline(self, block: Block, label: str | None) -> list[str | Ref]:
        """The block's content with white space folded, without space at its two ends. A marker without
        a note is text, and so is a note's marker of itself."""
        merged: list[str | Ref] = []
        for piece in block.content:
            if isinstance(piece, Ref):
                piece = Ref(_clean_line(piece.label))
                if piece.label not in self.known or piece.label == label:
                    piece = f"[{piece.label}]"
            if isinstance(piece, str) and merged and isinstance(merged[-1], str):
                merged[-1] += piece
            else:
                merged.append(piece)
        fold = _clean_code if block.kind == "code" else _clean_space
        folded = [p if isinstance(p, Ref) else fold(p) for p in merged]
        if folded and isinstance(folded[0], str):
            folded[0] = folded[0].lstrip()
        if folded and isinstance(folded[-1], str):
            folded[-1] = folded[-1].rstrip()
        return [p for p in folded if p != ""]


def _turns(block: Block, at: int) -> Iterator[tuple[int, int]]:
    """(position, number) of each page that begins inside a block, which begins at a position. Measured
    between turns, in pieces that are cleaned on their own: a paragraph may run on over a thousand pages."""
    done = 0
    for index, number in block.turns:
        pieces = block.content[done:index]
        laid_out = _clean_space("".join(p if isinstance(p, str) else f"[{p.label}]" for p in pieces))
        at += len(laid_out if done else laid_out.lstrip())
        done = index
        yield at, number


def _clean_space(text: str) -> str:
    """NFC, without control characters, every run of white space one space, or none where a line of Chinese
    or Japanese ends in the file."""
    if "\n" in text and not text.isascii():
        text = _unwrapped(text)
    return re.sub(r"\s+", " ", _clean_code(text))


def _unwrapped(text: str) -> str:
    """The text as one line, with the white space at its ends. A break that is written (U+2028) stays."""
    words = text.strip()
    lines = (line.strip(" \t\r") for line in words.split("\n"))
    inner = unwrapped(line for line in lines if line)
    start = text.index(words)
    return f"{text[:start]}{inner}{text[start + len(words) :]}"


def _clean_code(text: str) -> str:
    """NFC, without control characters, lines ending in "\\n"; inner space kept."""
    text = re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    return unicodedata.normalize("NFC", CONTROL.sub("", text.replace("\t", "    ")))


def _clean_line(text: str) -> str:
    return _clean_space(text).strip()


def _sections(plain: dict[int, str], parts: list[Part], body_end: int) -> tuple[Section, ...]:
    """One section a heading, up to the next one of any level, and one before the first. Its title is
    the heading without markers."""
    heads = [p for p in parts if p.kind == "heading"]
    if not parts:
        return ()
    first = heads[0].start if heads else body_end
    sections = [Section(0, first, "", 0)] if first > 0 else []
    for i, head in enumerate(heads):
        end = heads[i + 1].start if i + 1 < len(heads) else body_end
        sections.append(Section(head.start, end, plain[head.start], head.level))
    return tuple(sections)


def _pages(starts: list[tuple[int, int]], end: int) -> tuple[Page, ...]:
    ends = [*(start for start, _ in starts[1:]), end][: len(starts)]
    return tuple(Page(start, stop, number) for (start, number), stop in zip(starts, ends, strict=True))
