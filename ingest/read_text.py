"""Plain text: headings, lists and footnotes have no markup here and are recognised by what they are.

Headings are short unpunctuated lines between paragraphs; footnotes are known by their print
(`ingest.footnotes`). Where a line is too little to tell, it stays a paragraph: that is always cited.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.boilerplate import CLOSERS, count_head, count_tail, is_sentence
from ingest.decode import decode, unread
from ingest.document import MARKER, Block, BlockKind, Read
from ingest.footnotes import PrintedNotes
from ingest.markers import SYMBOLS, find_markers
from ingest.note_runs import Chunk
from ingest.passages import QUESTION
from ingest.sentences import split_sentences
from ingest.text_tables import rows_of

SUFFIXES = (".txt", ".text")

LONG_LINE = 200
"""Characters; a text that is mostly in longer lines has a paragraph a line, not wrapped lines."""
HEADING_WORDS = 14
HEADING_LENGTH = 120

LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
LIST_ITEM = re.compile(r"^[ \t]*(?:[-*•–]|\d{1,3}[.)])\s+\S")
NUMBERED = re.compile(r"^\s*\d{1,3}(?:\.\d{1,3})*[.)]?\s+")
UNDERLINE = re.compile(r"^\s*(?:=|-){3,}\s*$")
RULE = re.compile(r"^\s*([-=_*~])\s*(?:\1\s*){2,}$")
MAIL_HEADER = re.compile(r"^(?:from|to|cc|subject|date|sent|reply-to):\s", re.IGNORECASE)
LABEL = re.compile(r":\s+(?=\S)|：")
PART = re.compile(
    r"""\d{1,3}(?:\.\d{1,3})*[.)]?\s | [IVXLC]+[.:\s] | [^:：]*\b(?:\d+|[IVX]+)(?:\s\([^)]*\))?[:：](?:\s|$)
      | (?i:chapter|part|book|section|appendix|phase|kapitel|teil|abschnitt|anhang|chapitre|partie|annexe
        |cap[ií]tulo|parte|глава|часть)\b""",
    re.VERBOSE,
)
"""What a heading with a colon begins with: "Chapter 3: A Title", "II: A Title", "Case 14: A Title"."""
MEASURE = re.compile(
    r"\d[ \xa0]?(?:[km]?Ah|k?Wh|[kM]W|[kMG]?Hz|[kMGT]B|[mck]m|km/h|mph|[mk]g|ml|lbs?|oz|ft|°[CF]?|[%€£$])"
    r"\s*(?:\(|$)"
    r"|\b0\d{2,4}[ /-]?\d{3}|\+\d{2}"
)
"""A figure with its unit at the end of a line, "5,000 mAh (typical)", or a telephone number."""
YEAR = re.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)")
KNOWN_NUMBER = re.compile(rf"\d{{4}}-\d\d-\d\d|\d+(?:\.\d+)+|{YEAR.pattern}")
"""A date, a version or a year, as headings have: "Release 1.42.13 (2015-05-17)"."""
RAISED_LABELS = f"{SYMBOLS}⁰¹²³⁴⁵⁶⁷⁸⁹ "
SUBJECT = re.compile(r"^subject:[ \t]*(.+)", re.IGNORECASE)


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    text = decode(data, name)
    read = read_text(text)
    return replace(read, warnings=(*unread(text), *read.warnings))


def read_text(text: str) -> Read:
    """Blocks of a plain text: title, headings, paragraphs, list items, quotes, notes."""
    chunks = _chunks(text)
    head = count_head([chunk.text for chunk in chunks])
    left_out, chunks = [chunk.text for chunk in chunks[:head]], chunks[head:]
    notes = PrintedNotes(chunks)
    tail = len(chunks) - count_tail([chunk.text for chunk in chunks[notes.end :]])
    left_out += [chunk.text for chunk in chunks[tail:]]
    body = [i for i in range(tail) if not notes.hold(i)]
    around = [chunks[i] for i in body]
    margin = _margin(around)
    blocks = [
        Block(kind, notes.cut(content, i), level)
        for at, i in enumerate(body)
        for kind, content, level in _blocks(around, at, margin)
    ]
    subject = next((m for line in chunks[0].lines if (m := SUBJECT.match(line))), None) if chunks else None
    title = subject.group(1) if subject else ""
    found = (*blocks, *notes.blocks())
    return Read(title=title, blocks=found, left_out=tuple(left_out), warnings=tuple(notes.orphans))


def _chunks(text: str) -> list[Chunk]:
    lines = LINE_ENDS.sub("\n", text).replace("\ufeff", "").expandtabs(4).split("\n")
    long = sum(len(line) for line in lines if len(line) > LONG_LINE)
    paragraph_a_line = long * 2 > sum(len(line) for line in lines)
    chunks: list[Chunk] = []
    current: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            current.append(line)
        if current and (paragraph_a_line or not line.strip()):
            chunks.append(Chunk(tuple(current), len(current[0]) - len(current[0].lstrip())))
            current = []
    return chunks


def _margin(chunks: Sequence[Chunk]) -> int:
    """Columns before the text, which is what follows a chunk's first line, and lines alone that are prose;
    one line in fifty may have fewer."""
    alone = [chunk.indent for chunk in chunks if len(chunk.lines) == 1 and is_sentence(chunk.text)]
    indents = sorted(alone + [_indent(line) for chunk in chunks for line in chunk.lines[1:]])
    return indents[len(indents) // 50] if indents else 0


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _blocks(chunks: Sequence[Chunk], at: int, margin: int) -> Iterator[tuple[BlockKind, str, int]]:
    """(kind, text, level) of each block in the chunk at an index of the body. margin: of the body's text."""
    lines = list(chunks[at].lines)
    if at == 0 and _has_title(chunks):
        yield "title", lines.pop(0).strip().lstrip("# "), 0
    elif len(lines) > 1 and UNDERLINE.match(lines[1]) and _is_heading_line(lines[0]):
        yield "heading", lines[0].strip(), 1 if "=" in lines[1] else 2
        lines = lines[2:]
    elif at > 0 and _is_heading(chunks, at) and not _tells(chunks[at].text):
        yield "heading", chunks[at].text.strip("# "), 1
        return
    while _is_outdented(lines, margin):
        yield "heading", lines[0].strip("# "), 2 if _indent(lines[0]) else 1
        lines = lines[1:]
    lines = [line for line in lines if not RULE.match(line)]
    if lines and all(line.lstrip().startswith(">") for line in lines):
        yield "quote", " ".join(line.lstrip("> ") for line in lines), 0
        return
    rows = rows_of(lines)
    yield from (("row", row, 0) for row in rows) if rows else _items(lines)


