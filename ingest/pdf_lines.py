"""Glyphs become words, and words become lines; a raised word ("¹") stands in the line that it belongs to.

A line here ends at a wide gap, so the lines of two columns, or the cells of a table, are separate ones.
Knows nothing of reading order, paragraphs or notes. Places are as in `ingest.pdf_pages`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from ingest.pdf_links import Glyph
from ingest.pdf_rules import Rule

WORD_GAP = 0.17
"""In ems: TeX sets no spaces and shrinks them to 0.22 em; kerning stays below 0.1 em."""
KERNING = 0.09
"""In ems: no more is set between two letters of a word."""
LINE_GAP = 0.9
"""In ems: TeX's columns are 1 em apart; a justified line's spaces seldom grow so wide."""
LIKE = 0.8
"""Times the size: code in a text is set so much smaller, and a tight line's space before it may be narrow."""
LONE = re.compile(r"\d{1,3}|[*†‡]{1,3}")
RAISED = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹⁰", "1234567890")


@dataclass(slots=True)
class Word:
    """space: whether white space stands before it in its line. raised: small and above the baseline. fixed:
    whether its first letter is of fixed width."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    space: bool = False
    raised: bool = False
    fixed: bool = False

    @property
    def label(self) -> str:
        """What the word is as a note's label: "¹" is "1"."""
        return self.text.translate(RAISED)


@dataclass(slots=True)
class Line:
    """Words on one baseline, from left to right. y: that baseline. size: of most of its letters."""

    words: list[Word]
    page: int = 0
    x0: float = 0
    x1: float = 0
    y: float = 0
    size: float = 0
    bold: bool = False
    cells: list[list[Word]] = field(default_factory=list)
    """Of a table's row; its words are all of theirs."""

    def __post_init__(self) -> None:
        self.x0, self.x1 = self.words[0].x0, max(word.x1 for word in self.words)
        plain = [word for word in self.words if not word.raised] or self.words
        sizes: Counter[float] = Counter()
        for word in plain:
            sizes[word.size] += len(word.text)
        self.size = sizes.most_common(1)[0][0] or 1.0
        self.y = next((w.y for w in plain if w.size == self.size), plain[0].y)
        self.bold = sum(len(w.text) for w in plain if w.bold) * 2 > sum(sizes.values())

    @property
    def text(self) -> str:
        """The line as it reads, markers among the words."""
        return "".join((" " if word.space else "") + word.text for word in self.words).strip()


def lines_of(glyphs: Sequence[Glyph], page: int, rules: Sequence[Rule] = ()) -> list[Line]:
    """Every line of a page, from top to bottom and left to right. An upright rule ends a line."""
    upright = [rule for rule in rules if not rule.level]
    strips = _raise(_strips(_words(glyphs)))
    lines: list[Line] = []
    for strip in strips:
        strip.sort(key=lambda word: word.x0)
        start = 0
        for i, word in enumerate(strip):
            if i == start:
                word.space = False
                continue
            before = strip[i - 1]
            gap = word.x0 - before.x1
            if gap > LINE_GAP * max(word.size, before.size) or _parted(before, word, upright):
                lines.append(Line(strip[start:i], page))
                start, word.space = i, False
            elif gap > WORD_GAP * _em(before, word) and not word.raised:
                word.space = True
        lines.append(Line(strip[start:], page))
    lines.sort(key=lambda line: (line.y, line.x0))
    return _with_lone_markers(lines)


def _with_lone_markers(lines: Sequence[Line]) -> list[Line]:
    """The lines, those that are a raised number only, behind a space or broken off, with their text's."""
    out: list[Line] = []
    for i, line in enumerate(lines):
        word, near = line.words[0], [*reversed(lines[max(0, i - 4) : i]), *lines[i + 1 : i + 4]]
        if len(line.words) > 1 or not LONE.fullmatch(word.label):
            out.append(line)
        elif of := next((other for other in near if _begins_with(other, word)), None):
            word.raised, of.words[0].space = True, True
            of.words.insert(0, word)
            of.x0 = word.x0
        elif of := next((other for other in near if _ends_with(other, word)), None):
            word.raised, word.space = True, False
            of.words.append(word)
            of.x1 = max(of.x1, word.x1)
        else:
            out.append(line)
    return out


def _begins_with(line: Line, word: Word) -> bool:
    """Whether a small word that stands alone is a note's label before the note's first line."""
    raised = word.size <= 0.8 * line.size and 0.08 < (line.y - word.y) / line.size < 0.8
    return (
        (raised or word.raised)
        and 0 <= line.x0 - word.x1 <= 2 * line.size
        and abs(line.y - word.y) < line.size
    )


def _ends_with(line: Line, word: Word) -> bool:
    """Whether a word that stands alone, in small type or a superscript, is a marker at the end of the line,
    or broken off from it; a superscript may be broken off from a short line, and be indented."""
    size, lower = line.size, line.y - word.y
    if word.size > 0.8 * size and not word.raised:
        return False
    if 0.08 * size < lower < 0.8 * size:
        return -1 <= word.x0 - line.x1 <= size
    at_left = -(3 * size if word.raised else 2) <= line.x0 - word.x0 <= 2.5 * size
    return at_left and 0 < -lower <= 1.6 * size and (word.raised or line.x1 - line.x0 > 15 * size)


