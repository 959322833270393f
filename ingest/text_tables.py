"""Tables in plain text, which are lines with white space in the same columns of all of them.

The lines of a paragraph set to both edges have wide gaps, too, but not one below the other.
"""

import re
from collections.abc import Sequence

GUTTER = re.compile(r"(?<=\S) {2,}(?=\S)")
FEWEST_ROWS = 3
FEWEST_GUTTERS = 2
"""White of two columns and more that goes down through all lines; of one, a list of terms has as much."""


def rows_of(lines: Sequence[str]) -> list[str]:
    """Each row, its cells but for empty ones parted by " | ", if the lines are a table, else nothing. A line
    with text in one cell, and not in the first, goes on with that cell of the row before it."""
    lines = [line for line in lines if _has_word(line)]
    gutters = _gutters(lines)
    if len(gutters) < FEWEST_GUTTERS:
        return []
    starts, ends = [0, *(end for _, end in gutters)], [start for start, _ in gutters]
    rows: list[list[str]] = []
    for line in lines:
        cells = [line[a:b].strip() for a, b in zip(starts, [*ends, len(line)], strict=True)]
        filled = [k for k, cell in enumerate(cells) if cell]
        if rows and len(filled) == 1 and filled[0] > 0:
            rows[-1][filled[0]] += f" {cells[filled[0]]}"
        else:
            rows.append(cells)
    return [" | ".join(cell.strip() for cell in row if cell) for row in rows]


def _gutters(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Columns [start, end) of each gutter that at least three lines have text on both sides of."""
    if sum(bool(GUTTER.search(line)) for line in lines) < FEWEST_ROWS:
        return []
    width = max(map(len, lines))
    printed = [False] * width
    for line in lines:
        for at, char in enumerate(line):
            printed[at] = printed[at] or char != " "
    across = "".join("x" if dark else " " for dark in printed)
    found = [match.span() for match in GUTTER.finditer(across)]
    return [
        (start, end)
        for start, end in found
        if sum(_has_word(line[:start]) and _has_word(line[end:]) for line in lines) >= FEWEST_ROWS
    ]


def _has_word(text: str) -> bool:
    """Whether it is more than a frame or a list's mark."""
    return any(char.isalnum() for char in text)
