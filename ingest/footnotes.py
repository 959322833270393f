"""Footnotes that are known by their print alone: which paragraphs are notes, what a marker means.

A note begins with its label: "[1] text", "[^1]: text", "1. [1]" with the text below it,
"[Footnote 1: text]" of one or more paragraphs, "¹ text", "* text", at the end of a text "1. text" and,
there or right below a heading that says "Notes", "(1) text". A run of such paragraphs is notes where
at least half of their labels (of "1. text" without a heading that says "Notes", two in three) stand as
markers in the text before it; so neither a numbered list nor a list of references that the text never
marks is taken for notes. Labels may begin again in every chapter: a marker means the next note of its
label. Formats that link their notes need none of this.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from ingest.document import Block, Ref
from ingest.markers import BREAK, GOES_ON, ITEM, SYMBOLS, find_markers, name_again, shown
from ingest.note_runs import AT_THE_END, Chunk, NoteRun, next_label, runs_of

RAISES = ("bracket", "raised", "superscript")
MARKED_BY = {
    **dict.fromkeys(("both", "bracket", "number", "item", "raised", "superscript"), RAISES),
    "named": (*RAISES, "symbol"),
    "symbol": (*RAISES, "symbol"),
    "round": ("round", "apart"),
}
"""The forms of markers that can mean a note printed in a style."""
NOTES_HEADING = re.compile(r"^(?:end|foot)?notes?:?$|^references:?$|^anmerkungen:?$", re.IGNORECASE)
MOST_BETWEEN = 8
"""Paragraphs of one note at the margin; a longer piece between two notes is text."""


class PrintedNotes:
    """The notes among the chunks of a text. runs: in order. orphans: the markers that `cut` met without
    a note, once each, as warnings."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.runs: list[NoteRun] = []
        self.by_label: dict[str, list[NoteRun]] = {}
        self.orphans: dict[str, None] = {}
        candidates = runs_of(chunks)
        lists = {
            id(run)
            for pair in pairwise(candidates)
            if pair[0].end == pair[1].start and {r.style for r in pair} == {"symbol"}
            for run in pair
        }
        lists |= _bullets(candidates, chunks)
        marked_at: dict[tuple[str, str], int] = {}
        scanned = 0
        for run in candidates:
            for i in range(scanned, run.start):
                found = (marker for text in chunks[i].texts for marker in find_markers(text))
                marked_at |= {(label, form): i for _, _, label, form in found}
            scanned = run.end
            marked = sum(self._is_marked(label, run, marked_at) for label in run.notes)
            if self._goes_on(run, chunks, marked_at):
                continue
            headed = _headed(run, chunks)
            share = 2 / 3 if run.style in ("number", "item") and not headed else 1 / 2
            last = run.style not in AT_THE_END or run is candidates[-1] or (headed and run.style == "round")
            if last and marked >= share * len(run.notes) and id(run) not in lists:
                self.runs.append(run)
                for label in run.notes:
                    again = self.by_label.setdefault(label, [])
                    run.names[label] = name_again(label, len(again))
                    again.append(run)
            else:
                texts = (text for paragraphs in run.notes.values() for text in paragraphs)
                inside = find_markers(" ".join(texts))
                marked_at |= {(label, form): run.start for _, _, label, form in inside}
        self._marked_by: dict[tuple[str, str], list[NoteRun]] = {}
        for label, runs in self.by_label.items():
            for run in runs:
                for form in MARKED_BY[run.style]:
                    self._marked_by.setdefault((label, form), []).append(run)
        self._inside = {i for run in self.runs for i in range(run.start, run.end)}
        self._headings = {run.start - 1 for run in self.runs if _headed(run, chunks)}

    def _is_marked(self, label: str, run: NoteRun, marked_at: dict[tuple[str, str], int]) -> bool:
        since = self.by_label[label][-1].end if label in self.by_label else 0
        return any(marked_at.get((label, form), -1) >= since for form in MARKED_BY[run.style])

    def _goes_on(self, run: NoteRun, chunks: Sequence[Chunk], marked_at: dict[tuple[str, str], int]) -> bool:
        """Whether the run goes on with the notes before it, so that what stands between them is paragraphs
        of the last of those: it does if its numbers do, and all of its markers stand before both."""
        before = self.runs[-1] if self.runs else None
        if before is None or run.style != before.style or before.style not in ("both", "bracket", "raised"):
            return False
        last = next(reversed(before.notes))
        places = [max(marked_at.get((label, f), -1) for f in RAISES) for label in run.notes]
        known = set(before.notes) & set(run.notes)
        if known or not last.isdecimal() or next(iter(run.notes)) != next_label(last):
            return False
        if not all(0 <= place < before.start for place in places) or run.start - before.end > MOST_BETWEEN:
            return False
        before.notes[last] += [chunk.text for chunk in chunks[before.end : run.start]]
        for label, paragraphs in run.notes.items():
            again = self.by_label.setdefault(label, [])
            before.notes[label], before.names[label] = paragraphs, name_again(label, len(again))
            again.append(before)
        before.end = run.end
        return True

    @property
    def end(self) -> int:
        """Index behind the last chunk of the last run, 0 where there are no notes."""
        return self.runs[-1].end if self.runs else 0

    def hold(self, index: int) -> bool:
        """Whether the chunk is part of the notes, or the word "Notes" above them."""
        return index in self._inside or index in self._headings

    def cut(self, text: str, index: int) -> tuple[str | Ref, ...]:
        """The text of a chunk with its markers: each means the next note of its label, else the last."""
        pieces: list[str | Ref] = []
        cursor = 0
        for start, end, label, form in find_markers(text) if self.runs else ():
            if runs := self._marked_by.get((label, form)):
                at = bisect_right(runs, index, key=lambda run: run.end)
                pieces += [text[cursor:start], Ref(runs[min(at, len(runs) - 1)].names[label])]
                cursor = end
            elif form == "bracket" and re.fullmatch(rf"\d{{1,3}}|[{SYMBOLS}]+", label):
                self.orphans[f"marker [{label}] has no note"] = None
        pieces.append(text[cursor:])
        return shown(pieces)

    def blocks(self) -> Iterator[Block]:
        """The notes as blocks."""
        for run in self.runs:
            for label, paragraphs in run.notes.items():
                for text in paragraphs:
                    yield Block("note", self.cut(text, run.start), label=run.names[label])


