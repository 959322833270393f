"""What a language model writes, piece by piece, becomes sentences with the markers it gave them.

The markers are taken out of the text: what is shown is numbered anew, from spans alone. So is Markdown,
which would be shown as it stands.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.sentences import split_sentences

MARKER = re.compile(
    r"\s*(?:\[\^?(?:(?:passage|source|document|doc|note|footnote)s?\s*)?"
    r"(\d+(?:\s*(?:[,;–-]|and|&)\s*(?:passage\s*)?\d+)*)\]|【(\d+)[^】]{0,40}】)",
    re.IGNORECASE,
)
ONLY_MARKERS = re.compile(r"(?=.*[\[【])[\s\d\[\]【】^,;.–-]*")
ITEM = re.compile(r"\d{1,2}[.)]")
BULLET = re.compile(r"^\s*(?:[-*•–—]\s+|\d{1,2}[.)]\s+|#{1,6}\s+|>\s*)+")
EMPHASIS = re.compile(r"\*\*|__|`")
NEXT_WORDS = 2
"""Words of the next sentence that show where one ends: «Dr.» and «U.S.» end nothing."""
LONGEST = 2000
"""Characters of a sentence; what goes on for longer is cut there."""
MOST_RANGE = 10
"""Numbers that «[1-10]» stands for at most."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """text: without markers. markers: the numbers given to it, resolved or not. begins: a new line."""

    text: str
    markers: tuple[int, ...]
    begins: bool


def sentences(pieces: Iterable[str]) -> Iterator[Sentence]:
    """Each sentence as soon as the next one has begun, for its markers may stand behind its full stop."""
    buffer, begins = "", True
    for piece in pieces:
        buffer += piece
        starts = _starts(buffer, begins)
        if len(starts) > 1 and len(buffer[starts[-1][0] :].split()) >= NEXT_WORDS:
            yield from _cut(buffer[: starts[-1][0]], starts[:-1])
            buffer, begins = buffer[starts[-1][0] :], starts[-1][1]
        elif len(buffer) > LONGEST:
            yield from _cut(buffer, starts)
            buffer, begins = "", False
    yield from _cut(buffer, _starts(buffer, begins))


def _starts(text: str, begins: bool) -> list[tuple[int, bool]]:
    """Where each sentence starts, and whether it begins a line; what holds nothing but markers belongs to the
    one before."""
    starts: list[tuple[int, bool]] = []
    offset = before = 0
    for number, line in enumerate(text.split("\n")):
        for i, (start, end) in enumerate(split_sentences(line)):
            of_item = i == 1 and ITEM.fullmatch(line[:before].strip())
            before = end
            if not of_item and not (starts and ONLY_MARKERS.fullmatch(line[start:end])):
                starts.append((offset + start, i == 0 and (number > 0 or begins)))
        offset += len(line) + 1
    return starts


def _cut(text: str, starts: list[tuple[int, bool]]) -> Iterator[Sentence]:
    ends = [*(start for start, _ in starts[1:]), len(text)][: len(starts)]
    for (start, begins), end in zip(starts, ends, strict=True):
        raw = text[start:end]
        numbers = dict.fromkeys(n for found in MARKER.finditer(raw) for n in _numbers(found))
        words = EMPHASIS.sub("", BULLET.sub("", MARKER.sub("", raw)))
        words = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(words.split()))
        if any(character.isalnum() for character in words):
            yield Sentence(words, tuple(numbers), begins)


def _numbers(found: re.Match[str]) -> list[int]:
    numbers: list[int] = []
    for part in re.split(r"\s*(?:[,;]|and|&)\s*", found.group(1) or found.group(2)):
        ends = [int(digits[:6]) for digits in re.findall(r"\d+", part)]
        first, last = ends[0], ends[-1]
        numbers += range(first, last + 1) if first < last <= first + MOST_RANGE else [first]
    return numbers
