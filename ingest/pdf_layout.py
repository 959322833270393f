"""The lines of a page in reading order: columns, and the full-width lines between them.

Knows nothing of paragraphs or notes. Columns are known by a gap that lines of running prose leave free on
both sides.
"""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from ingest.pdf_lines import Line
from ingest.pdf_rules import Rule
from ingest.pdf_tables import joined_lines, with_tables

GUTTER = 0.7
"""In ems: the least white between two columns."""


def columns_of(lines: Sequence[Line], rules: Sequence[Rule]) -> list[list[Line]]:
    """The page's lines column by column, as they are read; parts of one line are one again, and a row of
    a table is one line with cells."""
    return [joined_lines(column) for column in _columns(with_tables(lines, rules), rules) if column]


def _columns(lines: list[Line], rules: Sequence[Rule]) -> list[list[Line]]:
    best = max(
        (_bands(lines, x, rules) for x in _gutters(lines)),
        key=lambda bands: sum(len(left) + len(right) for left, right in bands if right),
        default=[],
    )
    if not any(right for _, right in best):
        return [lines]
    found: list[list[Line]] = []
    for left, right in best:
        if right:
            found += [*_columns(left, rules), *_columns(right, rules)]
        elif left:
            found += _columns(left, rules)
    return found


def _gutters(lines: Sequence[Line]) -> list[float]:
    """Where a column may begin: at a place where several lines do, right of where most begin."""
    starts = Counter(round(line.x0) for line in lines if not line.cells)
    near = {x: starts[x - 1] + starts[x] + starts[x + 1] for x in starts}
    first = min(starts, default=0)
    likely = sorted((x for x in near if near[x] >= 2 and x > first + 20), key=lambda x: -near[x])
    return [x - 1.5 for x in likely[:12]]


def _bands(lines: Sequence[Line], x: float, rules: Sequence[Rule]) -> list[tuple[list[Line], list[Line]]]:
    """The lines cut at x from top to bottom: (left, right) where there are two columns, else (lines, [])."""
    bands: list[tuple[list[Line], list[Line]]] = []
    band: list[Line] = []
    for line in [*lines, None]:
        if line is not None and not line.x0 < x < line.x1:
            band.append(line)
            continue
        left, right = [b for b in band if b.x1 <= x], [b for b in band if b.x0 >= x]
        tail = [line] if line is not None else []
        whole = [*band, *tail]
        if right:
            below = _below(left, right)
            left, tail = left[: len(left) - len(below)], [*below, *tail]
        if _are_columns(left, right, rules):
            bands.append((left, right))
            whole = tail
        if bands and not bands[-1][1]:
            bands[-1][0].extend(whole)
        else:
            bands.append((whole, []))
        band = []
    return bands


def _below(left: Sequence[Line], right: Sequence[Line]) -> list[Line]:
    """The last lines on the left that stand apart below both columns: a short heading, say, of what
    follows in full width."""
    usual = median(line.size for line in left) if left else 0
    for i in range(len(left) - 1, 0, -1):
        # Smaller type is a column's note.
        if left[i].y <= right[-1].y + 0.8 * left[i].size or left[i].size < 0.95 * usual:
            break
        if (
            left[i].y - left[i - 1].y > 1.7 * left[i - 1].size
            and left[i - 1].y <= right[-1].y + left[i].size * 2
        ):
            return list(left[i:])
    return []


def _are_columns(left: Sequence[Line], right: Sequence[Line], rules: Sequence[Rule]) -> bool:
    # Rows of a table share their baselines; lines that do not may be as short as a narrow column's.
    levels = {round(line.y) for line in left}
    apart = sum(round(line.y) not in levels for line in right) * 2 > len(right)
    if not all(_is_prose(side, 1.8 if apart else 2.5) for side in (left, right)):
        return False
    edge, start = max(line.x1 for line in left), min(line.x0 for line in right)
    top, bottom = max(left[0].y, right[0].y), min(left[-1].y, right[-1].y)
    across = [r for r in rules if r.level and r.x0 < edge and r.x1 > start and top < r.y0 < bottom]
    return start - edge >= GUTTER * left[0].size and bottom > top and len(across) < 2


def _is_prose(side: Sequence[Line], fewest: float) -> bool:
    """Whether the lines of a side fill it with words, as the cells of a table do not."""
    rows: dict[float, list[Line]] = {}
    for line in side:
        rows.setdefault(round(line.y), []).append(line)
    if len(rows) < 2:
        return False
    width = max(line.x1 for line in side) - min(line.x0 for line in side)
    filled = sum(row[-1].x1 - row[0].x0 for row in rows.values()) / len(rows)
    # Not by row: the cells of several columns make a row of many words.
    words = sum(len(line.words) for line in side) / len(side)
    return filled >= 0.5 * width and words >= fewest