def without_underlines(rules: Sequence[Rule], lines: Sequence[Line]) -> list[Rule]:
    """The rules but those that underline words, as a link's does."""

    def underlines(rule: Rule, line: Line) -> bool:
        return (
            -0.1 <= (rule.y0 - line.y) / line.size <= 0.25 and line.x0 - 1 <= rule.x0 < rule.x1 <= line.x1 + 1
        )

    return [rule for rule in rules if not (rule.level and any(underlines(rule, line) for line in lines))]


def _em(before: Word, word: Word) -> float:
    """Size by which the white between two words is told: the smaller one, but beside an initial its own."""
    small, large = sorted((before.size, word.size))
    return small if small >= LIKE * large else large


def _parted(before: Word, word: Word, upright: Sequence[Rule]) -> bool:
    middle = word.y - word.size / 4
    return any(
        before.x1 - 1 <= rule.x0 and rule.x1 <= word.x0 + 1 and rule.y0 <= middle <= rule.y1
        for rule in upright
    )


def _words(glyphs: Sequence[Glyph]) -> list[Word]:
    """Words in the file's order; what stands on another baseline or in another size is another word."""
    words: list[Word] = []
    start = 0
    for i in range(1, len(glyphs) + 1):
        if i == len(glyphs) or not _same_run(glyphs[i - 1], glyphs[i]):
            words += _words_of_run(glyphs[start:i])
            start = i
    return words


def _same_run(a: Glyph, b: Glyph) -> bool:
    return a.size == b.size and abs(a.y - b.y) < 0.05 * a.size + 0.01 and -a.size < b.x0 - a.x1 < a.size * 3


def _words_of_run(run: Sequence[Glyph]) -> list[Word]:
    # The dots between a heading and its page in a table of contents all stand apart, too.
    gaps = [b.x0 - a.x1 for a, b in pairwise(run) if not a.char.isspace() and (a.char, b.char) != (".", ".")]
    # The letters of a spaced-out heading all stand apart; no gap between them is a space.
    apart = max(0.0, median(gaps)) if len(gaps) > 4 else 0.0
    widest = apart + _word_gap(run, [gap - apart for gap in gaps])
    words: list[Word] = []
    space, fresh = False, True
    for glyph in run:
        if glyph.char.isspace():
            space = fresh = True
            continue
        raised = glyph.char in "¹²³⁴⁵⁶⁷⁸⁹⁰"
        last = words[-1] if words else None
        if last and not fresh and glyph.x0 - last.x1 > widest:
            space = fresh = True
        if fresh or last is None or last.raised != raised:
            place = (glyph.x0, glyph.x1, glyph.y)
            apart = space and not raised  # "end. ¹" is a marker that stands behind a space
            words.append(Word(glyph.char, *place, glyph.size, glyph.bold, apart, raised, glyph.fixed))
        else:
            last.text += glyph.char
            last.x1 = max(last.x1, glyph.x1)
        space = fresh = False
    return words


def _word_gap(run: Sequence[Glyph], gaps: Sequence[float]) -> float:
    """The least white between two words of a run. A tight line that is set without spaces has narrower ones,
    most of all behind a letter that hangs over: they are told by the line's usual gap."""
    size = run[0].size
    wide = [gap for gap in gaps if gap > KERNING * size]
    if len(wide) < 3 or len(wide) * 15 < len(gaps) or any(glyph.char.isspace() for glyph in run):
        return WORD_GAP * size
    return min(WORD_GAP * size, max(KERNING * size, 0.6 * median(wide)))


def _strips(words: Iterable[Word]) -> list[list[Word]]:
    """Words by baseline, from top to bottom."""
    strips: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.y):
        if strips and word.y - strips[-1][0].y <= 0.1 * min(word.size, strips[-1][0].size):
            strips[-1].append(word)
        else:
            strips.append([word])
    return strips


def _raise(strips: list[list[Word]]) -> list[list[Word]]:
    """Move each small word that is set higher or lower than the word it touches into that word's strip."""
    largest = [max(word.size for word in strip) for strip in strips]
    for i, strip in enumerate(strips):
        smallest = min(word.size for word in strip)
        beside = (j for j in range(max(0, i - 6), min(len(strips), i + 7)) if j != i)
        near = [strips[j] for j in beside if smallest <= largest[j] * 0.9]
        for word in sorted(strip, key=lambda word: word.x0):
            for other in near:
                touched = next((v for v in other if _touches(word, v)), None)
                if touched is not None:
                    word.raised = touched.y > word.y and not (touched.raised and touched.y == word.y)
                    strip.remove(word)
                    other.append(word)
                    break
    return [strip for strip in strips if strip]


def _touches(word: Word, other: Word) -> bool:
    higher = (other.y - word.y) / other.size
    if word.size > other.size * 0.9 or not (0.08 < higher < 0.8 or -0.4 < higher < -0.08):
        return False
    after, before = word.x0 - other.x1, other.x0 - word.x1
    return abs(after) <= 0.35 * other.size or abs(before) <= 0.6 * other.size
