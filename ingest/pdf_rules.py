"""The straight lines on a PDF's page. Places are as in `ingest.pdf_pages`."""

import ctypes
from typing import NamedTuple

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

MOST_OBJECTS = 20_000
"""Drawn objects looked at on a page; a map has a million, and none of them is a table's rule."""


class Rule(NamedTuple):
    """A straight line on a page, level or upright."""

    x0: float
    x1: float
    y0: float
    y1: float

    @property
    def level(self) -> bool:
        """Whether it runs from left to right."""
        return self.x1 - self.x0 > self.y1 - self.y0


def drawn_on(page: pypdfium2.PdfPage, turn: int, left: float, top: float) -> tuple[list[Rule], bool]:
    """The page's straight lines, and whether it has pictures. turn, left, top: as the page is turned."""
    rules: list[Rule] = []
    image = False
    x0, y0, x1, y1 = (ctypes.c_float() for _ in range(4))
    for i in range(min(MOST_OBJECTS, pdfium.FPDFPage_CountObjects(page))):
        drawn = pdfium.FPDFPage_GetObject(page, i)
        kind = pdfium.FPDFPageObj_GetType(drawn)
        image = image or kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
        if kind == pdfium.FPDF_PAGEOBJ_PATH and pdfium.FPDFPageObj_GetBounds(drawn, x0, y0, x1, y1):
            a, b, c, d = turned(turn, x0.value, y1.value, x1.value, y0.value)
            rule = Rule(a - left, c - left, top - b, top - d)
            wide, high = rule.x1 - rule.x0, rule.y1 - rule.y0
            if min(wide, high) <= 3 and max(wide, high) >= 8:
                rules.append(rule)
    return rules, image


def turned(turn: int, x0: float, y1: float, x1: float, y0: float) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a box on the page turned so that its text is upright; y counts up."""
    match turn:
        case 1:
            return y0, -x0, y1, -x1
        case 2:
            return -x1, -y0, -x0, -y1
        case 3:
            return -y1, x1, -y0, x0
    return x0, y1, x1, y0
