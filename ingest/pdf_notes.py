"""Which lines of a PDF are notes, and which note a marker means.

Notes stand at the bottom of a column, in small type or below a short rule, or at the end below a heading
"Notes". A note begins with its label; what stands above a page's first label goes on with the last note
of the page before.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.footnotes import NOTES_HEADING
from ingest.markers import name_again
from ingest.pdf_lines import Line, Word
from ingest.pdf_paragraphs import ENDED, Style
from ingest.pdf_rules import Rule
from ingest.pdf_text import LABEL, Mark

SMALL = 0.93
"""Times the size of most of the text: notes are set in 8 to 9 points where the text has 10."""
PRINTED = re.compile(r"\[?(\d{1,3}|[a-z](?=[.)])|[*†‡§¶‖]{1,4})[.)\]:]?")
GLUED = re.compile(r"([*†‡‖]{1,3})(?=\w|[“‘\"'(])")


@dataclass
class Note:
    """label: as printed. name: the document's, "1′" for the second note of a label. page: where it begins.
    right: where its column ends. at_end: the run of end notes that it stands in, None for a page's note."""

    label: str
    page: int
    lines: list[Line]
    right: float = 0
    at_end: int | None = None
    name: str = ""
    raised: bool = False
    """Whether its label is: then no "[1]" in the text means it, which may be code's or a reference."""


@dataclass
class Notes:
    """The notes found so far, in order."""

    found: list[Note] = field(default_factory=list)

    def cut(
        self, column: Sequence[Line], rules: Sequence[Rule], style: Style, labels: set[str]
    ) -> list[Line]:
        """Take the notes from the bottom of a column. labels: of what may be markers on its page.

        Returns the lines that are left."""
        start = self._start(column, rules, style, labels)
        rest = self.add(column[start:], labels, max((line.x1 for line in column), default=0))
        return [*column[:start], *rest]

    def add(
        self, lines: Sequence[Line], labels: set[str], right: float, at_end: int | None = None
    ) -> list[Line]:
        """The notes of an area; at the end of a document labels may begin again.

        Returns the lines before its first label that no earlier note takes."""
        rest: list[Line] = []
        left = min((line.x0 for line in lines), default=0)
        seen: list[str] = []
        style = _print(lines[0]) if lines and at_end is not None else ""
        for line in lines:
            if style and seen and _print(line) != style:
                # A number at the start of a line is no label of a list that prints its own "1.".
                self.found[-1].lines.append(line)
                continue
            again = at_end is not None and line.words[0].text.startswith(("1", "[1"))
            label = label_of(line, left, [] if again else seen, labels)
            if label:
                words = _without_label(line)
                held = [Line(words, line.page)] if words else []
                note = Note(label, line.page, held, right, at_end, raised=line.words[0].raised)
                self.found.append(note)
                seen = [label] if again else [*seen, label]
            elif seen or self._may_go_on(line.page):
                self.found[-1].lines.append(line)
            else:
                rest.append(line)
        return rest

    def name(self) -> None:
        """Give every note its name."""
        used: dict[str, int] = defaultdict(int)
        for note in self.found:
            note.name = name_again(note.label, used[note.label])
            used[note.label] += 1

    def labels_for(self, page: int) -> set[str]:
        """The labels of the notes that a mark on a page may mean: at its foot, the next one's, or the end."""
        return {n.label for n in self.found if n.at_end is not None or n.page in (page, page + 1)}

    def _may_go_on(self, page: int) -> bool:
        """Whether the last note ends on this page or the one before."""
        last = self.found[-1] if self.found else None
        if last is None or last.at_end is not None:
            return False
        return 0 <= page - (last.lines[-1].page if last.lines else last.page) <= 1

    def _is_open(self) -> bool:
        """Whether the last note stops in the middle of a sentence."""
        return bool(self.found and self.found[-1].lines) and not ENDED.search(self.found[-1].lines[-1].text)

    def _start(self, column: Sequence[Line], rules: Sequence[Rule], style: Style, labels: set[str]) -> int:
        """Index of the first line of the notes at a column's bottom, its length where there are none."""
        count = len(column)
        left, right = min(line.x0 for line in column), max(line.x1 for line in column)
        goes_on = self._may_go_on(column[0].page)
        for rule in sorted(rules, key=lambda rule: rule.y0):
            if not rule.level or abs(rule.x0 - left) > 8 or rule.x1 - rule.x0 > 0.75 * (right - left):
                continue
            start = next((i for i, line in enumerate(column) if line.y - 0.5 * line.size > rule.y0), count)
            below = column[start:]
            if not below or any(b.cells or b.size > 1.02 * style.body or _heads(b) for b in below):
                continue
            edge = min(line.x0 for line in below)
            if label_of(below[0], edge, [], labels) or (goes_on and self._is_open()):
                return start
        small = count
        while small and column[small - 1].size <= SMALL * style.body and not column[small - 1].cells:
            small -= 1
        if small < count and goes_on and self._is_open():
            return small
        if small == count or small == 0 or _heads(column[small - 1]):
            return count
        edge = min(line.x0 for line in column[small:])
        for i in range(small, count):
            if label_of(column[i], edge, [], labels):
                return i
            if PRINTED.fullmatch(column[i].words[0].text):
                # A list that begins with labels of other pages: notes at the end.
                return count
        return count


