"""Footnotes that are known by their print alone: which paragraphs are notes, what a marker means.

A note begins with its label: "[1] text", "[^1]: text", "1. [1]" with the text below it,
"[Footnote 1: text]" and, at the end of a text, "1. text". A run of such paragraphs is notes where
at least half of their labels (of "1. text", two in three) stand as markers, "[1]", in the text
before it; so neither a numbered list nor a list of references that the text never marks is taken
for notes. Labels may begin again in every chapter: a marker means the next note of its label.
Formats that link their notes need none of this.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ingest.document import MARKER, Block, Ref, split_markers

NOTE_START = re.compile(
    r"""^[ \t]*(?:
        \d{1,4}[.)][ \t]*\[\^?(?P<both>\w{1,4})\]              #  1. [1]
      | \[\^?(?P<bracket>\w{1,4})\]:?                          #  [1] or [^1]:
      | \[(?:foot|end)?note[ ](?P<named>\w{1,4}):              #  [Footnote 1: text]
      | (?P<number>\d{1,4})[.)](?=\s)                          #  1.
    )[ \t]*""",
    re.VERBOSE | re.IGNORECASE,
)
NOTES_HEADING = re.compile(r"^(?:end|foot)?notes?:?$|^references:?$|^anmerkungen:?$", re.IGNORECASE)


@dataclass(frozen=True)
class Chunk:
    """Lines between blank lines. indent: columns before its first line."""

    lines: tuple[str, ...]
    indent: int = 0

    @property
    def text(self) -> str:
        """The lines as one."""
        return " ".join(line.strip() for line in self.lines)


@dataclass
class NoteRun:
    """Notes that follow each other: chunks [start, end). notes: label to paragraphs.

    names: label to the document's name for the note, which differs where a label is used again.
    """

    start: int
    end: int
    style: str
    notes: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


class PrintedNotes:
    """The notes among the chunks of a text. runs: in order."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.runs: list[NoteRun] = []
        self.by_label: dict[str, list[NoteRun]] = {}
        candidates = _runs(chunks)
        marked_at: dict[str, int] = {}
        scanned = 0
        for run in candidates:
            for i in range(scanned, run.start):
                marked_at |= dict.fromkeys(MARKER.findall(chunks[i].text), i)
            scanned = run.end
            marked = sum(marked_at.get(label, -1) >= self._end_of_last(label) for label in run.notes)
            if run.style == "number":
                found = marked * 3 >= len(run.notes) * 2 and run is candidates[-1]
            else:
                found = marked * 2 >= len(run.notes)
            if found:
                self.runs.append(run)
                for label in run.notes:
                    again = self.by_label.setdefault(label, [])
                    run.names[label] = label + "′" * len(again)
                    again.append(run)
            else:
                texts = (text for paragraphs in run.notes.values() for text in paragraphs)
                marked_at |= dict.fromkeys(MARKER.findall(" ".join(texts)), run.start)
        self._inside = {i for run in self.runs for i in range(run.start, run.end)}
        self._headings = {
            run.start - 1
            for run in self.runs
            if run.start and NOTES_HEADING.match(chunks[run.start - 1].text.strip("#*= "))
        }

    def _end_of_last(self, label: str) -> int:
        return self.by_label[label][-1].end if label in self.by_label else 0

    @property
    def end(self) -> int:
        """Index behind the last chunk of the last run, 0 where there are no notes."""
        return self.runs[-1].end if self.runs else 0

    def hold(self, index: int) -> bool:
        """Whether the chunk is part of the notes, or the word "Notes" above them."""
        return index in self._inside or index in self._headings

    def cut(self, text: str, index: int) -> tuple[str | Ref, ...]:
        """The text of a chunk with its markers: each means the next note of its label, else the last."""

        def name(label: str) -> str | None:
            runs = self.by_label.get(label, [])
            return next(
                (r.names[label] for r in runs if r.end > index), runs[-1].names[label] if runs else None
            )

        return split_markers(text, name)

    def blocks(self) -> Iterator[Block]:
        """The notes as blocks."""
        for run in self.runs:
            for label, paragraphs in run.notes.items():
                for text in paragraphs:
                    yield Block("note", self.cut(text, run.start), label=run.names[label])


def link_printed_notes(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks of a format that links notes, of a document without such links: what is a note by its
    print becomes one, and its markers are linked."""
    texts = ["".join(p if isinstance(p, str) else f"[{p.label}]" for p in block.content) for block in blocks]
    may = ("paragraph", "item", "heading")
    chunks = [Chunk((text if b.kind in may else "",)) for b, text in zip(blocks, texts, strict=True)]
    notes = PrintedNotes(chunks)
    body = [
        replace(block, content=notes.cut(text, i))
        for i, (block, text) in enumerate(zip(blocks, texts, strict=True))
        if not notes.hold(i)
    ]
    return (*body, *notes.blocks())


def _runs(chunks: Sequence[Chunk]) -> list[NoteRun]:
    """Every run of chunks that begin as notes of one style, with each label once; the chunks that go
    on with a note are those below a label that stands alone and those indented deeper than it. A label
    with nothing below it is a note that says just that."""
    runs: list[NoteRun] = []
    last: list[str] | None = None
    outer = 0
    for i, chunk in enumerate(chunks):
        style, pieces = _pieces(chunk)
        run = runs[-1] if runs and runs[-1].end == i else None
        if pieces:
            outer = chunk.indent
            if run is None or not _continues(run, style, [label for label, _ in pieces]):
                run = NoteRun(i, i, style)
                runs.append(run)
            for label, text in pieces:
                last = run.notes.setdefault(label, [])
                last += [text] if text else []
            run.end = i + 1
        elif run is not None and last is not None and (not last or chunk.indent > outer):
            last.append(chunk.text)
            run.end = i + 1
    for run in runs:
        run.notes = {label: paragraphs or [f"[{label}]"] for label, paragraphs in run.notes.items()}
    return runs


def _pieces(chunk: Chunk) -> tuple[str, list[tuple[str, str]]]:
    """Style, and (label, text) of each note that begins in the chunk; none where its first line
    begins none. A later line begins a note if it is numbered on; else it goes on with the note."""
    style = ""
    pieces: list[tuple[str, str]] = []
    for line in chunk.lines:
        match = NOTE_START.match(line)
        label = match[match.lastgroup] if match and match.lastgroup else ""
        follows = pieces and (_follows(label, pieces[-1][0]) or (match and "[^" in match.group()))
        if match and (not pieces or (match.lastgroup == style and follows)):
            style = match.lastgroup or ""
            pieces.append((label, line[match.end() :].strip()))
        elif pieces:
            pieces[-1] = (pieces[-1][0], f"{pieces[-1][1]} {line.strip()}".strip())
        else:
            break
    if style == "named":
        pieces = [(label, text.removesuffix("]")) for label, text in pieces]
    return style, pieces


def _continues(run: NoteRun, style: str, labels: Sequence[str]) -> bool:
    """Whether the labels go on with the run: in its style, new to it, and numbers without a gap."""
    numbered_on = style != "number" or labels[0] == _next(next(reversed(run.notes)))
    return run.style == style and not run.notes.keys() & set(labels) and numbered_on


def _next(label: str) -> str:
    return str(int(label) + 1) if label.isdecimal() else ""


def _follows(label: str, before: str) -> bool:
    if label.isdecimal() or before.isdecimal():
        return label == _next(before)
    return label != before
