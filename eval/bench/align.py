"""Where a document's normalised text stands in the file it was read from.

Reading folds white space, drops markup and control characters, and moves notes to the end, but it
invents nothing: without white space, a part of the text is the file's characters in order.
"""

from ingest.document import Document, Part
from ingest.normalise import CONTROL

MOST_SKIPPED = ((8, 500), (3, 16), (1, 6))
"""(n, most): where the text goes on behind markup, its next n characters are looked for within so many
characters of the file. A link's address is long, so what follows one must be recognised surely."""
ANCHOR = 16
"""Characters by which a part with markup inside is found."""


class Alignment:
    """Positions of a document in the original text. unplaced: characters of it that were not found."""

    def __init__(self, document: Document, original: str) -> None:
        self.original = original
        self.offsets = [i for i, c in enumerate(original) if not c.isspace() and not CONTROL.match(c)]
        self.squeezed = "".join(original[i] for i in self.offsets)
        self.of: dict[int, int] = {}
        self.unplaced = 0
        cursor = 0
        for part in document.parts:
            start = 0 if part.kind == "note" else cursor
            end = self._place(document.text, part, start)
            if end is not None and part.kind != "note":
                cursor = end

    def _place(self, text: str, part: Part, cursor: int) -> int | None:
        """Find one part from a cursor on; returns the cursor after it. Both count squeezed characters."""
        own = [i for i in range(part.start, part.end) if not text[i].isspace()]
        wanted = "".join(text[i] for i in own)
        at = self.squeezed.find(wanted, cursor)
        found = list(range(at, at + len(own))) if at >= 0 else self._walk(wanted, cursor)
        if not found:
            self.unplaced += len(own)
            return None
        self.of |= {i: self.offsets[j] for i, j in zip(own, found, strict=True)}
        return found[-1] + 1

    def _walk(self, wanted: str, cursor: int) -> list[int]:
        """Squeezed positions of a part that has markup inside; none where it cannot be followed."""
        for anchor in range(min(ANCHOR, len(wanted)), 3, -4):
            at = self.squeezed.find(wanted[:anchor], cursor)
            while at >= 0:
                if found := self._follow(wanted, at):
                    return found
                at = self.squeezed.find(wanted[:anchor], at + 1)
        return []

    def _follow(self, wanted: str, at: int) -> list[int]:
        found: list[int] = []
        for i in range(len(wanted)):
            if not self.squeezed.startswith(wanted[i], at):
                at = self._behind_markup(wanted, i, at)
            if at < 0:
                return []
            found.append(at)
            at += 1
        return found

    def _behind_markup(self, wanted: str, i: int, at: int) -> int:
        for length, most in MOST_SKIPPED:
            ahead = wanted[i : i + length]
            if (there := self.squeezed.find(ahead, at, at + most + len(ahead))) >= 0:
                return there
        return -1

    def original_range(self, start: int, end: int) -> tuple[int, int] | None:
        """`[start, end)` of the text as offsets into the original; None where it was not found."""
        placed = [self.of[i] for i in range(start, end) if i in self.of]
        return (min(placed), max(placed) + 1) if placed else None
