"""The numbers that Word prints before paragraphs: "1.", "(a)", "Article II". The file does not hold them; it
says of which list and level a paragraph is, and this counts as Word counts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from ingest.docx_notes import NAMESPACES, W, is_on, value_of
from ingest.item_numbers import SPELLED, spell

LEVEL = re.compile("%([1-9])")
UNNUMBERED = ("bullet", "none")
LONGEST_CHAIN = 20
"""Styles that are based on each other; Word itself allows 11."""


@dataclass(frozen=True)
class _List:
    """A w:num. key: of the w:abstractNum, whose count all of its lists share. levels: by depth from 0.
    starts: depth to where this list begins anew."""

    key: str
    levels: Mapping[int, etree._Element]
    starts: Mapping[int, int]


class Numbers:
    """numbering, styles: those parts of the file, None where it has none."""

    def __init__(self, numbering: etree._Element | None, styles: etree._Element | None) -> None:
        self._styles = {} if styles is None else {n.get(f"{W}styleId", ""): n for n in _all(styles, "style")}
        self._lists = {} if numbering is None else self._read(numbering)
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def next(self, paragraph: etree._Element) -> str:
        """What is printed before the next paragraph, "" for nothing."""
        name, depth = self._place(paragraph.find("w:pPr", NAMESPACES))
        found = self._lists.get(name)
        level = found.levels.get(depth) if found else None
        if found is None or level is None:
            return ""
        counts = self._counts.setdefault(found.key, {})
        if depth in found.starts and (name, depth) not in self._begun:
            counts[depth] = found.starts[depth] - 1
        self._begun.add((name, depth))
        counts[depth] = counts.get(depth, _integer(level, "start", 1) - 1) + 1
        for deeper in [other for other in counts if other > depth]:
            if depth < _integer(found.levels.get(deeper), "lvlRestart", deeper):
                del counts[deeper]
        return _printed(found.levels, depth, counts)

    def _place(self, properties: etree._Element | None) -> tuple[str, int]:
        """The list and depth of a paragraph, by itself or else by its style."""
        style = value_of(properties, "w:pStyle") or ""
        name, depth = value_of(properties, "w:numPr/w:numId"), value_of(properties, "w:numPr/w:ilvl")
        for _ in range(LONGEST_CHAIN):
            said = self._styles.get(style)
            if said is None or name is not None:
                break
            name = value_of(said, "w:pPr/w:numPr/w:numId")
            depth = depth or value_of(said, "w:pPr/w:numPr/w:ilvl")
            if name in self._lists and depth is None:
                own = (n for n, lvl in self._lists[name].levels.items() if value_of(lvl, "w:pStyle") == style)
                depth = str(next(own, 0))
            style = value_of(said, "w:basedOn") or ""
        return name or "", int(depth) if depth and re.fullmatch("[0-8]", depth) else 0

    def _read(self, numbering: etree._Element) -> dict[str, _List]:
        abstract = {n.get(f"{W}abstractNumId", ""): n for n in _all(numbering, "abstractNum")}
        own = {key: {_depth(lvl): lvl for lvl in _all(n, "lvl")} for key, n in abstract.items()}
        nums = {n.get(f"{W}numId", ""): n for n in _all(numbering, "num")}
        lists = {}
        for name, node in nums.items():
            key = value_of(node, "w:abstractNumId") or ""
            if (named := value_of(abstract.get(key), "w:numStyleLink")) is not None:
                other = value_of(self._styles.get(named), "w:pPr/w:numPr/w:numId") or ""
                key = value_of(nums.get(other), "w:abstractNumId") or ""
            changed = {_depth(n): n for n in _all(node, "lvlOverride")}
            levels = own.get(key, {}) | {depth: lvl for depth, n in changed.items() for lvl in _all(n, "lvl")}
            starts = {depth: _integer(n, "startOverride", -1) for depth, n in changed.items()}
            lists[name] = _List(key, levels, {depth: start for depth, start in starts.items() if start >= 0})
        return lists


def _printed(levels: Mapping[int, etree._Element], depth: int, counts: Mapping[int, int]) -> str:
    """What is printed of a level, "" where it holds a number that `spell` does not know how to spell."""
    level = levels[depth]
    text = value_of(level, "w:lvlText") or ""
    if _form(level) in UNNUMBERED or is_on(value_of(level, "w:rPr/w:vanish")):
        return ""
    legal = is_on(value_of(level, "w:isLgl"))
    numbers = {}
    for at in {int(digit) - 1 for digit in LEVEL.findall(text)}:
        form = _form(levels.get(at))
        if not legal and form not in UNNUMBERED and not SPELLED.fullmatch(form):
            return ""
        count = counts.get(at, _integer(levels.get(at), "start", 1))
        numbers[at] = "" if form in UNNUMBERED else spell(count, "decimal" if legal else form)
    return LEVEL.sub(lambda match: numbers[int(match[1]) - 1], text) if numbers else ""


def _form(level: etree._Element | None) -> str:
    """How a level's numbers are spelled, as Word names it."""
    return value_of(level, "w:numFmt") or "decimal"


def _all(node: etree._Element | None, tag: str) -> list[etree._Element]:
    return [] if node is None else node.findall(f"w:{tag}", NAMESPACES)


def _depth(node: etree._Element) -> int:
    given = node.get(f"{W}ilvl", "")
    return int(given) if re.fullmatch("[0-8]", given) else 0


def _integer(node: etree._Element | None, tag: str, usual: int) -> int:
    given = value_of(node, f"w:{tag}") or ""
    return int(given) if re.fullmatch(r"\d{1,9}", given) else usual
