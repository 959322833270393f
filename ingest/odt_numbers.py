"""The numbers that OpenDocument's lists print before paragraphs. The file does not hold them; it
has the lists and what their styles say of each level, and this counts."""

import re
from dataclasses import dataclass

from lxml import etree

from ingest.item_numbers import spell
from ingest.odt_parts import LONGEST_CHAIN, STYLE, TEXT

FORMS = {
    "1": "decimal", "01, 02, 03, ...": "decimalZero", "1st": "ordinal",
    "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
}  # fmt: skip
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
PLAIN = etree.Element(
    f"{TEXT}list-level-style-number", {f"{STYLE}num-format": "1", f"{STYLE}num-suffix": "."}
)
"""What LibreOffice prints at a depth that a list's style does not name: pandoc's name those in use alone."""

_Levels = dict[int, etree._Element]
"""Depth, from 1, to what a list's style says of it."""


@dataclass
class _List:
    """A list that is open. counts: by depth, of it and of the lists around it. waits: whether its item has
    had no paragraph yet. start: the number that the item says it has."""

    style: str
    counts: dict[int, int]
    waits: bool = False
    start: int | None = None


class Numbers:
    """Counts through lists, items and paragraphs, which it is told of in reading order."""

    def __init__(self, content: etree._Element, styles: etree._Element | None) -> None:
        parts = [part for part in (styles, content) if part is not None]
        named = [node for part in parts for node in part.iter(f"{TEXT}list-style")]
        self._levels = {node.get(f"{STYLE}name", ""): _levels(node) for node in named}
        self._styles = {n.get(f"{STYLE}name", ""): n for part in parts for n in part.iter(f"{STYLE}style")}
        self._open: list[_List] = []
        self._by_id: dict[str, dict[int, int]] = {}
        self._last: tuple[str, dict[int, int]] = ("", {})
        """Style and counts of the list before."""

    def begin_list(self, node: etree._Element) -> None:
        """A list, or one in the item of another."""
        goes_on = node.get(f"{TEXT}continue-numbering") == "true"
        style = node.get(f"{TEXT}style-name") or (self._open[-1].style if self._open else "")
        if self._open:
            counts = self._open[-1].counts
            if not goes_on:
                counts.pop(len(self._open) + 1, None)
        else:
            before = self._last[1] if goes_on and self._last[0] == style else {}
            counts = self._by_id.get(node.get(f"{TEXT}continue-list", ""), before)
            self._last = (style, counts)
            if name := node.get(XML_ID):
                self._by_id[name] = counts
        self._open.append(_List(style, counts))

    def end_list(self) -> None:
        """The end of the list begun last."""
        self._open.pop()

    def begin_item(self, node: etree._Element) -> None:
        """An item of the list begun last."""
        if self._open:
            given = node.get(f"{TEXT}start-value", "")
            self._open[-1].waits = True
            self._open[-1].start = int(given) if re.fullmatch(r"\d{1,9}", given) else None

    def next(self, paragraph: etree._Element) -> str:
        """What is printed before the next paragraph, "" for nothing."""
        if not self._open or not self._open[-1].waits:
            return ""
        found = self._open[-1]
        found.waits = False
        levels = self._levels.get(found.style or self._list_style(paragraph), {})
        return _count(levels, len(self._open), found.counts, found.start)

    def _list_style(self, paragraph: etree._Element) -> str:
        """The list style that the paragraph's style names; it may say that there is none."""
        name = paragraph.get(f"{TEXT}style-name", "")
        for _ in range(LONGEST_CHAIN):
            node = self._styles.get(name)
            if node is None:
                break
            if (said := node.get(f"{STYLE}list-style-name")) is not None:
                return said
            name = node.get(f"{STYLE}parent-style-name", "")
        return ""


def _count(levels: _Levels, depth: int, counts: dict[int, int], given: int | None) -> str:
    """Count one more of a depth, whose number may be given; what is printed of it, "" where that holds a
    number of another form than those known."""
    if not levels:
        return ""
    level = levels.get(depth, PLAIN)
    counts[depth] = counts.get(depth, _integer(level, "start-value", 1) - 1) + 1 if given is None else given
    for deeper in [other for other in counts if other > depth]:
        del counts[deeper]
    if not level.get(f"{STYLE}num-format"):
        return ""
    first = depth - _integer(level, "display-levels", 1) + 1
    numbers = []
    for at in range(max(1, first), depth + 1):
        node = levels.get(at, PLAIN)
        form = node.get(f"{STYLE}num-format", "")
        if form and form not in FORMS:
            return ""
        if form:
            numbers.append(spell(counts.get(at, _integer(node, "start-value", 1)), FORMS[form]))
    before, after = (level.get(f"{STYLE}num-{end}", "") for end in ("prefix", "suffix"))
    return f"{before}{'.'.join(numbers)}{after}"


def _levels(style: etree._Element) -> _Levels:
    kinds = (f"{TEXT}list-level-style-{kind}" for kind in ("number", "bullet", "image"))
    return {_integer(node, "level", 1): node for node in style.iterchildren(*kinds)}


def _integer(node: etree._Element, attribute: str, usual: int) -> int:
    given = node.get(f"{TEXT}{attribute}", "")
    return int(given) if re.fullmatch(r"\d{1,9}", given) else usual
