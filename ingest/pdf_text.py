"""Lines become running text: hyphens at their ends, and the words that may be markers of notes.

Which note a marker means, if any, is decided later; a mark knows how it was printed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ingest.markers import LOWERED, RAISED
from ingest.pdf_lines import Line, Word
from ingest.wrapping import is_wide

LABEL = re.compile(r"\d{1,3}|[a-z]|[*†‡§¶‖#]{1,3}|\*\*\*\*")
SYMBOLS = re.compile(r"((?<=[^\s*†‡‖])[*†‡‖]{1,3}(?=[.,;:)\]”’]*$)|^[*†‡‖]{1,3}$)")
BRACKETED = re.compile(r"\[(\d{1,3})\]")
BEFORE_MARKER = re.compile(r"(?:[^\W\d_]{3}|[.,;:!?…”’\"')\]»])$")
"""Behind a number, a unit or a letter a raised number is a power: 10², km², x²."""
HYPHENS = "-‐\xad"
FIRST_PARTS = """
    all anti best co cross ex far first full half hand hard high ill inter last left life long low mid much
    multi near new non old one open post pre pro quasi re right second self semi short so sub then third
    three twenty thirty forty fifty sixty seventy eighty ninety two vice well wide
"""
COMPOUND = frozenset(FIRST_PARTS.split())
"""First parts whose hyphen is more often a word's own than a line's."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that may be a note's marker. sure: it stands where no exponent does, or is no raised number."""

    label: str
    printed: str
    page: int
    sure: bool = True
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a page begins in a text that runs on."""

    page: int


class Hyphens:
    """What a document's own words say about a hyphen at a line's end.

    It goes if the word without it stands elsewhere in the document, and stays if the word with it does.
    Of a word that stands nowhere else it stays before anything but a small letter, behind a usual first
    part ("well-", "half-") and between two words of the document; in a document that hardly ever ends a
    line with a hyphen (fewer than one in fifty) it stays, too: nobody hyphenated that.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self.words: Counter[str] = Counter()
        ends = total = 0
        for line in lines:
            total += 1
            ends += line.words[-1].text[-1] in HYPHENS
            self.words.update(_plain(word.text) for word in line.words[1:-1])
        self.hyphenates = ends * 50 >= total

    def stays(self, before: str, after: str) -> bool:
        """before, after: the words at the end of a line, with its hyphen, and at the start of the next."""
        first, second = _plain(before[:-1]), _plain(after)
        if before[-1] == "\xad":
            return False
        if not after[:1].islower() or not before[:-1][-1:].isalpha():
            return True
        if self.words[first + second]:
            return False
        if self.words[f"{first}-{second}"] or first.rpartition("-")[2] in COMPOUND:
            return True
        # Browsers print a hyphen of their own, "‐", where they break a word; a written one is "-".
        if before[-1] == "‐":
            return False
        return not self.hyphenates or (self.words[first] > 0 and self.words[second] > 0)


def text_of(lines: Sequence[Line], hyphens: Hyphens) -> list[str | Mark | Turn]:
    """The lines as one text, with what may be markers; cells of a row stand apart by " | "."""
    pieces: list[str | Mark | Turn] = []
    for i, line in enumerate(lines):
        cells = line.cells or [line.words]
        for j, words in enumerate(cells):
            if j:
                pieces.append(" | ")
            for k, word in enumerate(words):
                if i and j == k == 0:
                    _glue(pieces, word, hyphens)
                    if line.page != lines[i - 1].page:
                        pieces.append(Turn(line.page))
                elif word.space and k:
                    pieces.append(" ")
                pieces += _marks(word, words[k - 1] if k else None, line.page)
    return pieces


def _glue(pieces: list[str | Mark | Turn], word: Word, hyphens: Hyphens) -> None:
    """Go on in a new line: with a space, or within a word."""
    last = pieces[-1]
    if word.raised:
        return
    if not isinstance(last, str) or not last:
        pieces.append(" ")
        return
    token = last.split(" ")[-1]
    if last[-1] in HYPHENS and len(token) > 1 and "://" not in token:
        pieces[-1] = last if hyphens.stays(token, word.text) else last[:-1]
        return
    address = "://" in token and token[-1] in "/-_=&.?" and not word.text[:1].isupper()
    dash = len(token) > 1 and last[-1] in "—–"
    wide = is_wide(last[-1]) and is_wide(word.text[0])
    if not (address or dash or wide):
        pieces.append(" ")


def labels_of(lines: Iterable[Line]) -> set[str]:
    """The labels of all that may be markers in the lines."""
    return {
        piece.label
        for line in lines
        for i, word in enumerate(line.words)
        for piece in _marks(word, line.words[i - 1] if i else None, line.page)
        if isinstance(piece, Mark)
    }


def _marks(word: Word, before: Word | None, page: int) -> list[str | Mark]:
    """The word, cut where it may be a marker."""
    pieces: list[str | Mark] = []
    if word.fixed and not word.raised:
        return [word.text]
    if word.raised:
        parts = re.split(r"([,;\s]+)", word.label.strip("()[]"))
        if len(word.label) > 3:
            parts = [piece for part in side_by_side(word.label) for piece in (part, "")][:-1] or parts
        if not all(LABEL.fullmatch(part) for part in parts[::2]):
            return [f"{RAISED}{word.text}{LOWERED}"]
        sure = before is None or not word.label[0].isdigit() or bool(BEFORE_MARKER.search(before.text))
        for i, part in enumerate(parts):
            if part:  # nothing stands between markers side by side
                pieces.append(
                    part if i % 2 else Mark(part, part if len(parts) > 1 else word.text, page, sure, True)
                )
        return pieces
    pattern = BRACKETED if "[" in word.text else SYMBOLS
    cursor = 0
    for match in pattern.finditer(word.text):
        if match.start() > cursor:
            pieces.append(word.text[cursor : match.start()])
        pieces.append(Mark(match[1], match[0], page))
        cursor = match.end()
    return [*pieces, word.text[cursor:]] if cursor < len(word.text) else pieces


def side_by_side(label: str) -> list[str]:
    """The labels of markers that stand side by side, as in "1718": they count on. Else none."""
    if not label.isdecimal():
        return []
    for length in range(1, len(label) // 2 + 1):
        first = int(label[:length])
        for count in range(2, len(label) // length + 1):
            labels = [str(number) for number in range(first, first + count)]
            if "".join(labels) == label:
                return labels
    return []


def parted(text: Sequence[str | Mark | Turn], known_on: Callable[[int], set[str]]) -> list[str | Mark | Turn]:
    """The text with "910" as the marks "9" and "10" where no note is called "910". known_on: the labels of
    the notes that a mark on a page may mean."""
    out: list[str | Mark | Turn] = []
    for piece in text:
        parts = side_by_side(piece.label) if isinstance(piece, Mark) and piece.raised else []
        if isinstance(piece, Mark) and parts:
            known = known_on(piece.page)
            largest = max((int(label) for label in known if label.isdecimal()), default=0)
            if known.issuperset(parts) and int(piece.label) > largest:
                out += [replace(piece, label=label, printed=label) for label in parts]
                continue
        out.append(piece)
    return out


def _plain(text: str) -> str:
    return text.strip(".,;:!?()[]{}“”‘’\"'«»").replace("‐", "-").casefold()
