"""The numbers that a page prints before the items of its ordered lists, as HTML and its styles say them."""

import re

from selectolax.lexbor import LexborNode

from ingest.item_numbers import item_mark, spell

TYPES = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
STYLES = {
    "lower-alpha": "lowerLetter", "lower-latin": "lowerLetter", "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter", "lower-roman": "lowerRoman", "upper-roman": "upperRoman",
    "none": "", "disc": "", "circle": "", "square": "", "decimal": "decimal",
}  # fmt: skip
LIST_STYLE = re.compile(rf"list-style(?:-type)?\s*:[^;]*?(?<![\w-])({'|'.join(STYLES)})(?![\w-])", re.I)
INTEGER = re.compile(r"\s*([-+]?\d{1,9})\s*")


class Items:
    """Counts through the items of the lists of a page, in reading order."""

    def __init__(self) -> None:
        self.next: dict[int, int] = {}
        """`mem_id` of an ordered list, to the number of its next item."""

    def mark(self, item: LexborNode) -> str:
        """The mark of an item's number, "" for an item of a list without order."""
        above = item.parent
        if above is None or above.tag != "ol":
            return ""
        backward = "reversed" in above.attributes
        if above.mem_id not in self.next:
            first = sum(node.tag == "li" for node in above.iter()) if backward else 1
            self.next[above.mem_id] = _integer(above, "start", first)
        number = _integer(item, "value", self.next[above.mem_id])
        self.next[above.mem_id] = number - 1 if backward else number + 1
        style = _style(item, _style(above, "decimal"))
        return item_mark(f"{spell(number, style)}.", printed=style != "")


def _integer(node: LexborNode, attribute: str, usual: int) -> int:
    found = INTEGER.fullmatch(node.attributes.get(attribute) or "")
    return int(found[1]) if found else usual


def _style(node: LexborNode, usual: str) -> str:
    """How the element's numbers are spelled, "" for not at all."""
    if found := LIST_STYLE.search(node.attributes.get("style") or ""):
        return STYLES[found[1].lower()]
    return TYPES.get(node.attributes.get("type") or "", usual)
