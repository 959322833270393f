"""Lines in reading order become paragraphs, headings, list items and table rows.

A paragraph begins below a gap, with an indent, at a bullet, or below a line that had room left for the
next word. Knows nothing of notes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.document import BlockKind
from ingest.pdf_lines import Line

BULLET = re.compile(r"[•‣◦▪▫■□●○–—·*-]")
NUMBERED = re.compile(r"\(?(?:\d{1,3}|[a-z])[.)]", re.IGNORECASE)
ENDED = re.compile(r"[.!?:…][\"'”’»)\]]*(?:[\d¹²³⁴-⁹⁰]{1,3}|[*†‡]+|\[\d+\])?$")
"""A sentence's end, a marker behind it or not."""
HEADING = 1.12
"""Times the size of most of the text."""
LONGEST_HEADING = 4
"""Lines."""


@dataclass(slots=True)
class Paragraph:
    """Lines of one block. page: of its first line."""

    kind: BlockKind
    lines: list[Line]
    level: int = 0

    @property
    def page(self) -> int:
        """Number of the page on which it begins."""
        return self.lines[0].page


@dataclass(frozen=True)
class Style:
    """What is usual in a document. body: the size of most of its text. leading: points from line to line,
    by size."""

    body: float
    leading: dict[float, float]

    def gap(self, size: float) -> float:
        """Points from line to line within a paragraph in that size."""
        return self.leading.get(round(size), 1.25 * size)


