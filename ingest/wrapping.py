"""Where a line ends only because it is full: a space, but nothing inside Chinese and Japanese, whose words
have none between them. Korean has."""

import unicodedata
from collections.abc import Iterable
from itertools import pairwise


def is_wide(char: str) -> bool:
    """Whether the character is as wide as high: Chinese, Japanese, Korean or their punctuation."""
    return unicodedata.east_asian_width(char) in "WF"


def space_between(before: str, after: str) -> str:
    """What stands between two lines that were one. Either may be empty."""
    return "" if _joins(before[-1:]) and _joins(after[:1]) else " "


def unwrapped(lines: Iterable[str]) -> str:
    """The lines, which have no white space around them, as one."""
    lines = list(lines)
    rest = (space_between(before, after) + after for before, after in pairwise(lines))
    return "".join([*lines[:1], *rest])


def _joins(char: str) -> bool:
    return bool(char) and is_wide(char) and not unicodedata.name(char, "").startswith("HANGUL")
