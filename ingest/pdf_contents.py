"""The table of contents of a PDF, which leads by dots to page numbers: navigation, not text.

A list of prices may be printed the same way, so that only a list whose titles come again, as lines of other
pages, is contents.
"""

from collections.abc import Sequence
from itertools import pairwise

from ingest.pdf_lines import Line

DOTS = ".·"
FEWEST_DOTS = 4
FEWEST = 3
"""Lines with leaders; of their titles, at least half come again."""
BETWEEN = 2
"""Lines without a leader that may stand between two with one: a chapter's title, the start of a long one."""


def without_contents(pages: Sequence[list[list[Line]]]) -> tuple[list[list[list[Line]]], tuple[str, ...]]:
    """The columns of each page without contents, and what was left out, a piece a column."""
    titles = {_plain(line.text) for columns in pages for column in columns for line in column}
    left_out: list[str] = []
    kept = [[_without(column, titles, left_out) for column in columns] for columns in pages]
    return [[column for column in columns if column] for columns in kept], tuple(left_out)


def _without(column: list[Line], titles: set[str], left_out: list[str]) -> list[Line]:
    led = {i: title for i, line in enumerate(column) if (title := _title(line.text))}
    again = sum(_plain(title) in titles for title in led.values())
    if len(led) < FEWEST or again * 2 < len(led):
        return column
    edges = [column[i].x1 for i in led]
    gone = {i for i, line in enumerate(column) if i in led or _ends_at(line, edges)}
    places = sorted(gone)
    for before, after in pairwise(places):
        if after - before <= BETWEEN + 1:
            gone.update(range(before, after))
    left_out.append("\n".join(column[i].text for i in sorted(gone)))
    return [line for i, line in enumerate(column) if i not in gone]


def _title(text: str) -> str:
    """What a line with a leader has before it, "" where there is none."""
    led = text.rstrip("0123456789") if text[-1:].isdecimal() else text.rstrip("ivxlcIVXLC")
    title = led.rstrip(f" {DOTS}")
    return title if led != text and sum(char in DOTS for char in led[len(title) :]) >= FEWEST_DOTS else ""


def _ends_at(line: Line, edges: Sequence[float]) -> bool:
    """Whether the line ends with a number where the page numbers of others stand."""
    number = line.words[-1].text.isdecimal() and len(line.words) > 1
    return number and any(abs(line.x1 - edge) < 1.5 for edge in edges)


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
