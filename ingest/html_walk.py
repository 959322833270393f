"""Elements of a page to blocks, in reading order, with the markers of notes as they come."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile

from selectolax.lexbor import LexborNode

from ingest.document import Block, BlockKind, Ref
from ingest.html_items import Items
from ingest.html_notes import BLOCK_TAGS, HEADINGS, Notes, address_of, find_notes, is_back_link, words_of
from ingest.html_page import outermost
from ingest.markers import BREAK, GOES_ON, LOWERED, NUMBER, RAISED

KINDS: dict[str, BlockKind] = {
    "li": "item", "dt": "term", "dd": "item", "blockquote": "quote", "pre": "code"
}  # fmt: skip
SIGNS = {"mfrac": "/", "msup": "^", "msub": "_", "msubsup": "_^"}
"""What a formula says by the place of its elements, before the second and the third of them."""
NO_ROW = "h1,h2,h3,h4,h5,h6,table,pre"
LONGEST_ROW = 400
"""Characters; a longer table row is a page's layout, and its cells are read as paragraphs."""
RAISED_TEXT = re.compile(rf"\(?\s*(?:\d{{1,3}}|[*†‡§¶]{{1,3}})\s*\)?|{NUMBER}")
"""What is raised as a marker is, or a power."""


def take_notes(body: LexborNode) -> tuple["Walk", list[Block]]:
    """What reads the rest of the page, and the blocks of its notes, which are gone from it."""
    notes = find_notes(body)
    walk = Walk(notes)
    blocks = list(walk.note_blocks())
    for element in outermost(body, [element for element, _ in notes.elements]):
        element.decompose()
    return walk, blocks


@dataclass
class Walk:
    """Elements to blocks, in reading order. label: of the note that is read."""

    notes: Notes
    pieces: list[str | Ref] = field(default_factory=list)
    titled: bool = False
    label: str | None = None

    def __post_init__(self) -> None:
        self.prefix = ""
        self.items = Items()
        self.item = 0
        self.taken = {element.mem_id for element, _ in self.notes.elements}

    def warnings(self) -> list[str]:
        """A line for each marker whose link leads nowhere."""
        return [f"marker [{label}] has no note" for label in self.notes.orphans]

    def note_blocks(self) -> Iterator[Block]:
        """The blocks of the notes, without the links back and the printed labels."""
        begun: set[str | None] = set()
        for element, label in self.notes.elements:
            self.label = label
            for block in self.blocks(element, "note"):
                content = _merge(block.content)
                if block.label not in begun and isinstance(content[0], str):
                    name = re.escape((block.label or "").rstrip("′"))
                    printed = (
                        rf"^\s*(?:\[?{name}[\].):]*(?=\s|$)|\^|\[\s*\]|[.):](?=\s)|\([\s,]*,\s*\))[\s,]*"
                    )
                    content[0] = re.sub(printed, "", content[0], flags=re.IGNORECASE)
                if any(map(_shows, content)):
                    begun.add(block.label)
                    yield Block("note", tuple(content), label=block.label)
        self.label = None

    def blocks(self, root: LexborNode, kind: BlockKind) -> Iterator[Block]:
        """The blocks below an element; text directly in it is of the kind."""
        self._begin_note(root)
        todo: list[tuple[LexborNode | None, BlockKind, int]] = [(None, kind, 0), *_children(root, kind, 0)]
        while todo:
            node, kind, level = todo.pop()
            if node is not None and self.prefix not in ("", GOES_ON) and not self._in_item(node):
                self.prefix = ""  # the number of an item without text
            if node is None:
                yield from self._flush(kind, level)
            elif node.is_text_node:
                self.pieces.append(node.text(deep=False))
            elif node.mem_id in self.taken:
                continue
            elif node.tag in BLOCK_TAGS and (kind != "row" or node.tag == "tr"):
                yield from self._flush(kind, level)
                self._begin_note(node)
                self._begin_item(node)
                inner, deeper = self._kind_of(node, kind)
                todo += [(None, inner, deeper), *_children(node, inner, deeper)]
            else:
                if kind == "note" and node.mem_id in self.notes.starts:
                    yield from self._flush(kind, level)
                    self._begin_note(node)
                if node.tag == "br" and kind != "code" and self._ends_in_break():
                    yield from self._flush(kind, level)
                elif self._add_inline(node, kind):
                    todo += _children(node, kind, level)

    def _add_inline(self, node: LexborNode, kind: BlockKind) -> bool:
        """Add what the element itself says; returns whether its children are to be read."""
        if node.tag == "br":
            self.pieces.append("\n" if kind == "code" else BREAK)
        elif node.tag == "a" and (label := self.notes.marked(node)):
            self.pieces.append(Ref(label))
            return False
        elif kind == "note" and _leads_back(node, self.notes):
            return False
        elif node.mem_id in self.notes.asides:
            self.pieces.append(Ref(self.notes.asides[node.mem_id]))
            return False
        elif node.tag == "sup" and self._is_raised(node, kind):
            self.pieces.append(f"{RAISED}{words_of(node)}{LOWERED}")
            return False
        elif node.parent is not None and node.parent.tag in SIGNS and (sign := _sign_before(node)):
            self.pieces.append(sign)
        elif kind == "row" and node.tag in BLOCK_TAGS and any(map(_shows, self.pieces)):
            self.pieces.append(" | " if node.tag in ("td", "th") else " ")
        return True

    def _is_raised(self, node: LexborNode, kind: BlockKind) -> bool:
        """Whether a superscript says a marker or a power; neither where it holds a linked marker, or is
        the label that a linked note begins with."""
        if kind == "note" and not any(map(_shows, self.pieces)):
            return False
        if not RAISED_TEXT.fullmatch(words_of(node)):
            return False
        return not any(self.notes.marked(a) or a.mem_id in self.notes.starts for a in node.css("a"))

    def _begin_note(self, node: LexborNode) -> None:
        self.label = self.notes.starts.get(node.mem_id, self.label)

    def _begin_item(self, node: LexborNode) -> None:
        """An item of a numbered list gets its number, before the first text in it; by that it may also be a
        note (`ingest.footnotes`)."""
        above = node.parent
        if self.label is not None or above is None or (above.tag == "div" and node.tag in ("p", "div")):
            return
        waits = self.prefix not in ("", GOES_ON) and self._in_item(above)
        if node.tag == "li":
            self.prefix = (self.prefix if waits else "") + self.items.mark(node)
            self.item = node.mem_id
        elif above.tag != "li" and not waits:
            self.prefix = ""
        elif not self.prefix and node.tag in ("p", "div", "blockquote"):
            self.prefix = GOES_ON

    def _in_item(self, node: LexborNode | None) -> bool:
        """Whether the element is the item that was begun last, or inside it."""
        while node is not None and node.mem_id != self.item:
            node = node.parent
        return node is not None

    def _ends_in_break(self) -> bool:
        blank = takewhile(lambda piece: isinstance(piece, str) and not piece.strip(), reversed(self.pieces))
        return BREAK in blank

    def _kind_of(self, node: LexborNode, outer: BlockKind) -> tuple[BlockKind, int]:
        tag = node.tag or ""
        if outer == "note":
            return "note", 0
        if tag == "h1" and not self.titled and words_of(node):
            self.titled = True
            return "title", 0
        if tag in HEADINGS:
            return "heading", int(tag[1])
        if tag == "tr" and len(words_of(node)) <= LONGEST_ROW and node.css_first(NO_ROW) is None:
            return "row", 0
        keeps = outer in ("item", "term", "quote") and tag in ("p", "div", "section")
        return KINDS.get(tag, outer if keeps else "paragraph"), 0

    def _flush(self, kind: BlockKind, level: int) -> Iterator[Block]:
        pieces, self.pieces = _unbracket(self.pieces), []
        while kind == "row" and pieces and pieces[-1] in (" | ", " "):
            pieces.pop()
        if any(map(_shows, pieces)):
            prefix, self.prefix = self.prefix, ""
            content = (prefix, *pieces) if prefix else tuple(pieces)
            yield Block(kind, content, level, self.label if kind == "note" else None)


