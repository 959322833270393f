"""PDF pages as glyphs with their places; with `pdf_rules` and `pdf_links` the one module that knows PDFium.

PDFium is Chromium's reader: a page's code is never run and nothing is fetched. Knows nothing of words,
lines or notes. Places are points, y counted down from the top of the page, after turning the page so
that most of its text runs from left to right.
"""

import ctypes
import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.pdf_links import Glyph, Link, links_on, raise_linked
from ingest.pdf_rules import Rule, drawn_on, turned

MOST_PAGES = 5_000
MOST_CHARACTERS = 5_000_000
ONE_AT_A_TIME = threading.Lock()
"""PDFium keeps global state: two threads in it at once crash the process."""
BOLD = re.compile(r"bold|black|heavy|demi|cmbx|[,-]bd?$", re.IGNORECASE)
FIXED = re.compile(
    r"mono(?!type)|courier|consol|typewriter|menlo|nimbusmon|(?:cm|sf)\w{0,2}tt\d|txtt|fixed", re.I
)
LIGATURES = {
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
    "\uf0b7": "•", "\uf0a7": "▪", "\uf02d": "–", "\x02": "-", "\ufffe": "-", "\u2011": "-",
}  # fmt: skip
"""Type, not spelling: a ligature is how a font draws two letters, and nobody searches for one. NFC keeps
them and NFKC would also make x² into x2, hence a table. With them the bullets of symbol fonts and PDFium's
marks for a hyphen at a line's end."""
UNMAPPED = "\ufffd"


@dataclass
class Page:
    """number: from 1, as a viewer counts. glyphs: in the file's order. aside: text that runs in another
    direction than the rest, or stands beyond the page's edge. image: whether it shows pictures. unmapped:
    glyphs that stand for no letter. links: to places in the document."""

    number: int
    width: float
    height: float
    glyphs: list[Glyph]
    rules: list[Rule]
    aside: str = ""
    image: bool = False
    unmapped: int = 0
    links: tuple[Link, ...] = ()


class _Face(NamedTuple):
    size: float
    bold: bool
    fixed: bool
    turn: int
    """Quarter turns to the left, -1 for text that runs aslant."""


@contextmanager
def opened(data: bytes, name: str) -> Iterator[pypdfium2.PdfDocument]:
    """The document in PDFium, for one thread at a time; a file without a password only.

    Raises SourceUnreadable for what is no PDF or needs a password, SourceTooLarge for too many pages.
    """
    with ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD or "password" in str(error).lower():
                raise SourceUnreadable(
                    f"{name} is encrypted and opens only with a password; save a copy without one "
                    "(in a PDF viewer: print to PDF, or remove the protection) and add that"
                ) from error
            raise SourceUnreadable(
                f"{name} cannot be opened as a PDF: it is damaged, cut short or of another format; "
                "open it in a viewer and save or download it again"
            ) from error
        try:
            if len(document) > MOST_PAGES:
                raise SourceTooLarge(
                    f"{name} has {len(document):,} pages; the limit is {MOST_PAGES:,}. Split it"
                )
            if len(document) < 1:
                raise SourceUnreadable(f"{name} has no pages that can be read: it is damaged or empty")
            yield document
        finally:
            document.close()


def title_of(document: pypdfium2.PdfDocument) -> str:
    """The title in the document's properties, "" where there is none or a program's stopgap."""
    title = (document.get_metadata_value("Title") or "").strip()
    stopgap = re.search(
        r"^(?:microsoft \w+ - .*|untitled.*|about:blank|\w+://.*|.*\.(?:docx?|odt|tex|pdf|indd|qxd|html?|dvi))$",
        title,
        re.IGNORECASE,
    )
    return "" if stopgap else title


def pages_of(document: pypdfium2.PdfDocument, name: str) -> list[Page]:
    """Every page that PDFium can load; one that it cannot has no glyphs and counts as unmapped.

    Raises SourceTooLarge for more than 5 million characters.
    """
    pages: list[Page] = []
    total = 0
    for index in range(len(document)):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            pages.append(Page(index + 1, 0, 0, [], [], unmapped=1))
            continue
        text = page.get_textpage()
        count = max(0, pdfium.FPDFText_CountChars(text))
        total += count
        if total > MOST_CHARACTERS:
            raise SourceTooLarge(
                f"{name} has more than {MOST_CHARACTERS:,} characters (at page {index + 1}); split it"
            )
        pages.append(_page(document, index + 1, page, text, count))
        text.close()
        page.close()
    raise_linked([(page.glyphs, page.links) for page in pages])
    return pages


