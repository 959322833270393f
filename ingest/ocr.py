"""OCR: the letters of a PDF's pages that have none, by the program tesseract, an optional part.

A page is drawn as a viewer shows it, and what tesseract finds becomes glyphs with their places, as if the
page had had text; what reads a PDF goes on from there. The program runs once for a page, four times for one
that is not upright or not text, and once or twice for each raised number, without a file in between.
"""

import math
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.hocr import Box, glyphs_of, sureness
from ingest.office import parse_xml
from ingest.pdf_pages import Page

DPI = 300
"""Dots per inch at which pages are drawn, which tesseract's data is trained for."""
MOST_PIXELS = 50_000_000
"""Of a page; A2 at 300 dots per inch has 35 million. A larger page is drawn with fewer dots."""
MOST_PAGES = 1_000
MOST_RAISED = 40
"""Raised numbers that are looked at on a page."""
SECONDS = 50
"""For one run, less than `ingest.minder` waits; a page of 300 words takes 1 to 2, on one core."""
BOUNDED = ("sh", "-c", f'ulimit -t {SECONDS}; OMP_THREAD_LIMIT=1 exec "$@"', "sh")
"""Tesseract ends even where the process that asked has been killed. With the four threads that it wants a
page took 4.2 s instead of 1.2, on two cores."""
SURE = 60
"""Per cent. Pages that can be read had 91 to 96, at 60 dots per inch 72; blurred past reading 56 and less,
upside down 34 to 38, Russian read as English 17."""
SAME_SIZE = 0.08
"""Tesseract measures the type of each line anew; sizes that differ less are one."""
RECOGNISED = "recognised by OCR"
NO_TEXT_LAYER = "they have no text layer; `cited ingest --ocr` recognises text in pictures"


@dataclass(frozen=True, slots=True)
class Ocr:
    """What is asked of OCR. languages: as tesseract calls them, joined with "+", the main one first.
    going_on: called before each run; who waits for the document knows that it makes progress."""

    languages: str = "eng"
    going_on: Callable[[], None] | None = None

    def would_change(self, warnings: Sequence[str]) -> bool:
        """Whether a document with these warnings would be another one if it were read with this."""
        return any(
            NO_TEXT_LAYER in said or (RECOGNISED in said and f"({self.languages})" not in said)
            for said in warnings
        )


def check(languages: str) -> str:
    """The path of the program. Raises SourceUnreadable where it, or the data of a language, is missing."""
    program = shutil.which("tesseract")
    if program is None:
        raise SourceUnreadable(
            "OCR needs the program tesseract, which is not installed (Debian, Ubuntu: apt install "
            "tesseract-ocr; Fedora: dnf install tesseract; macOS: brew install tesseract)"
        )
    listed = subprocess.run([program, "--list-langs"], capture_output=True, check=False)  # noqa: S603
    known = sorted(set(listed.stdout.decode(errors="replace").splitlines()[1:]) - {"osd"})
    if missing := [name for name in languages.split("+") if name not in known]:
        package = missing[0].replace("_", "-").lower()
        raise SourceUnreadable(
            f"tesseract has no data for the language {missing[0]!r}, only for {', '.join(known) or 'none'}; "
            "languages are named by three letters, such as eng or kor, and joined as eng+kor (Debian, "
            f"Ubuntu: apt install tesseract-ocr-{package}; macOS: brew install tesseract-lang)"
        )
    return program


def has_letters(page: Page) -> bool:
    """Whether a page has text."""
    return any(not glyph.char.isspace() for glyph in page.glyphs)


def recognise(document: Any, pages: Sequence[Page], ocr: Ocr, name: str) -> list[int]:
    """Give the pages without letters those that tesseract finds; the numbers of the pages that it did.

    document: as `ingest.pdf_pages.opened` gives it.
    What tesseract is not SURE of, or takes longer than SECONDS for, is left as it is. Raises
    SourceUnreadable where tesseract or a language's data is missing or does not work, SourceTooLarge for
    more than MOST_PAGES such pages.
    """
    blank = [page for page in pages if page.width and not has_letters(page)]
    if not blank:
        return []
    if len(blank) > MOST_PAGES:
        raise SourceTooLarge(
            f"{name} has {len(blank):,} pages without text; OCR takes {MOST_PAGES:,} at most. Split it"
        )
    tesseract = _Tesseract(check(ocr.languages), ocr, name)
    for page in blank:
        with closing(document[page.number - 1]) as drawn:
            _recognise(drawn, page, tesseract)
    found = [page for page in blank if has_letters(page)]
    _settle_sizes(pages, found)
    return [page.number for page in found]


