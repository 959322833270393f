"""HTML: the article inside a page, its footnotes linked, the clutter around it reported.

A footnote is an element that a marker links to (`<a href="#fn1">`), wherever the page keeps it; the
links back are dropped. Notes are taken out first, so that cutting clutter cannot lose them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.decode import decode
from ingest.document import Block, BlockKind, Read, Ref
from ingest.errors import SourceUnreadable
from ingest.read_text import NOTES_HEADING

SUFFIXES = (".html", ".htm", ".xhtml")

SILENT = "script,style,noscript,template,iframe,svg,object,canvas,video,audio,img,link,meta,head,dialog"
"""Elements without text of the article; dropped without a report."""
CLUTTER = (
    "nav,footer,form,button,aside,select,menu,[role=navigation],[role=banner],[role=contentinfo],"
    "[role=complementary],[role=search],[role=dialog],[role=alert],[aria-hidden=true],[hidden]"
)
CLUTTER_NAMES = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|social|newsletter|subscri\w+|signup|cookies?|consent|related|comments?|"
    r"breadcrumbs?|sidebar|adverts?|ads?|promo|menu|navbar|toolbar|popup|modal|skip-link)(?:[\s_-]|$)",
    re.IGNORECASE,
)
BLOCK_TAGS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main nav ol p pre section summary table tbody td "
    "tfoot th thead tr ul".split()
)
KINDS: dict[str, BlockKind] = {
    "li": "item", "dt": "item", "dd": "item", "tr": "row", "blockquote": "quote", "pre": "code"
}  # fmt: skip
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
MARKER_TEXT = re.compile(r"[\[(]?(\w{1,4}|[*†‡§¶]{1,3})[\])]?")
DECLARED = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
DEEPEST = 250
"""Nesting of elements; no article needs more, and Python's stack holds no more."""


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`. A declared encoding counts where the bytes are not UTF-8."""
    declared = DECLARED.search(data[:2048])
    try:
        text = data.decode(declared.group(1).decode("ascii")) if declared else decode(data, name)
    except (LookupError, UnicodeDecodeError):
        text = decode(data, name)
    return read_html(text)


def read_html(text: str) -> Read:
    """Blocks of the article in a page. Title: the article's h1, else og:title, else <title>."""
    tree = LexborHTMLParser(text)
    title = _title(tree)
    if tree.body is None:
        return Read(title=title, blocks=())
    for node in _outermost(tree.body, tree.body.css(SILENT)):
        node.decompose()
    notes = _find_notes(tree.body)
    walk = _Walk(notes.labels)
    note_blocks = [block for note in notes.elements for block in walk.note(*note)]
    for node, _ in notes.elements:
        node.decompose()
    main = _main(tree.body)
    left_out = [text for node in _outermost(main, _clutter(main)) if (text := _take(node))]
    blocks = list(walk.blocks(main, "paragraph"))
    while blocks and blocks[-1].kind == "heading" and NOTES_HEADING.match(_plain(blocks[-1])):
        blocks.pop()
    if title and not any(block.kind == "title" for block in blocks):
        blocks.insert(0, Block("title", (title,)))
    if main.mem_id != tree.body.mem_id:
        main.decompose()
        left_out += [text for node in list(tree.body.iter()) if (text := _take(node))]
    return Read(title=title, blocks=(*blocks, *note_blocks), left_out=tuple(left_out))


def _title(tree: LexborHTMLParser) -> str:
    for query in ("article h1", "main h1"):
        if found := tree.css_first(query):
            return _words(found)
    og = tree.css_first("meta[property='og:title']")
    if og and (content := og.attributes.get("content")):
        return content
    found = tree.css_first("h1") or tree.css_first("title")
    return _words(found) if found else ""


def _main(body: LexborNode) -> LexborNode:
    """The element that holds the article: an article or main element with half of the page's text."""
    whole = len(_words(body))
    for query in ("article", "main", "[role=main]"):
        found = max(body.css(query), key=lambda node: len(_words(node)), default=None)
        if found is not None and len(_words(found)) * 2 >= whole:
            return found
    return body


def _clutter(main: LexborNode) -> list[LexborNode]:
    """What is no part of the article by its element, its role or its name."""
    named = [
        node
        for node in main.css("[class],[id]")
        if node.tag not in HEADINGS
        and node.tag not in ("main", "article")
        and CLUTTER_NAMES.search(f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}")
    ]
    return [*main.css(CLUTTER), *named]


def _outermost(root: LexborNode, wanted: Iterable[LexborNode]) -> list[LexborNode]:
    """The wanted elements below root that lie in no other of them: each can be taken out once."""
    ids = {node.mem_id for node in wanted}
    found, waiting = [], [root]
    while waiting:
        for child in waiting.pop().iter():
            (found if child.mem_id in ids else waiting).append(child)
    return found


def _take(node: LexborNode) -> str:
    """The node's words; the node is gone from the page afterwards."""
    words = _words(node)
    node.decompose()
    return words


def _words(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def _plain(block: Block) -> str:
    return "".join(piece for piece in block.content if isinstance(piece, str)).strip()


@dataclass(frozen=True)
class _Notes:
    """elements: (element, label), in the order of their markers. labels: address of a note to its label."""

    elements: list[tuple[LexborNode, str]]
    labels: dict[str, str]


def _find_notes(body: LexborNode) -> _Notes:
    """Follow every link that looks like a marker to the element that it names."""
    targets = {}
    for node in body.css("[id],a[name]"):
        targets.setdefault(node.attributes.get("id") or node.attributes.get("name"), node)
    elements: dict[int, tuple[LexborNode, str]] = {}
    labels: dict[str, str] = {}
    sources: set[str] = set()
    for link in body.css("a[href^='#']"):
        address = (link.attributes.get("href") or "")[1:]
        match = MARKER_TEXT.fullmatch(_words(link))
        if match is None or address not in targets or address in sources:
            continue
        note = _enclosing_block(targets[address])
        if note.tag in HEADINGS or note.tag == "body" or not _is_marker(link, match.group()):
            continue
        if _encloses(note, link) or any(_encloses(note, other) for other, _ in elements.values()):
            if note.mem_id not in elements or _encloses(note, link):
                continue
        sources.update(_names(link))
        label = match.group(1)
        taken = {name for mem, (_, name) in elements.items() if mem != note.mem_id}
        while label in taken:
            label += "′"
        labels.setdefault(address, elements.setdefault(note.mem_id, (note, label))[1])
    return _Notes(list(elements.values()), labels)


def _is_marker(link: LexborNode, text: str) -> bool:
    """A superscript, a bracketed number, or a link that says what it is."""
    says = " ".join(str(link.attributes.get(name) or "") for name in ("role", "epub:type", "class", "rel"))
    parent = link.parent
    return (
        (parent is not None and parent.tag == "sup")
        or link.css_first("sup") is not None
        or "noteref" in says
        or "footnote" in says
        or text[0] in "[(*†‡§¶"
    )


def _names(link: LexborNode) -> Iterator[str]:
    """Addresses under which a note may link back to its marker."""
    node: LexborNode | None = link
    for _ in range(3):
        if node is None or node.tag in BLOCK_TAGS:
            return
        for name in ("id", "name"):
            if value := node.attributes.get(name):
                yield value
        node = node.parent


def _enclosing_block(node: LexborNode) -> LexborNode:
    while node.tag not in BLOCK_TAGS and node.parent is not None:
        node = node.parent
    return node


def _encloses(outer: LexborNode, inner: LexborNode) -> bool:
    node: LexborNode | None = inner
    while node is not None:
        if node.mem_id == outer.mem_id:
            return True
        node = node.parent
    return False


class _Walk:
    """Elements to blocks, in reading order."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.pieces: list[str | Ref] = []
        self.titled = False

    def note(self, node: LexborNode, label: str) -> Iterator[Block]:
        """A note's blocks, without the links back and without its own number."""
        for link in node.css("a[href^='#']"):
            if (link.attributes.get("href") or "")[1:] not in self.labels:
                link.decompose()
        first = True
        for block in self.blocks(node, "note"):
            content = list(block.content)
            if first and isinstance(content[0], str):
                printed = rf"\s*(?:\[?{re.escape(label.rstrip('′'))}[\].):]*(?=\s)|\^|\[\s*\])\s*"
                content[0] = re.sub(f"^{printed}", "", content[0])
            first = False
            yield Block("note", tuple(content), label=label)

    def blocks(self, node: LexborNode, kind: BlockKind, level: int = 0, depth: int = 0) -> Iterator[Block]:
        if depth > DEEPEST:
            raise SourceUnreadable(f"the page nests its elements more than {DEEPEST} deep; save it as plain text")
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if child.is_text_node:
                self.pieces.append(child.text(deep=False))
            elif tag in BLOCK_TAGS and not (kind == "row" and tag in ("td", "th")):
                yield from self._flush(kind, level)
                inner, deeper = self._kind_of(tag, kind)
                yield from self.blocks(child, inner, deeper, depth + 1)
                yield from self._flush(inner, deeper)
            elif tag == "br":
                self.pieces.append("\n" if kind == "code" else " ")
            elif tag == "a" and (label := self.labels.get((child.attributes.get("href") or "")[1:])):
                self.pieces.append(Ref(label))
            elif child.is_element_node:
                if tag in ("td", "th") and self.pieces:
                    self.pieces.append(" | ")
                yield from self.blocks(child, kind, level, depth + 1)
        if depth == 0:
            yield from self._flush(kind, level)

    def _kind_of(self, tag: str, outer: BlockKind) -> tuple[BlockKind, int]:
        if outer == "note":
            return "note", 0
        if tag == "h1" and not self.titled:
            self.titled = True
            return "title", 0
        if tag in HEADINGS:
            return "heading", int(tag[1])
        keeps = outer in ("item", "quote", "row") and tag in ("p", "div", "span", "section")
        return KINDS.get(tag, outer if keeps else "paragraph"), 0

    def _flush(self, kind: BlockKind, level: int) -> Iterator[Block]:
        pieces, self.pieces = _unbracket(self.pieces), []
        if any(isinstance(p, Ref) or p.strip() for p in pieces):
            yield Block(kind, tuple(pieces), level)


def _unbracket(pieces: list[str | Ref]) -> list[str | Ref]:
    """Brackets that a page prints around a marker's link belong to the marker."""
    out = list(pieces)
    for i in range(1, len(out) - 1):
        before, after = out[i - 1], out[i + 1]
        if isinstance(out[i], Ref) and isinstance(before, str) and isinstance(after, str):
            if before.rstrip().endswith("[") and after.lstrip().startswith("]"):
                out[i - 1], out[i + 1] = before.rstrip()[:-1], after.lstrip()[1:]
    return out
