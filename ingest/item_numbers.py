"""The numbers that lists print before their items and files do not hold: spelled, and as marks in a text.

A reader puts a mark at the start of what it numbers; `ingest.markers.shown` prints it, once the notes are
known, whose labels the same numbers may be (`ingest.footnotes`).
"""

import re

from ingest.markers import LOWERED, RAISED

CHICAGO = "*†‡§"
SPELLED = re.compile("decimal.*|ordinal|chicago|(?:lower|upper)(?:Letter|Roman)")
"""What `spell` can spell; the styles whose names begin with "decimal" differ in how digits are drawn."""
ORDINALS = {1: "st", 2: "nd", 3: "rd"}
LONGEST = 40
"""Characters of a printed number, "Article XVIII, Section 12."; a file may say a thousand."""


def item_mark(number: str, *, printed: bool = True) -> str:
    """The mark of an item's number, such as "3." or "(c)"; "" for none. printed: else a note's label only."""
    plain = " ".join(re.sub(f"[{RAISED}{LOWERED}]", "", number).split())[:LONGEST]
    return f"{RAISED}#{'' if printed else '#'}{plain}{LOWERED}" if plain else ""


def spell(number: int, style: str) -> str:
    """The number as Word prints it in English: 3 is "3", "03", "3rd", "c", "C", "iii", "III" or "‡"."""
    match style:
        case "decimalZero":
            return f"{number:02}"
        case "ordinal":
            teen = number % 100 // 10 == 1
            return f"{number}{'th' if teen else ORDINALS.get(number % 10, 'th')}"
        case "lowerLetter" | "upperLetter" if 0 < number <= 26 * 20:
            letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letter if style == "lowerLetter" else letter.upper()
        case "lowerRoman" | "upperRoman" if 0 < number < 4000:
            return _roman(number) if style == "lowerRoman" else _roman(number).upper()
        case "chicago" if 0 < number <= 80:
            return CHICAGO[(number - 1) % 4] * ((number - 1) // 4 + 1)
    return str(number)


def _roman(number: int) -> str:
    units = zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
    spelled = ""
    for unit, letters in units:
        spelled += letters * (number // unit)
        number %= unit
    return spelled
