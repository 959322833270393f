"""The notes at the end of a PDF: below a heading "Notes", or a last numbered list that the text marks."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.footnotes import NOTES_HEADING
from ingest.pdf_lines import Line
from ingest.pdf_notes import PRINTED, Notes
from ingest.pdf_paragraphs import Paragraph
from ingest.pdf_text import labels_of, side_by_side

BACK = re.compile(r"[↩↵⮌]\ufe0e?$")
"""A link back to the marker, which a browser prints behind a note."""
MARKED = 2 / 3
"""Of the labels of a list without a heading, the least share that the text has as markers without a note;
and of those markers, the least share that the list has."""


def without_end_notes(paragraphs: Sequence[Paragraph], notes: Notes) -> tuple[list[Paragraph], bool]:
    """Take the notes at the end: (the other paragraphs, whether the notes had links back, which are gone).

    Below each heading "Notes", where half of their labels stand in the text before; without such notes
    the last list that counts on from 1 and whose labels are those of markers that have no note yet."""
    left = _below_headings(paragraphs, notes)
    if not any(note.at_end is not None for note in notes.found):
        left = _last_list(left, notes)
    back = False
    for note in notes.found:
        if note.at_end is not None:
            held = [_without_back(line) for line in note.lines]
            back = back or held != note.lines
            note.lines = [line for line in held if line is not None]
    return left, back


def _below_headings(paragraphs: Sequence[Paragraph], notes: Notes) -> list[Paragraph]:
    out: list[Paragraph] = []
    marked: set[str] = set()
    scanned = i = 0
    while i < len(paragraphs):
        head = paragraphs[i]
        i += 1
        if head.kind != "heading" or not NOTES_HEADING.match(head.lines[0].text.strip()):
            out.append(head)
            continue
        below = i
        while i < len(paragraphs) and (paragraphs[i].kind != "heading" or paragraphs[i].level > head.level):
            i += 1
        marked |= labels_of(line for p in out[scanned:] for line in p.lines)
        scanned = len(out)
        trial, rest = _trial(paragraphs[below:i], marked, len(out))
        found = {note.label for note in trial.found}
        if rest or len(found & marked) * 2 < len(found) or not found:
            out.append(head)
            i = below
            continue
        notes.found += trial.found
        out += [p for p in paragraphs[below:i] if p.kind not in ("paragraph", "item")]
    return out


def _last_list(paragraphs: Sequence[Paragraph], notes: Notes) -> list[Paragraph]:
    starts = [
        i for i, p in enumerate(paragraphs) if p.kind in ("paragraph", "item") and _is_first(p.lines[0])
    ]
    if not starts:
        return list(paragraphs)
    noted = {(note.page, note.label) for note in notes.found}
    marks = [
        (i, label)
        for i, p in enumerate(paragraphs)
        for line in p.lines
        for whole in labels_of([line])
        if not {(line.page, whole), (line.page + 1, whole)} & noted
        for label in (whole, *side_by_side(whole))
    ]
    for start in reversed(starts):
        marked = {label for i, label in marks if i < start}
        if "1" not in marked and "2" not in marked:
            continue
        after = range(start, len(paragraphs))
        end = next((i for i in after if paragraphs[i].kind == "heading"), len(paragraphs))
        trial, rest = _trial(paragraphs[start:end], marked, start)
        found = [note.label for note in trial.found]
        counts = len(found) > 1 and found == [str(n) for n in range(1, len(found) + 1)]
        both = len(marked & set(found))
        all_marked = {label for i, label in marks if not start <= i < end and label.isdecimal()}
        if counts and not rest and both >= MARKED * max(len(found), len(all_marked)):
            notes.found += trial.found
            kept = [p for p in paragraphs[start:end] if p.kind not in ("paragraph", "item")]
            return [*paragraphs[:start], *kept, *paragraphs[end:]]
    return list(paragraphs)


def _trial(paragraphs: Sequence[Paragraph], marked: set[str], at_end: int) -> tuple[Notes, list[Line]]:
    """The notes that the paragraphs would be, and the lines that would be no note's."""
    lines = [line for p in paragraphs if p.kind in ("paragraph", "item") for line in p.lines]
    trial = Notes()
    rest = trial.add(lines, marked, max((line.x1 for line in lines), default=0), at_end=at_end)
    return trial, rest


def _is_first(line: Line) -> bool:
    """Whether a list or a run of notes may begin here."""
    first = line.words[0]
    printed = PRINTED.fullmatch(first.label)
    return bool(printed and printed[1] == "1") and (first.raised or not first.fixed) and len(line.words) > 1


def _without_back(line: Line) -> Line | None:
    last = line.words[-1]
    text = BACK.sub("", last.text)
    if text == last.text:
        return line
    words = [*line.words[:-1], *([replace(last, text=text)] if text else [])]
    return Line(words, line.page) if words else None