@dataclass(frozen=True, slots=True)
class _Tesseract:
    program: str
    ocr: Ocr
    name: str

    def run(self, picture: bytes, *options: str) -> bytes:
        """What it prints; nothing where it takes too long. picture: as PGM."""
        if self.ocr.going_on:
            self.ocr.going_on()
        bounded = BOUNDED if os.name == "posix" else ()
        command = [*bounded, self.program, "-", "-", "-l", self.ocr.languages, "--dpi", str(DPI), *options]
        try:
            done = subprocess.run(  # noqa: S603
                command, input=picture, capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return b""
        if done.returncode > 0:
            said = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
            raise SourceUnreadable(
                f"{self.name} cannot be recognised: tesseract failed ({said[-300:]}); try `tesseract "
                "--version` and `tesseract --list-langs`, and install it again where they fail"
            )
        return done.stdout if done.returncode == 0 else b""


def _recognise(drawn: Any, page: Page, tesseract: _Tesseract) -> None:
    """Fill a page with what tesseract finds on it, turned as most of its text runs."""
    upright = drawn.get_rotation()
    for turn in (0, 180, 90, 270):
        drawn.set_rotation((upright + turn) % 360)
        width, height = drawn.get_size()
        scale = min(DPI / 72, math.sqrt(MOST_PIXELS / max(1, width * height)))
        printed = tesseract.run(_picture(drawn, scale), "-c", "hocr_char_boxes=1", "hocr")
        # Without the document type, whose address lxml would want to load.
        tree = parse_xml(printed[printed.find(b"<html") :], tesseract.name) if printed else None
        if tree is not None and sureness(tree) >= SURE:  # upright at last
            break
    else:
        return
    left = iter(range(MOST_RAISED))

    def digits(box: Box) -> str:
        return "" if next(left, None) is None else _digits(drawn, box, tesseract)

    page.glyphs, page.rules, aside = glyphs_of(tree, scale, digits)
    # As it is drawn; the file may have turned it.
    page.width, page.height, page.aside, page.unmapped = width, height, page.aside + aside, 0


def _picture(page: Any, scale: float, crop: Box = (0, 0, 0, 0), border: int = 0) -> bytes:
    """A page, or what is left when so many points are cut from its left, bottom, right and top, as a grey
    picture (PGM) with a white border, in dots. scale: dots for a point."""
    drawn = page.render(scale=scale, crop=crop, grayscale=True)
    width, side = drawn.width + 2 * border, b"\xff" * border
    dots = memoryview(drawn.buffer).cast("B")
    starts = range(0, drawn.height * drawn.stride, drawn.stride)
    lines = (b"".join((side, dots[start : start + drawn.width], side)) for start in starts)
    margin = b"\xff" * width * border
    return b"".join((b"P5 %d %d 255\n" % (width, drawn.height + 2 * border), margin, *lines, margin))


def _digits(page: Any, box: Box, tesseract: _Tesseract) -> str:
    """What stands in a box, drawn larger and read as a number; "" where that is none.

    Of 17 raised digits at 300 dots per inch these heights, border and modes read all, 40 dots with 20 of
    border 15."""
    left, top, right, bottom = box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1
    width, height = page.get_size()
    picture = _picture(page, 60 / (box[3] - box[1]), (left, height - bottom, width - right, top), border=10)
    for mode in ("10", "8"):  # one character, one word
        read = tesseract.run(picture, "--psm", mode, "-c", "tessedit_char_whitelist=0123456789")
        if number := read.decode(errors="replace").strip():
            return number
    return ""


def _settle_sizes(pages: Sequence[Page], found: Sequence[Page]) -> None:
    """Make sizes equal that are nearly so, the most frequent one of them holding."""
    counts = Counter(glyph.size for page in pages for glyph in page.glyphs)
    settled: dict[float, float] = {}
    for size, _ in counts.most_common():
        if size not in settled:
            near = (other for other in counts if abs(other - size) <= SAME_SIZE * size)
            settled |= {other: size for other in near if other not in settled}
    for page in found:
        page.glyphs = [glyph._replace(size=settled[glyph.size]) for glyph in page.glyphs]