def link_printed_notes(
    blocks: Sequence[Block], warnings: list[str] | None = None, *, headed: bool = False
) -> tuple[Block, ...]:
    """The blocks of a format that links notes, of a document without such links: what is a note by its
    print becomes one, and its markers are linked. warnings: gets a line for each marker without a note.
    headed: whether items of a numbered list are notes only below a heading that says "Notes"."""
    texts = ["".join(p if isinstance(p, str) else f"[{p.label}]" for p in block.content) for block in blocks]
    may = ("paragraph", "term", "item", "heading")
    chunks = [
        Chunk(_lines(text) if b.kind in may else ("",), 4 * (GOES_ON in text))
        for b, text in zip(blocks, _without_lists(texts) if headed else texts, strict=True)
    ]
    notes = PrintedNotes(chunks)
    body = [
        replace(block, content=notes.cut(text, i))
        for i, (block, text) in enumerate(zip(blocks, texts, strict=True))
        if not notes.hold(i)
    ]
    found = (*body, *notes.blocks())
    if warnings is not None:
        warnings += notes.orphans
    return found


def as_shown(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks of a document whose notes are linked, with what is raised as it is read."""
    return tuple(replace(block, content=shown(_merged(block.content))) for block in blocks)


def _without_lists(texts: Iterable[str]) -> Iterator[str]:
    """The texts without items' numbers, but for those of a list right below a heading that says "Notes"."""
    below = False
    for text in texts:
        below = below and bool(ITEM.match(text))
        yield text if below else ITEM.sub("", text)
        below = below or _says_notes(text)


def _lines(text: str) -> tuple[str, ...]:
    """The lines that a text is written in, each of which may begin a note."""
    return tuple(line for part in text.split(BREAK) if (line := part.strip(f" \n{GOES_ON}"))) or ("",)


def _merged(content: Iterable[str | Ref]) -> Iterator[str | Ref]:
    """The content with neighbouring strings as one."""
    for is_text, run in groupby(content, key=lambda piece: isinstance(piece, str)):
        pieces = list(run)
        yield from ["".join(map(str, pieces))] if is_text else pieces


def _bullets(candidates: Sequence[NoteRun], chunks: Sequence[Chunk]) -> set[int]:
    """The runs whose symbol begins more than twice as many paragraphs as it marks words: a list's."""
    symbols = [run for run in candidates if run.style == "symbol"]
    begun = Counter(label for run in symbols for label in run.notes)
    found = (find_markers(chunk.text) for chunk in chunks) if symbols else ()
    marked = Counter(label for markers in found for _, _, label, _ in markers)
    return {id(run) for run in symbols if all(begun[label] > 2 * marked[label] for label in run.notes)}


def _headed(run: NoteRun, chunks: Sequence[Chunk]) -> bool:
    return run.start > 0 and _says_notes(chunks[run.start - 1].text)


def _says_notes(text: str) -> bool:
    return bool(NOTES_HEADING.match(text.strip("#*= ")))
