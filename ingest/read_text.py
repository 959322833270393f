"""Plain text: headings and footnotes have no markup here and are recognised by what they are.

Headings are short unpunctuated lines between paragraphs; footnotes are a numbered list at the end
whose numbers stand in the body as [n]. A bracketed number without a note stays text.
"""

import re
from dataclasses import dataclass

from ingest.boilerplate import split_tail
from ingest.decode import decode
from ingest.document import MARKER, Block, Read, split_markers

SUFFIXES = (".txt", ".text")

LONG_LINE = 200
"""Characters; texts with lines longer than that have a paragraph a line, not wrapped lines."""
HEADING_WORDS = 14

NOTE_START = re.compile(
    r"""^[ \t]*(?:
        \d{1,4}[.)][ \t]*\[\^?(?P<both>\w{1,4})\]      #  1. [1]
      | \[\^?(?P<bracket>\w{1,4})\]:?                  #  [1] or [^1]:
      | (?P<number>\d{1,4})[.)](?=\s)                  #  1.
    )[ \t]*""",
    re.VERBOSE,
)
NOTES_HEADING = re.compile(r"^(?:end|foot)?notes?:?$|^references:?$|^anmerkungen:?$", re.IGNORECASE)
LIST_ITEM = re.compile(r"^[ \t]*(?:[-*•–]|\d{1,3}[.)])\s+\S")
UNDERLINE = re.compile(r"^\s*(={3,}|-{3,})\s*$")


@dataclass(frozen=True)
class _Chunk:
    """Lines between blank lines. indent: columns before its first line."""

    lines: tuple[str, ...]
    indent: int

    @property
    def text(self) -> str:
        return " ".join(line.strip() for line in self.lines)


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    return read_text(decode(data, name))


def read_text(text: str) -> Read:
    """Blocks of a plain text: title, headings, paragraphs, list items, notes."""
    chunks = _chunks(text)
    body, notes, rest = _split_notes(chunks)
    kept, left_out = split_tail([c.text for c in rest], after_notes=bool(notes))
    if not notes:
        body_texts, left_out = split_tail([c.text for c in body], after_notes=False)
        body = body[: len(body_texts)]
    else:
        body += rest[: len(kept)]
    labels = list(notes)
    blocks = [
        Block(kind, split_markers(content, labels), level)
        for kind, content, level in _body_blocks(body)
    ]
    for label, paragraphs in notes.items():
        blocks += [Block("note", split_markers(p, labels), label=label) for p in paragraphs]
    return Read(title="", blocks=tuple(blocks), left_out=tuple(left_out))


def _chunks(text: str) -> list[_Chunk]:
    lines = re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text).expandtabs(4).split("\n")
    paragraph_a_line = any(len(line) > LONG_LINE for line in lines)
    chunks, current = [], []
    for line in [*lines, ""]:
        if line.strip():
            current.append(line)
        if current and (not line.strip() or (paragraph_a_line and len(line) > LONG_LINE)):
            indent = len(current[0]) - len(current[0].lstrip())
            chunks.append(_Chunk(tuple(current), indent))
            current = []
    return chunks


def _split_notes(
    chunks: list[_Chunk],
) -> tuple[list[_Chunk], dict[str, list[str]], list[_Chunk]]:
    """(body, notes by label, what follows the notes).

    The notes are the last run of chunks that begin with a label which stands as a marker in the
    body before them; a chunk indented deeper than the label goes on with the same note.
    """
    start = _notes_start(chunks)
    if start is None:
        return chunks, {}, []
    body = chunks[:start]
    if body and NOTES_HEADING.match(body[-1].text.strip("# ")):
        body = body[:-1]
    notes: dict[str, list[str]] = {}
    label, outer = "", 0
    for at in range(start, len(chunks)):
        chunk = chunks[at]
        pieces = _note_pieces(chunk)
        if pieces is None:
            bare = not notes[label]
            if not bare and chunk.indent <= outer:
                return body, {k: v for k, v in notes.items() if v}, chunks[at:]
            notes[label].append(chunk.text)
            continue
        for label, content in pieces:
            outer = chunk.indent
            notes.setdefault(label, [])
            if content:
                notes[label].append(content)
    return body, {k: v for k, v in notes.items() if v}, []


