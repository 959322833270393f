"""The rows of a PDF's tables: known by rules, or by lines whose parts stand below each other."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ingest.pdf_lines import Line, Word
from ingest.pdf_rules import Rule

ALIGNED = 1.5
"""Points by which the parts of a table's column differ at most."""


def joined_lines(lines: list[Line]) -> list[Line]:
    """Lines from top to bottom; what stands on one baseline is one line, with cells if it is a row."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.y):
        if groups and line.y - groups[-1][0].y <= 0.15 * line.size and not line.cells:
            groups[-1].append(line)
        else:
            groups.append([line])
    for group in groups:
        group.sort(key=lambda line: line.x0)
    table = [False] * len(groups)
    for i, (above, below) in enumerate(pairwise(groups)):
        if _in_one_table(above, below):
            table[i] = table[i + 1] = True
    out: list[Line] = []
    for i, group in enumerate(groups):
        if table[i]:
            row = _row([line.words for line in group], group[0].page)
            inside = out and out[-1].cells and i and table[i - 1] and len(group) < len(out[-1].cells)
            if inside and group[0].x0 > out[-1].x0 + ALIGNED and row.y - out[-1].y < 1.4 * row.size:
                _append(out[-1], group)
            else:
                out.append(row)
                first = len(out) < 3 or not out[-3].cells
                if first and len(out) > 1 and _begins(out[-2], group):
                    _prepend(row, out.pop(-2))
        elif len(group) > 1:
            for line in group[1:]:
                line.words[0].space = True
            out.append(Line([word for line in group for word in line.words], group[0].page))
        else:
            out += group
    return out


def _in_one_table(above: Sequence[Line], below: Sequence[Line]) -> bool:
    if below[0].y - above[0].y > 4 * below[0].size or not (_has_cells(above) and _has_cells(below)):
        return False
    if len(above) == len(below) > 2 and all(
        a.x0 < b.x1 and b.x0 < a.x1 for a, b in zip(above, below, strict=True)
    ):
        return True
    wide = all(b.x0 - a.x1 > 1.2 * a.size for a, b in (*pairwise(above), *pairwise(below)))
    aligned = any(
        min(abs(a.x0 - b.x0), abs(a.x1 - b.x1), abs(a.x0 + a.x1 - b.x0 - b.x1) / 2) <= ALIGNED
        for a in above[1:]
        for b in below[1:]
    )
    return wide and aligned


def _has_cells(group: Sequence[Line]) -> bool:
    """Whether the parts of a line may be a table's cells: not a note's label or a list's number before its
    text, and not a justified line, whose gaps are all the same."""
    if len(group) < 2:
        return False
    first = group[0]
    if len(group) == 2 and len(first.words) == 1 and len(first.text) < 5:
        return group[1].x0 - first.x0 > 3 * first.size
    gaps = [b.x0 - a.x1 for a, b in pairwise([word for line in group for word in line.words])]
    return len(gaps) < 2 or max(gaps) > 1.3 * median(gaps) or min(gaps) > 2 * first.size


def _append(row: Line, group: Sequence[Line]) -> None:
    """A row's further lines go to the cells below which they stand."""
    for line in group:
        cell = min(row.cells, key=lambda words: abs(words[0].x0 - line.x0))
        line.words[0].space = True
        cell += line.words
        row.words += line.words


def _begins(line: Line, group: Sequence[Line]) -> bool:
    """Whether a line is the first of a cell that stands on the row's baseline with its last, as the cells
    of a heading do."""
    above = [cell for cell in group if cell.x0 < line.x1 and line.x0 < cell.x1]
    one = len(above) == 1 and above[0] is not group[0]
    return not line.cells and one and group[0].y - line.y < 1.4 * line.size and line.size == group[0].size


def _prepend(row: Line, line: Line) -> None:
    cell = min(row.cells, key=lambda words: abs(words[0].x0 - line.x0))
    cell[0].space = True
    cell[:0] = line.words
    row.words = [word for words in row.cells for word in words]


def _row(cells: Sequence[list[Word]], page: int) -> Line:
    for cell in cells[1:]:
        cell[0].space = True
    row = Line([word for cell in cells for word in cell], page)
    row.cells = [list(cell) for cell in cells]
    return row


def with_tables(lines: Sequence[Line], rules: Sequence[Rule]) -> list[Line]:
    """The lines with those inside of ruled tables as rows."""
    out = list(lines)
    for box in _boxes([rule for rule in rules if not rule.level]):
        level = [r for r in rules if r.level and box.y0 - 4 <= r.y0 <= box.y1 + 4]
        level = [r for r in level if r.x1 >= box.x0 - 2 and r.x0 <= box.x1 + 2]
        edges = _distinct([rule.y0 for rule in level] + [box.y0, box.y1])
        upright = [r.x0 for r in rules if not r.level and box.y0 - 1 <= r.y0 and r.y1 <= box.y1 + 1]
        # A table may be open at its sides, where its level rules end.
        sides = (min(r.x0 for r in level), max(r.x1 for r in level)) if len(level) > 1 else ()
        around = sides and sides[0] - 1 <= min(upright) and max(upright) <= sides[1] + 1
        walls = _distinct([*upright, *(sides if around else ())])
        if len(walls) < 3:
            continue
        for top, bottom in pairwise(edges):
            cells: list[list[Word]] = []
            held: list[Line] = []
            for left, right in pairwise(walls):
                inside = [
                    line
                    for line in out
                    if top < line.y <= bottom and left - 2 <= (line.x0 + line.x1) / 2 <= right + 2
                ]
                for line in inside[1:]:
                    line.words[0].space = True
                held += inside
                cells += [[word for line in inside for word in line.words]] if inside else []
            if cells:
                row = _row(cells, held[0].page)
                taken = {id(line) for line in held}
                out = [line for line in out if id(line) not in taken] + [row]
    return sorted(out, key=lambda line: (line.y, line.x0))


def _boxes(upright: Sequence[Rule]) -> list[Rule]:
    """Where upright rules stand beside and below each other."""
    boxes: list[Rule] = []
    for rule in sorted(upright, key=lambda rule: rule.y0):
        if boxes and rule.y0 <= boxes[-1].y1 + 4:
            last = boxes[-1]
            boxes[-1] = Rule(min(last.x0, rule.x0), max(last.x1, rule.x1), last.y0, max(last.y1, rule.y1))
        else:
            boxes.append(rule)
    return boxes


def _distinct(places: Sequence[float]) -> list[float]:
    """Sorted, the two lines of a double rule as one."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > 6:
            found.append(place)
    return found
