"""What tesseract says of a page (hOCR), as glyphs and rules with their places, in points.

Knows nothing of the program or of PDF. Places are as in `ingest.pdf_pages`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from ingest.pdf_pages import LIGATURES, Glyph
from ingest.pdf_rules import Rule

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
EM = 0.9
"""From the top of "d" to the bottom of "p", times the size of the type."""
DIGIT_LIKE = frozenset("0123456789!?*|Ililo°'’‘\"”“`")
"""What tesseract reads for raised digits: of 13 on two pages at 300 dots per inch it knew four."""
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2}")
"""Chinese and Japanese, which have no spaces between words."""


class Said(NamedTuple):
    """What is said of an element. size: of a line's type, 0 for what is no line; slope: of its baseline,
    which is at `base` at its left; angle: degrees of text that runs in another direction; sure: of a
    word, in per cent."""

    left: float
    top: float
    right: float
    bottom: float
    size: float = 0
    slope: float = 0
    base: float = 0
    angle: float = 0
    sure: float = 0


def said_of(element: Any, scale: float) -> Said:
    """scale: dots for a point."""
    said = {words[0]: words[1:] for part in element.get("title", "").split(";") if (words := part.split())}

    def number(name: str) -> float:
        return float(said.get(name, "0")[0])

    left, top, right, bottom = (
        float(v) / scale for v in said.get("x_bboxes") or said.get("bbox") or ["0"] * 4
    )
    slope, below = map(float, said.get("baseline") or ("0", "0"))
    size, base = number("x_size") / scale / EM, bottom + below / scale
    return Said(left, top, right, bottom, size, slope, base, number("textangle"), number("x_wconf"))


def sureness(tree: Any) -> float:
    """How sure tesseract is of a page's letters, in per cent, and of those of sideways text 0; 0 for a page
    without letters."""
    sure = total = 0.0
    for line in tree.iter("{*}span"):
        upright = not _is_sideways(line, said_of(line, 1))
        for word in line.iterchildren("{*}span"):
            if word.get("class") == "ocrx_word":
                length = len("".join("".join(word.itertext()).split()))
                sure += upright * length * said_of(word, 1).sure
                total += length
    return sure / total if total else 0.0


def glyphs_of(tree: Any, scale: float, digits: Callable[[Box], str]) -> tuple[list[Glyph], list[Rule], str]:
    """The page's glyphs, its rules, and its sideways text.

    digits: what a box holds, read as digits; "" for something else."""
    glyphs: list[Glyph] = []
    rules: list[Rule] = []
    aside: list[str] = []
    for element in tree.iter("{*}div", "{*}span"):
        said = said_of(element, scale)
        if element.get("class") == "ocr_separator":
            rules.append(Rule(said.left, said.right, said.top, said.bottom))
        elif said.size and _is_sideways(element, said):
            aside += "".join(element.itertext()).split()
        elif said.size:
            glyphs += _glyphs_of_line(element, said, scale, digits)
    return glyphs, rules, " ".join(aside)


def _is_sideways(line: Any, said: Said) -> bool:
    """Whether a line runs up or down. Tesseract reads such a page as if it were upright, if it stands on
    one of its sides, and often says nothing of it."""
    tall = said.bottom - said.top > said.right - said.left
    return said.angle != 0 or (tall and len("".join("".join(line.itertext()).split())) > 2)


def _glyphs_of_line(line: Any, of: Said, scale: float, digits: Callable[[Box], str]) -> Iterator[Glyph]:
    y = of.base + of.slope * (of.right - of.left) / 2
    before = ""
    for word in line:
        chars = [(c.text or "", said_of(c, scale)) for c in word.iter("{*}span") if c is not word]
        if not chars:
            continue
        if before and not UNSPACED.match(before[-1:] + chars[0][0]):
            yield Glyph(" ", chars[0][1].left, chars[0][1].left, y, of.size, False)
        before = chars[-1][0]
        # Letters overhang each other, or stand apart; a word's are made to touch.
        ends = [max(box.left, after.left) for (_, box), (_, after) in pairwise(chars)] + [chars[-1][1].right]
        placed = [(char, box, end) for (char, box), end in zip(chars, ends, strict=True)]
        for raised, run in groupby(placed, lambda found: _is_raised(found[0], found[1], of)):
            part = list(run)
            number = digits(_around([box for _, box, _ in part])) if raised else ""
            higher = of.base + of.slope * (part[0][1].left - of.left) - part[-1][1].bottom
            size, base = (0.6 * of.size, y - higher) if number else (of.size, y)
            texts = [(number, part[0][1], part[-1][2])] if number else part
            for text, box, end in texts:
                yield from (Glyph(LIGATURES.get(c, c), box.left, end, base, size, False) for c in text)


def _is_raised(char: str, box: Said, line: Said) -> bool:
    """Whether a character may be a raised digit: off the baseline, and taller than a quotation mark."""
    if char not in DIGIT_LIKE:
        return False
    base = line.base + line.slope * (box.left - line.left)
    return base - box.bottom > 0.2 * line.size and 0.34 * line.size < box.bottom - box.top < 0.72 * line.size


def _around(boxes: Sequence[Said]) -> Box:
    """The box around all boxes."""
    lefts, tops, rights, bottoms = zip(*(box[:4] for box in boxes), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