def _items(lines: Sequence[str]) -> Iterator[tuple[BlockKind, str, int]]:
    """List items with the lines that go on with them, where two lines or the first begin one."""
    starts = dict.fromkeys(i for i, line in enumerate(lines) if LIST_ITEM.match(line))
    if len(starts) == 1 and 0 not in starts:
        starts = {}
    cuts = [0, *starts, len(lines)]
    for start, end in pairwise(cuts):
        if start < end:
            text = Chunk(tuple(lines[start:end])).text
            yield "item" if start in starts else "paragraph", text, 0


def _has_title(chunks: Sequence[Chunk]) -> bool:
    """Whether the first line is a title: alone, underlined, or not filled as wrapped prose is."""
    lines = chunks[0].lines
    first = lines[0].rstrip(RAISED_LABELS)
    if not _is_heading_line(first, most_words=HEADING_WORDS * 2) or MAIL_HEADER.match(first):
        return False
    if _tells(first, title=True) and not (len(lines) > 1 and UNDERLINE.match(lines[1])):
        return False
    if len(lines) == 1:
        return len(chunks) > 1
    full = len(lines[0]) + 1 + len(lines[1].split()[0]) > max(len(line) for line in lines)
    return bool(UNDERLINE.match(lines[1])) or not full or not is_sentence(chunks[0].text)


