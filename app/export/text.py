"""Strings from anywhere made fit to stand in any format; file names. Knows nothing of conversations."""

import re
import unicodedata
from datetime import datetime

UNHELD = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML or UTF-8 cannot hold, or terminals obey."""
POP, POP_ISOLATE = "\u202c", "\u2069"
CLOSING = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", POP),
    **dict.fromkeys("\u2066\u2067\u2068", POP_ISOLATE),
}
"""Marks that turn the direction of writing, and what ends them."""
LONGEST_NAME = 60
"""Characters of a title in a file's name: 240 bytes at most, where file systems hold 255."""


def plain(text: str) -> str:
    """The text on one line, turning nothing behind it."""
    return balanced(on_one_line(text))


def on_one_line(text: str) -> str:
    """The text with every white space one space, and U+FFFD for what no format holds."""
    return UNHELD.sub("\ufffd", " ".join(text.split()))


def balanced(text: str) -> str:
    """The text with every mark of direction ended where it ends, less those that end nothing."""
    kept: list[str] = []
    ends: list[str] = []
    isolates = 0
    for character in text:
        if character in CLOSING:
            ends.append(CLOSING[character])
            isolates += ends[-1] == POP_ISOLATE
        elif character == POP_ISOLATE:
            if not isolates:
                continue
            isolates -= 1
            while ends.pop() != POP_ISOLATE:
                pass
        elif character == POP:
            if ends[-1:] != [POP]:
                continue
            ends.pop()
        kept.append(character)
    return "".join((*kept, *reversed(ends)))


def is_right_to_left(text: str) -> bool:
    """Whether the first letter is of a script written from right to left."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((d for d in directions if d in ("L", "R", "AL")), "L") != "L"


def file_name(title: str, date: datetime, suffix: str) -> str:
    """A name that every system takes: date first, so that it is no device's ("con"), then the
    letters and digits of the title."""
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in unicodedata.normalize("NFC", title))
    words = "-".join("".join(kept).split())[:LONGEST_NAME].strip("-")
    return f"{date.isoformat()[:10]}-{words or 'conversation'}.{suffix}"
