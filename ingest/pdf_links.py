"""A number that is a link to a note is the note's marker, however it is printed.

LaTeX from DocBook prints "outdated. 1" in the size of the text, and below the text "1The document"; only the
link from the one to the other tells that they are a marker and a label. Both become superscripts here, and
are read as such. Places are as in `ingest.pdf_pages`.
"""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from ingest.pdf_rules import turned

SUPERSCRIPTS = str.maketrans("1234567890", "¹²³⁴⁵⁶⁷⁸⁹⁰")
DIGITS = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹⁰", "1234567890")
"""A font's own superscripts are letters of the text's size, too, and may be mixed with the others: "1⁴"."""
LABEL = re.compile(r"[0-9]{1,3}")
WIDEST = 30
"""Points: a wider link is no marker's."""
MOST_LINKS = 1_000
"""Looked at on a page."""
SMALLER = 0.95
"""Times the size of most of a page: no heading is smaller, which a number may link to, too."""


class Glyph(NamedTuple):
    """A character on a page. x0, x1: where it begins and ends; y: its baseline; size: of its type. fixed:
    whether its type has one width, as code has."""

    char: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    fixed: bool = False


class Link(NamedTuple):
    """A box on a page, and the place in the document that it leads to: a page's number and its y."""

    x0: float
    x1: float
    y0: float
    y1: float
    page: int
    y: float


def links_on(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, turn: int, left: float, top: float
) -> Iterator[Link]:
    """The links from a page to a height on a page of the document. turn, left, top: as the page is turned."""
    at, link, box = ctypes.c_int(0), pdfium.FPDF_LINK(), pdfium.FS_RECTF()
    has_x, has_y, has_zoom = (ctypes.c_int() for _ in range(3))
    x, y, zoom = (ctypes.c_float() for _ in range(3))
    for _ in range(MOST_LINKS):
        if not pdfium.FPDFLink_Enumerate(page, at, link):
            return
        target = pdfium.FPDFLink_GetDest(document, link)
        if not target or not pdfium.FPDFLink_GetAnnotRect(link, box):
            continue
        found = pdfium.FPDFDest_GetLocationInPage(target, has_x, has_y, has_zoom, x, y, zoom)
        if found and has_y.value:
            x0, y1, x1, y0 = turned(turn, box.left, box.top, box.right, box.bottom)
            _, height, _, _ = turned(turn, x.value, y.value, x.value, y.value)
            number = pdfium.FPDFDest_GetDestPageIndex(document, target) + 1
            box_here = (x0 - left, x1 - left, top - y1, top - y0)
            if all(map(math.isfinite, (*box_here, height))):
                yield Link(*box_here, number, top - height)


def raise_linked(pages: Sequence[tuple[list[Glyph], Sequence[Link]]]) -> None:
    """Put superscripts in the place of the numbers that link to a line in smaller type than most of their
    page, on that page or the next, which begins with that number, and of those numbers. pages: glyphs and
    links of each."""
    rows: dict[int, dict[int, list[int]]] = {}
    for number, (glyphs, links) in enumerate(pages, 1):
        usual = Counter(glyph.size for glyph in glyphs).most_common(1)
        for link in links:
            if not number <= link.page <= min(number + 1, len(pages)) or not link.x1 - link.x0 < WIDEST:
                continue
            here, there = (
                rows.get(n) or rows.setdefault(n, _rows(pages[n - 1][0])) for n in (number, link.page)
            )
            marker = [i for i in _near(here, link.y0, link.y1 + WIDEST) if _inside(glyphs[i], link)]
            noted = pages[link.page - 1][0]
            first = _first_line(noted, there, link)
            label, after = first[: len(marker)], first[len(marker) : len(marker) + 1]
            text, printed = (
                "".join(held[i].char for i in places).translate(DIGITS)
                for held, places in ((glyphs, marker), (noted, label))
            )
            if not (text == printed and LABEL.fullmatch(text) and after):
                continue
            if noted[after[0]].char.isdigit() or noted[after[0]].size > SMALLER * usual[0][0]:
                continue
            for held, places in ((glyphs, marker), (noted, label)):
                for i in places:
                    held[i] = held[i]._replace(char=held[i].char.translate(SUPERSCRIPTS))


def _rows(glyphs: Sequence[Glyph]) -> dict[int, list[int]]:
    """Indices of the glyphs whose baseline is at about a height."""
    rows: dict[int, list[int]] = {}
    for i, glyph in enumerate(glyphs):
        if not glyph.char.isspace():
            rows.setdefault(int(glyph.y), []).append(i)
    return rows


def _near(rows: dict[int, list[int]], top: float, bottom: float) -> Iterator[int]:
    for y in range(int(top), min(int(bottom), int(top) + 3 * WIDEST) + 1):
        yield from rows.get(y, ())


def _inside(glyph: Glyph, link: Link) -> bool:
    middle = (glyph.x0 + glyph.x1) / 2
    return link.x0 <= middle <= link.x1 and link.y0 <= glyph.y - 0.3 * glyph.size <= link.y1


def _first_line(glyphs: Sequence[Glyph], rows: dict[int, list[int]], link: Link) -> list[int]:
    """Indices, from left to right, of the glyphs of the first line below the place that a link leads to,
    which is at the height of the line before or at the top of its own."""
    near = [(glyphs[i], i) for i in _near(rows, link.y, link.y + WIDEST)]
    below = [(g.y, i) for g, i in near if 0.3 * g.size < g.y - link.y < 2 * g.size]
    base = min(below, default=(0.0, 0))[0]
    line = [(g.x0, i) for g, i in near if abs(g.y - base) < 0.6 * g.size]
    return [i for _, i in sorted(line)] if below else []