def style_of(columns: Iterable[Sequence[Line]]) -> Style:
    """What is usual in the document. Gaps between paragraphs are fewer than those within, or wider."""
    sizes: Counter[float] = Counter()
    gaps: dict[float, list[float]] = defaultdict(list)
    for column in columns:
        for line in column:
            sizes[line.size] += sum(len(word.text) for word in line.words)
        for above, below in pairwise(column):
            gap = below.y - above.y
            if above.size == below.size and 0.8 * above.size < gap < 2.2 * above.size:
                gaps[round(below.size)].append(gap)
    leading = {size: sorted(found)[len(found) * 3 // 10] for size, found in gaps.items()}
    # Where notes fill more space than the text, the larger of the two is the text's.
    most = [size for size, count in sizes.most_common(2) if count * 10 >= sizes.total() * 3]
    return Style(max(most, default=next(iter(sizes), 10.0)), leading)


def paragraphs_of(column: Sequence[Line], style: Style, right: float = 0) -> list[Paragraph]:
    """The paragraphs of one column, or of one note. right: where its longest line may end."""
    right = max([right, *(line.x1 for line in column)])
    found: list[Paragraph] = []
    for line in column:
        last = found[-1] if found else None
        kind = _kind(line, style)
        if last and last.kind == kind and _goes_on(last, line, style, right):
            last.lines.append(line)
        else:
            found.append(Paragraph(kind, [line]))
    return [_settled(paragraph) for paragraph in found]


def joined(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Paragraphs of all columns, those that run on in the next column or on the next page as one."""
    out: list[Paragraph] = []
    for paragraph in paragraphs:
        last = out[-1] if out else None
        if last and last.kind in ("paragraph", "item") and paragraph.kind == "paragraph":
            end, start = last.lines[-1], paragraph.lines[0]
            moved = end.page != start.page or end.y > start.y
            if moved and abs(end.size - start.size) < 0.5 and _runs_on(end, paragraph):
                out[-1] = replace(last, lines=[*last.lines, *paragraph.lines])
                continue
        out.append(paragraph)
    return out


def with_levels(paragraphs: Sequence[Paragraph], style: Style) -> list[Paragraph]:
    """Headings with their levels, the largest type the highest; the first page's largest is the title."""
    heads = [p for p in paragraphs if p.kind == "heading"]
    first = [p for p in heads if p.page == heads[0].page and p.page <= 2]
    largest = max((_size(p) for p in heads), default=0.0)
    title = next((p for p in first if _size(p) == largest and largest >= HEADING * style.body), None)
    sizes = sorted({_size(p) for p in heads if p is not title}, reverse=True)
    out: list[Paragraph] = []
    for p in paragraphs:
        if p is title:
            out.append(replace(p, kind="title"))
        elif p.kind == "heading":
            out.append(replace(p, level=min(6, sizes.index(_size(p)) + 1 + (title is not None))))
        else:
            out.append(p)
    return out


def _size(paragraph: Paragraph) -> float:
    return round(paragraph.lines[0].size, 1)


def _kind(line: Line, style: Style) -> BlockKind:
    if line.cells:
        return "row"
    letters = sum(char.isalpha() for char in line.text)
    if letters > 1 and line.size >= HEADING * style.body:
        return "heading"
    bold = all(word.bold or word.raised for word in line.words)
    return "heading" if bold and letters > 1 and line.size > 0.95 * style.body else "paragraph"


def _goes_on(last: Paragraph, line: Line, style: Style, right: float) -> bool:
    above = last.lines[-1]
    gap = line.y - above.y
    if last.kind == "row" or abs(above.size - line.size) > 0.08 * line.size:
        return False
    if last.kind == "heading":
        return gap < 1.6 * line.size and len(last.lines) < LONGEST_HEADING
    if _is_set_off(line, above) or _is_set_off(above, line):
        return False
    # A raised marker pushes its line down.
    widest = 1.45 if any(word.raised for word in line.words) else 1.25
    if gap > widest * style.gap(line.size) or gap < -line.size:
        return False
    em = line.size
    item = _starts_item(last.lines[0])
    full = right - above.x1 < line.words[0].x1 - line.words[0].x0 + 0.6 * em
    if _starts_item(line) and (item or BULLET.fullmatch(line.words[0].text) or not full):
        return False
    margin = last.lines[1].x0 if len(last.lines) > 1 else above.x0
    if line.x0 > margin + 0.7 * em:
        # Below a single line an indent begins a paragraph, or hangs: then the line stops in mid-sentence.
        return len(last.lines) == 1 and (item or not ENDED.search(above.text))
    if line.x0 < margin - 0.7 * em and len(last.lines) > 1:
        return False
    if right - above.x1 > 0.5 * (right - min(above.x0, line.x0)):
        return False
    return full or not ENDED.search(above.text)


def _is_set_off(code: Line, text: Line) -> bool:
    """Whether a line is code, and indented from a line of text above or below it."""
    margin = text.words[1].x0 if _starts_item(text) else text.x0
    same = all(word.fixed for word in text.words) or not all(word.fixed for word in code.words)
    return not same and code.x0 - margin > 0.5 * code.size


def _starts_item(line: Line) -> bool:
    first = line.words[0].text
    return len(line.words) > 1 and bool(BULLET.fullmatch(first) or NUMBERED.fullmatch(first))


def _settled(paragraph: Paragraph) -> Paragraph:
    """A bold paragraph that is long or ends as a sentence is no heading; a bullet is an item's, not text."""
    first = paragraph.lines[0]
    if paragraph.kind == "heading" and len(paragraph.lines) > 1 and paragraph.lines[-1].text.endswith("."):
        return replace(paragraph, kind="paragraph")
    if paragraph.kind == "paragraph" and _starts_item(first):
        bullet = BULLET.fullmatch(first.words[0].text)
        lines = [Line(first.words[1:], first.page), *paragraph.lines[1:]] if bullet else paragraph.lines
        return Paragraph("item", lines)
    return paragraph


def _runs_on(end: Line, paragraph: Paragraph) -> bool:
    """Whether a paragraph at the top of a column goes on with the last line of the one before."""
    start = paragraph.lines[0]
    indented = len(paragraph.lines) > 1 and start.x0 > paragraph.lines[1].x0 + 0.7 * start.size
    if indented:
        return False
    return not ENDED.search(end.text) or start.text[:1].islower()