def _notes_start(chunks: list[_Chunk]) -> int | None:
    """Index of the first chunk of the notes, None where there are none.

    It is the earliest chunk from which on no label repeats and at least two in three labels stand
    as markers in the text before it. So a numbered list in the body is none, nor is a list of
    references that the text never marks.
    """
    starts = {i: pieces for i, chunk in enumerate(chunks) if i > 0 and (pieces := _note_pieces(chunk))}
    for first in starts:
        markers = set(MARKER.findall(" ".join(c.text for c in chunks[:first])))
        labels = [label for i, pieces in starts.items() if i >= first for label, _ in pieces]
        marked = sum(label in markers for label in labels)
        if labels[0] in markers and len(set(labels)) == len(labels) and marked * 3 >= len(labels) * 2:
            return first
    return None


def _note_pieces(chunk: _Chunk) -> list[tuple[str, str]] | None:
    """(label, text) of each note that begins in the chunk; None where its first line begins none.
    A line that begins no note goes on with the one before it."""
    pieces: list[tuple[str, str]] = []
    for line in chunk.lines:
        match = NOTE_START.match(line)
        if match:
            label = match["both"] or match["bracket"] or match["number"]
            pieces.append((label, line[match.end() :].strip()))
        elif not pieces:
            return None
        else:
            label, text = pieces[-1]
            pieces[-1] = (label, f"{text} {line.strip()}".strip())
    return pieces


def _body_blocks(chunks: list[_Chunk]) -> list[tuple]:
    """(kind, text, level) of each block of the body, in order."""
    blocks: list[tuple] = []
    for i, chunk in enumerate(chunks):
        lines = list(chunk.lines)
        if i == 0 and _is_heading_line(lines[0], first=True) and (len(lines) > 1 or len(chunks) > 1):
            blocks.append(("title", lines.pop(0).strip().lstrip("# "), 0))
        if len(lines) > 1 and UNDERLINE.match(lines[1]) and _is_heading_line(lines[0]):
            blocks.append(("heading", lines[0].strip(), 1 if "=" in lines[1] else 2))
            lines = lines[2:]
        lines = [line for line in lines if not UNDERLINE.match(line)]
        if not lines:
            continue
        if all(LIST_ITEM.match(line) for line in lines):
            blocks += [("item", line.strip(), 0) for line in lines]
        elif i > 0 and len(lines) == 1 and _is_heading(chunks, i):
            blocks.append(("heading", lines[0].strip().strip("# "), 1))
        else:
            blocks.append(("paragraph", " ".join(line.strip() for line in lines), 0))
    return blocks


def _is_heading(chunks: list[_Chunk], i: int) -> bool:
    """A heading-like line with prose after it, and not one of a run of short lines."""
    if not _is_heading_line(chunks[i].lines[0]) or i + 1 == len(chunks):
        return False
    following = chunks[i + 1]
    if len(following.lines) > 1 or not _is_heading_line(following.lines[0]):
        return True
    beyond = chunks[i + 2] if i + 2 < len(chunks) else None
    return beyond is not None and not _is_heading_line(beyond.lines[0]) and i > 0 and not (
        len(chunks[i - 1].lines) == 1 and _is_heading_line(chunks[i - 1].lines[0]) and i > 1
    )


def _is_heading_line(line: str, first: bool = False) -> bool:
    text = line.strip()
    words = text.split()
    if not words or len(words) > (HEADING_WORDS * 2 if first else HEADING_WORDS) or len(text) > LONG_LINE:
        return False
    if text.startswith("#"):
        return True
    if text[-1] in ".,;:…" or MARKER.search(text) or LIST_ITEM.match(line):
        return False
    opening = text.lstrip("“‘\"'(¿¡")[:1]
    return bool(opening) and (opening.isupper() or opening.isdigit() or not opening.isascii())