def _heads(line: Line) -> bool:
    """Whether the line is a heading above notes at the end."""
    return bool(NOTES_HEADING.match(line.text))


def label_of(line: Line, left: float, seen: Sequence[str], labels: set[str]) -> str | None:
    """The label that a line of notes begins with. left: where the notes begin. seen: the labels before
    it. labels: those marked in the text; a label that is not raised must be one, or count on."""
    first = line.words[0]
    if line.cells or line.x0 > left + 3 * line.size or (first.fixed and not first.raised):
        return None
    if first.raised and LABEL.fullmatch(first.label):
        return first.label
    if glued := GLUED.match(first.text):
        return glued[1] if glued[1] not in seen else None
    printed = PRINTED.fullmatch(first.text)
    if printed is None or len(line.words) < 2 or printed[1] in seen:
        return None
    follows = bool(seen) and seen[-1].isdigit() and printed[1] == str(int(seen[-1]) + 1)
    return printed[1] if printed[1] in labels or follows else None


def _print(line: Line) -> str:
    """How the label is printed that the line may begin with: "1." as "#."; "" for none."""
    first = line.words[0]
    return re.sub(r"\d+", "#", first.text) if not first.raised and PRINTED.fullmatch(first.text) else ""


def _without_label(line: Line) -> list[Word]:
    first, *rest = line.words
    if not first.raised and (glued := GLUED.match(first.text)):
        cut = Word(first.text[len(glued[1]) :], first.x0, first.x1, first.y, first.size, first.bold)
        return [cut, *rest]
    return rest


class Links:
    """Which note a mark means: that of its label on its page, else on the next one, else at the end."""

    def __init__(self, notes: Sequence[Note], marks: Iterable[Mark]) -> None:
        self._by_label: dict[str, list[Note]] = defaultdict(list)
        for note in notes:
            self._by_label[note.label].append(note)
        self._marked = {(mark.page, mark.label) for mark in marks if mark.sure}
        self._chapter, self._last = 0, ""

    def note_of(self, mark: Mark, place: int) -> Note | None:
        """place: index of the mark's block, which end notes come after. To be asked in reading order."""
        if mark.sure and mark.label.isdigit():
            self._chapter += mark.label == "1" and self._last not in ("", "1")
            self._last = mark.label
        found = self._by_label.get(mark.label, [])
        if mark.label.isdigit() and not mark.raised:
            found = [note for note in found if not note.raised]
        here = [note for note in found if note.at_end is None and note.page == mark.page]
        if here:
            return here[0]
        if (mark.page + 1, mark.label) not in self._marked:
            pushed = [note for note in found if note.at_end is None and note.page == mark.page + 1]
            if pushed:
                return pushed[0]
        at_end = [note for note in found if note.at_end is not None]
        after = [note for note in at_end if note.at_end is not None and note.at_end > place]
        if after:
            # Of notes that begin again in one list at the end the third "1" is the third chapter's.
            together = [note for note in after if note.at_end == after[0].at_end]
            chapter = min(self._chapter, len(together) - 1) if len(together) == len(at_end) else 0
            return together[chapter]
        if at_end:
            return at_end[-1]
        counted_on = len(found) == 1 and mark.label.isdigit() and found[0].page < mark.page and mark.sure
        return found[0] if counted_on else None
