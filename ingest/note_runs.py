"""Which paragraphs of a text begin as footnotes do, in runs of one style; whether they are notes,
`ingest.footnotes` decides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.markers import LOWERED, RAISED, SUPERSCRIPTS, SYMBOLS
from ingest.text_tables import rows_of
from ingest.wrapping import unwrapped

NOTE_START = re.compile(
    rf"""^[ \t\xa0]*(?:
        \d{{1,4}}[.)][ \t]*\^?\[\^?(?P<both>\w{{1,4}})\]                     #  1. [1]
      | \^?\[\^?(?P<bracket>\w{{1,4}}|[{SYMBOLS}]{{1,3}})\]:?             #  [1], [*], ^[1] or [^1]:
      | \[(?:foot|end)?note[ ](?P<named>\w{{1,4}}|[{SYMBOLS}]{{1,3}}):    #  [Footnote 1: text]
      | {RAISED}\#\#?[\[(]?(?P<item>\d{{1,4}})[\]).:]*{LOWERED}           #  an item of a numbered list
      | (?P<number>\d{{1,4}})[.)](?=\s)                                   #  1.
      | {RAISED}(?P<raised>\d{{1,4}}|[a-z]|[{SYMBOLS}]{{1,3}}){LOWERED}[.)]?
      | (?P<superscript>[⁰¹²³⁴-⁹]{{1,4}})                                 #  ¹
      | \((?P<round>\d{{1,3}})\)(?=\s)                                    #  (1)
      | (?P<symbol>(?!\*[^*]+\*)\*{{1,3}}|[†‡§¶]{{1,3}})(?=[ \t]*[^\s{SYMBOLS}])
    )[ \t]*""",
    re.VERBOSE | re.IGNORECASE,
)
AT_THE_END = ("number", "item", "round")
"""Styles that lists have too: notes only as the last run of the text; "round" also below a heading."""
MOST_PARAGRAPHS = 30
"""Of one "[Footnote 1: text]"; a bracket that closes later or never was not meant."""


@dataclass(frozen=True)
class Chunk:
    """Lines between blank lines. indent: columns before its first line."""

    lines: tuple[str, ...]
    indent: int = 0

    @property
    def text(self) -> str:
        """The lines as one."""
        return unwrapped(line.strip() for line in self.lines)

    @property
    def texts(self) -> list[str]:
        """The rows of a table, else the text: a marker at the end of a row is at an end."""
        return rows_of(self.lines) or [self.text]


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


def runs_of(chunks: Sequence[Chunk]) -> list[NoteRun]:
    """Every run of chunks that begin as notes of one style, with each label once; the chunks that go
    on with a note are those below a label that stands alone, those indented deeper than it and those
    before its bracket closes. A label with nothing below it is a note that says just that."""
    runs: list[NoteRun] = []
    last: list[str] | None = None
    outer, closing = 0, -1
    for i, chunk in enumerate(chunks):
        run = runs[-1] if runs and runs[-1].end == i else None
        if i <= closing and run is not None and last is not None:
            last.append(chunk.text.removesuffix("]") if i == closing else chunk.text)
            run.end = i + 1
            continue
        style, pieces = _pieces(chunk)
        if pieces:
            outer = chunk.indent
            if run is None or not _continues(run, style, [label for label, _ in pieces]):
                run = NoteRun(i, i, style)
                runs.append(run)
            for label, text in pieces:
                last = run.notes.setdefault(label, [])
                last += [text] if text else []
            run.end = i + 1
            closing = _closing(chunks, i) if style == "named" else -1
        elif run is not None and last is not None and (not last or chunk.indent > outer):
            last.append(chunk.text)
            run.end = i + 1
    for run in runs:
        run.notes = {label: paragraphs or [f"[{label}]"] for label, paragraphs in run.notes.items()}
    return runs


def _closing(chunks: Sequence[Chunk], at: int) -> int:
    """Index of the chunk that closes the bracket left open by the chunk at an index, else -1."""
    depth = 0
    for i in range(at, min(at + MOST_PARAGRAPHS, len(chunks))):
        text = chunks[i].text
        if i > at and NOTE_START.match(text):
            return -1
        depth += text.count("[") - text.count("]")
        if depth <= 0:
            return i
    return -1


def _pieces(chunk: Chunk) -> tuple[str, list[tuple[str, str]]]:
    """Style, and (label, text) of each note that begins in the chunk; none where its first line
    begins none. A later line begins a note if it is numbered on; else it goes on with the note."""
    style = ""
    pieces: list[tuple[str, str]] = []
    for line in chunk.lines:
        match = NOTE_START.match(line)
        form = (match.lastgroup or "") if match else ""
        label = match[form].translate(SUPERSCRIPTS) if match and form else ""
        if pieces and form == style == "symbol" and label == pieces[-1][0]:
            return "", []  # "* one" above "* two" is a list
        follows = pieces and (_follows(label, pieces[-1][0]) or (match and "[^" in match.group()))
        if match and (not pieces or (form == style and follows)):
            style = form
            pieces.append((label, line[match.end() :].strip()))
        elif pieces:
            pieces[-1] = (pieces[-1][0], unwrapped((pieces[-1][1], line.strip())).strip())
        else:
            break
    if style == "named":
        pieces = [
            (label, text.removesuffix("]") if text.count("]") > text.count("[") else text)
            for label, text in pieces
        ]
    return style, pieces


def _continues(run: NoteRun, style: str, labels: Sequence[str]) -> bool:
    """Whether the labels go on with the run: in its style, new to it, and numbers without a gap."""
    gapless = style not in AT_THE_END or labels[0] == next_label(next(reversed(run.notes)))
    return run.style == style and not run.notes.keys() & set(labels) and gapless


def next_label(label: str) -> str:
    """The number after a label, "" for a label that is none."""
    return str(int(label) + 1) if label.isdecimal() else ""


def _follows(label: str, before: str) -> bool:
    if label.isdecimal() or before.isdecimal():
        return label == next_label(before)
    return label != before