def runs_leftward(page: Page) -> bool:
    """Whether most of a page's letters are Arabic, Hebrew or the like, whose order is not worked out here."""
    letters = [unicodedata.bidirectional(glyph.char) for glyph in page.glyphs if glyph.char.isalpha()]
    return sum(kind in ("R", "AL") for kind in letters) * 2 > len(letters)


def _page(
    document: pypdfium2.PdfDocument,
    number: int,
    page: pypdfium2.PdfPage,
    text: pypdfium2.PdfTextPage,
    count: int,
) -> Page:
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, box)
    found = list(_glyphs(text, count))
    turns = Counter(face.turn for char, *_, face in found if not char.isspace())
    turn = max(range(4), key=lambda t: turns[t])
    left, top, right, bottom = turned(turn, box.left, box.top, box.right, box.bottom)
    glyphs: list[Glyph] = []
    aside: list[str] = []
    for char, (x0, y1, x1, y0), origin, face in found:
        if face.turn != turn:
            aside.append(char)
            continue
        start, end, base = x0, x1, origin[1]
        if turn:
            start, _, end, _ = turned(turn, x0, y1, x1, y0)
            _, base, _, _ = turned(turn, *origin, *origin)
        inside = left - 1 <= (start + end) / 2 <= right + 1 and bottom - 1 <= base <= top + 1
        # A line that is too long for the page goes on beyond its edge.
        if inside or (glyphs and _follows(glyphs[-1], start - left, top - base, face.size)):
            place = (start - left, end - left, top - base)
            glyphs.append(Glyph(char, *place, face.size, face.bold, face.fixed))
        else:
            aside.append(char)
    rules, image = drawn_on(page, turn, left, top)
    unknown = sum(glyph.char == UNMAPPED for glyph in glyphs)
    links = tuple(links_on(document, page, turn, left, top))
    return Page(number, right - left, top - bottom, glyphs, rules, "".join(aside), image, unknown, links)


def _follows(last: Glyph, x: float, y: float, size: float) -> bool:
    return abs(y - last.y) < 0.05 * size + 0.01 and -size < x - last.x1 < size


def _glyphs(
    text: pypdfium2.PdfTextPage, count: int
) -> Iterator[tuple[str, tuple[float, float, float, float], tuple[float, float], _Face]]:
    """Character, box (left, top, right, bottom), origin and face of each glyph that the page has."""
    box, matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    x, y = ctypes.c_double(), ctypes.c_double()
    faces: dict[int, tuple[bool, bool]] = {}
    for i in range(count):
        code = pdfium.FPDFText_GetUnicode(text, i)
        # PDFium's own guesses at spaces and line ends; the layout is worked out here.
        if code in (32, 13, 10) and pdfium.FPDFText_IsGenerated(text, i) == 1:
            continue
        char = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else UNMAPPED
        char = LIGATURES.get(char, char)
        if "\ue000" <= char <= "\uf8ff":
            char = UNMAPPED
        written = pdfium.FPDFText_GetTextObject(text, i)
        font = pdfium.FPDFTextObj_GetFont(written) if written else None
        key = ctypes.addressof(font.contents) if font else 0
        if key not in faces:
            faces[key] = _looks(font)
        pdfium.FPDFText_GetLooseCharBox(text, i, box)
        pdfium.FPDFText_GetCharOrigin(text, i, x, y)
        pdfium.FPDFText_GetMatrix(text, i, matrix)
        size = pdfium.FPDFText_GetFontSize(text, i) * math.hypot(matrix.c, matrix.d)
        turn = 0 if matrix.b == 0 < matrix.a else _turn(matrix)
        face = _Face(round(size, 2), *faces[key], turn)
        yield char, (box.left, box.top, box.right, box.bottom), (x.value, y.value), face


def _turn(matrix: pdfium.FS_MATRIX) -> int:
    """Quarter turns to the left of a text's direction, -1 for one aslant."""
    quarters = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
    return round(quarters) % 4 if abs(quarters - round(quarters)) < 0.05 else -1


def _looks(font: ctypes.c_void_p | None) -> tuple[bool, bool]:
    """Whether a font is bold and whether it is of fixed width, by its name."""
    buffer = ctypes.create_string_buffer(256)
    length = pdfium.FPDFFont_GetBaseFontName(font, buffer, 256) if font else 0
    name = buffer.value.decode("utf-8", "replace") if 0 < length <= 256 else ""
    return bool(BOLD.search(name)), bool(FIXED.search(name))