def _children(
    node: LexborNode, kind: BlockKind, level: int
) -> Iterator[tuple[LexborNode | None, BlockKind, int]]:
    return ((child, kind, level) for child in reversed(list(node.iter(include_text=True))))


def _sign_before(node: LexborNode) -> str:
    """The sign between an element of a formula and the one before it, "" for the first."""
    above = node.parent
    if above is None:
        return ""
    later = (child.mem_id for child in islice(above.iter(), 1, 3))
    return dict(zip(later, SIGNS[above.tag or ""], strict=False)).get(node.mem_id, "")


def _leads_back(node: LexborNode, notes: Notes) -> bool:
    """Whether the element is a link back to a marker, or a list of them, "(1, 2)", and nothing else."""
    if node.tag == "a":
        return address_of(node) in notes.backs or is_back_link(node)
    links = node.css("a[href]")
    if not links or not all(address_of(link) in notes.backs or is_back_link(link) for link in links):
        return False
    rest = words_of(node)
    for link in links:
        rest = rest.replace(words_of(link), "", 1)
    return not re.search(r"\w", rest)


def _shows(piece: str | Ref) -> bool:
    return isinstance(piece, Ref) or bool(piece.strip())


def _merge(pieces: Iterable[str | Ref]) -> list[str | Ref]:
    """The pieces with neighbouring strings as one."""
    out: list[str | Ref] = []
    for piece in pieces:
        if out and isinstance(piece, str) and isinstance(out[-1], str):
            out[-1] += piece
        else:
            out.append(piece)
    return out


def _unbracket(pieces: list[str | Ref]) -> list[str | Ref]:
    """Brackets that a page prints around a marker's link belong to the marker."""
    out = list(pieces)
    for i in range(1, len(out) - 1):
        before, ref, after = out[i - 1 : i + 2]
        if not isinstance(ref, Ref) or not isinstance(before, str) or not isinstance(after, str):
            continue
        if before.rstrip().endswith("[") and after.lstrip().startswith("]"):
            out[i - 1], out[i + 1] = before.rstrip()[:-1], after.lstrip()[1:]
    return out
