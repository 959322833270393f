"""Where a line ends only because it is full: a space, but nothing inside Chinese and Japanese, whose words
have none between them, nor inside a word that a program broke. Korean has spaces."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

HYPHEN = "‐"
"""A program's own hyphen at the end of a line in a word; a written one is "-"."""
REST = re.compile(r"(?!(?:and|or|to|und|oder|bis|et|ou)\b)[^\W\d_]")
"""How the next line goes on with that word; "first‐ and second" is no broken word."""


def is_wide(char: str) -> bool:
    """Whether the character is as wide as high: Chinese, Japanese, Korean or their punctuation."""
    return unicodedata.east_asian_width(char) in "WF"


def space_between(before: str, after: str) -> str:
    """What stands between two lines that were one. Either may be empty."""
    return "" if _joins(before[-1:]) and _joins(after[:1]) else " "


def unwrapped(lines: Iterable[str]) -> str:
    """The lines, which have no white space around them, as one."""
    lines = list(lines)
    pieces = lines[:1]
    for before, after in pairwise(lines):
        if not (before[-1:] == HYPHEN and before[-2:-1].isalpha() and REST.match(after)):
            pieces.append(space_between(before, after))
        elif after[0].islower() or after[:2].isupper():
            pieces[-1] = pieces[-1].removesuffix(HYPHEN)
        pieces.append(after)
    return "".join(pieces)


def _joins(char: str) -> bool:
    return bool(char) and is_wide(char) and not unicodedata.name(char, "").startswith("HANGUL")
