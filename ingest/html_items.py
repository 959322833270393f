"""The numbers that a page prints before the items of its ordered lists, as HTML and its styles say them."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from ingest.item_numbers import item_mark, spell

LISTS = ("ol", "ul", "menu", "dir")
BULLETS = dict.fromkeys(("disc", "circle", "square", "none"), "")
TYPES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman", **BULLETS}
STYLES = {
    "lower-alpha": "lowerLetter", "lower-latin": "lowerLetter", "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter", "lower-roman": "lowerRoman", "upper-roman": "upperRoman",
    "decimal-leading-zero": "decimalZero", "decimal": "decimal", **BULLETS,
}  # fmt: skip
LIST_STYLE = re.compile(
    rf"(?:^|;)\s*list-style(?:-type)?\s*:[^;]{{0,200}}?(?:(?<![\w-])({'|'.join(STYLES)})(?![\w-])|[\"'])",
    re.I,
)
"""In quotes is what a list prints before every item, or the address of an image."""
NO_ITEM = re.compile(r"(?:^|;)\s*display\s*:\s*(?:inline|block|flex|grid|table|contents|none)", re.I)
"""What is shown in another way than as an item has no number."""
NO_NUMBERS = {"list-unstyled", "list-inline", "list-none", "linenums"}
"""Classes of lists in the styles that many pages share."""
INTEGER = re.compile(r"\s*([-+]?\d{1,9})\s*")


class Items:
    """Counts through the items of the lists of a page, in reading order."""

    def __init__(self) -> None:
        self.next: dict[int, int] = {}
        """`mem_id` of an ordered list, to the number of its next item."""
        self.styles: dict[int, str] = {}
        """The same, to how its numbers are spelled."""

    def mark(self, item: LexborNode) -> str:
        """The mark of an item's number, "" for an item of a list without order."""
        above = _list_of(item)
        if above is None or above.tag != "ol":
            return ""
        backward = "reversed" in above.attributes
        if above.mem_id not in self.next:
            first = sum(1 for _ in _items(above)) if backward else 1
            self.next[above.mem_id] = _integer(above, "start", first)
            self.styles[above.mem_id] = "" if _without_numbers(above) else _style(above, "decimal")
        number = _integer(item, "value", self.next[above.mem_id])
        self.next[above.mem_id] = number - 1 if backward else number + 1
        style = "" if _is_code(item, "pre") else _style(item, self.styles[above.mem_id])
        return item_mark(f"{spell(number, style)}.", printed=style != "")


def _list_of(item: LexborNode) -> LexborNode | None:
    """The nearest list around an item, which may lie in a box of its own."""
    node = item.parent
    while node is not None and node.tag not in LISTS:
        node = node.parent
    return node


def _items(above: LexborNode) -> Iterator[LexborNode]:
    """The items of a list, without those of lists in it."""
    todo = [above]
    while todo:
        inner = [node for node in todo.pop().iter() if node.tag not in LISTS]
        yield from (node for node in inner if node.tag == "li")
        todo += inner


def _integer(node: LexborNode, attribute: str, usual: int) -> int:
    found = INTEGER.fullmatch(node.attributes.get(attribute) or "")
    return int(found[1]) if found else usual


def _without_numbers(above: LexborNode) -> bool:
    """Whether a list prints no numbers by its class, or numbers nothing but lines of code."""
    if NO_NUMBERS & set((above.attributes.get("class") or "").split()):
        return True
    if all(_is_code(item, "pre", "code") for item in _items(above)):
        return True
    node: LexborNode | None = above
    while node is not None and node.tag != "pre":
        node = node.parent
    return node is not None


def _is_code(item: LexborNode, *kinds: str) -> bool:
    """Whether an item holds a single element of one of the kinds, and nothing else."""
    node = item
    while node.tag not in kinds:
        inner = (child for child in node.iter(include_text=True) if not _is_blank(child))
        first, second = next(inner, None), next(inner, None)
        if first is None or second is not None:
            return False
        node = first
    return True


def _is_blank(node: LexborNode) -> bool:
    return bool(node.is_text_node) and not (node.text(deep=False) or "").strip()


def _style(node: LexborNode, usual: str) -> str:
    """How the element's numbers are spelled, "" for not at all."""
    said, kind = node.attributes.get("style") or "", node.attributes.get("type") or ""
    if node.tag == "li" and NO_ITEM.search(said):
        return ""
    if found := LIST_STYLE.search(said):
        return STYLES[found[1].lower()] if found[1] else ""
    return TYPES.get(kind if len(kind) == 1 else kind.lower(), usual)
