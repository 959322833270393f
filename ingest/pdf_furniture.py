"""Running heads, page numbers and what a browser prints around a page: found by their coming again.

A line near the top or the bottom of a page is furniture where it stands on at least three pages (of a
document of two pages: on both), each within two pages of the next; a number in it may count the pages.
So neither the "Notes" above the notes of every tenth page nor a note that says "Ibid." goes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median_low

from ingest.pdf_lines import Line
from ingest.pdf_pages import Page

EDGE = 0.15
"""Of a page's height, at its top and at its bottom."""
DEEPEST = 3
"""Baselines from a page's first or last one."""
LARGER = 1.2
"""Times the type of most of its like: a line in larger type is the title that the running head repeats."""
NUMBER = re.compile(r"\d{1,4}|\b[ivxlc]{1,8}\b")
ALONE = re.compile(r"\W*(?:page|seite|p\.)?\W*(\d{1,4})\W*(?:(?:of|von|/)\s*\d{1,4})?\W*", re.IGNORECASE)
PRINTED = re.compile(
    r"(?:file|https?)://\S+(?:\s+\d+/\d+)?|\d\d?[/.]\d\d?[/.]\d{2,4}, \d\d?:\d\d(?:\s?[AP]M)?"
)
"""A browser prints address, date and title of a page around it."""
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def without_furniture(
    pages: Sequence[Page], lines: Sequence[list[Line]]
) -> tuple[list[list[Line]], tuple[str, ...]]:
    """The lines of each page without its furniture, and each piece of furniture once, as it stood."""
    keys: dict[tuple[bool, str], list[Line]] = defaultdict(list)
    candidates = [_candidates(page, found) for page, found in zip(pages, lines, strict=True)]
    for page, found in zip(pages, candidates, strict=True):
        labels = {word.label for line in lines[page.number - 1] for word in line.words if word.raised}
        for top, line in found:
            for key in _keys(line, labels):
                keys[top, key].append(line)
    gone: dict[int, str] = {}
    for (_, key), held in sorted(keys.items(), key=lambda item: -len(item[1])):
        again = _near(held, min(3, max(2, len(pages))))
        fresh = [line for line in again if id(line) not in gone]
        if fresh:
            gone |= {id(line): key for line in fresh}
    for page, found in zip(pages, candidates, strict=True):
        for _, line in found:
            if id(line) not in gone and _sure(line, page, len(pages)):
                gone[id(line)] = line.text
    for on_page in lines:
        _keep_labels(on_page, gone)
    kept = [[line for line in found if id(line) not in gone] for found in lines]
    said: dict[str, list[str]] = defaultdict(list)
    for line in (line for found in lines for line in found if id(line) in gone):
        said[gone[id(line)]].append(line.text)
    once = (texts[0] if texts[0] == texts[-1] else f"{texts[0]} … {texts[-1]}" for texts in said.values())
    return kept, tuple(dict.fromkeys(once))


def _keep_labels(lines: Sequence[Line], gone: dict[int, str]) -> None:
    """A number before a text that stays is no page number: a note's label, say."""
    for line in lines:
        if id(line) in gone and len(line.words) == 1:
            beside = (o for o in lines if o is not line and abs(o.y - line.y) < 0.2 * line.size)
            if any(id(other) not in gone for other in beside):
                del gone[id(line)]


def _candidates(page: Page, lines: Sequence[Line]) -> list[tuple[bool, Line]]:
    """(whether at the top, line) of the lines near the page's edges."""
    levels = sorted({round(line.y, 1) for line in lines})
    upper = levels[:DEEPEST][-1:] or [0.0]
    lower = levels[-DEEPEST:][:1] or [0.0]
    found = [(True, line) for line in lines if line.y <= min(upper[0] + 0.1, page.height * EDGE)]
    found += [(False, line) for line in lines if line.y >= max(lower[0] - 0.1, page.height * (1 - EDGE))]
    return found


def _keys(line: Line, labels: set[str]) -> Iterable[str]:
    """What the line is known by: its text, and its text with each number as its distance to the page's."""
    text = line.text
    if not line.words[0].raised and (line.words[0].label not in labels or len(line.words) == 1):
        yield text
    for match in NUMBER.finditer(text):
        value = int(match.group()) if match.group().isdigit() else _roman(match.group())
        yield f"{text[: match.start()]}#{value - line.page}{text[match.end() :]}"


def _near(held: Sequence[Line], fewest: int) -> list[Line]:
    """The lines that stand within two pages of another one, none if they are on too few pages; a line in
    much larger type than they are is none of them."""
    largest = LARGER * median_low(line.size for line in held)
    held = [line for line in held if line.size <= largest]
    numbers = {line.page for line in held}
    near = [line for line in held if numbers & {line.page + n for n in (-2, -1, 1, 2)}]
    return near if len({line.page for line in near}) >= fewest else []


def _sure(line: Line, page: Page, pages: int) -> bool:
    """Whether the line is furniture even where it stands once. pages: of three a browser prints on each."""
    alone = ALONE.fullmatch(line.text)
    return bool(alone and int(alone.group(1)) == page.number) or (
        pages < 3 and bool(PRINTED.fullmatch(line.text))
    )


def _roman(text: str) -> int:
    values = [ROMAN[letter] for letter in text]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