def _is_heading(chunks: Sequence[Chunk], at: int) -> bool:
    """A heading-like line, or some in capitals, with prose after it, and not one of a run of short lines."""
    if at + 1 == len(chunks):
        return False
    lines = chunks[at].lines
    if all(_is_capitals(line) for line in lines) and len(lines) <= 3:
        return True
    following, before = chunks[at + 1], chunks[at - 1]
    if NUMBERED.match(lines[0]) and len(lines) == 1:
        return _is_heading_line(NUMBERED.sub("", lines[0])) and not _is_short(following)
    if len(lines) > 1 or not _is_heading_line(lines[0]):
        return False
    if not _is_short(following):
        return True
    return at + 2 < len(chunks) and not _is_short(chunks[at + 2]) and (at == 1 or not _is_short(before))


def _is_outdented(lines: Sequence[str], margin: int) -> bool:
    """Whether the first line is a heading that stands out of a text set in from the margin, as in a manual's
    page, with no blank line before its text. A full line goes on in the next, and a label has its value."""
    if len(lines) < 2 or _indent(lines[0]) >= margin or not _is_heading_line(lines[0]):
        return False
    if _tells(lines[0]) or LABEL.search(lines[0]):
        return False
    full = len(lines[0]) + 1 + len(lines[1].split()[0]) > max(len(line) for line in lines)
    return not full and all(_indent(line) > _indent(lines[0]) + 1 for line in lines[1:])


def _is_short(chunk: Chunk) -> bool:
    return len(chunk.lines) == 1 and (
        _is_heading_line(chunk.lines[0]) or bool(LIST_ITEM.match(chunk.lines[0]))
    )


def _is_capitals(line: str) -> bool:
    """A heading in capitals may end with a full stop: "CHAPTER II."."""
    words = line.split()
    bare = line.strip().rstrip(".")
    return line.isupper() and (bare == line.strip() or len(words) <= 4) and _is_heading_line(bare)


def _is_heading_line(line: str, most_words: int = HEADING_WORDS) -> bool:
    text = line.strip()
    if not any(c.isalpha() for c in text) or len(text) > HEADING_LENGTH or len(text.split()) > most_words:
        return False
    if text.startswith("#"):
        return True
    inner = text.rstrip("”’\"'»)")
    if text[-1] in ".,;:…。、；：" or (inner != text and inner[-1:] in ".,!?…。"):
        return False
    if MARKER.search(text) or LIST_ITEM.match(line) or text.startswith(">"):
        return False
    opening = text.lstrip("“‘\"'«(¿¡")[:1]
    return opening.isdigit() or (opening.isalpha() and not opening.islower())


def _tells(line: str, title: bool = False) -> bool:
    """Whether a short line tells something, which would be lost in a heading: it has a note, a sentence or a
    figure, is of figures, or is a label with a figure, or "Q: …". A title may be of figures, and have a
    question before its subtitle."""
    text = line.strip()
    if text.startswith("#"):
        return False
    if find_markers(text) or QUESTION.match(text) or MEASURE.search(NUMBERED.sub("", text)):
        return True
    if not text.isupper():
        for start, end in split_sentences(text)[:-1]:
            sentence = text[start:end].rstrip(CLOSERS)
            if is_sentence(sentence) and not (title and sentence.endswith("?")):
                return True
    if not title and _is_figures(text):
        return True
    label = None if PART.match(text) else LABEL.search(text)
    return label is not None and _is_figure(YEAR.sub("", text[label.end() :]))


def _is_figures(text: str) -> bool:
    """Whether a line is of several numbers and signs for the most part, as a table's row or code is."""
    rest = KNOWN_NUMBER.sub(" ", NUMBERED.sub("", text))
    letters = sum(unicodedata.category(char)[0] in "LM" for char in rest)
    return len(re.findall(r"\d+", rest)) > 1 and 2 * letters < len("".join(rest.split()))


def _is_figure(value: str) -> bool:
    """Whether a value has a digit in its first word, or a long number."""
    return bool(re.match(r"\S*\d|.*\d{3}", value))
