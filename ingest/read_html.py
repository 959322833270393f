"""HTML: the article inside a page, its footnotes linked, the clutter around it reported.

A footnote is what a marker links to (`<a href="#fn1">`), wherever the page keeps it; the links back
are dropped. Notes are taken out first, so that cutting clutter cannot lose them. Nothing here is
recursive: pages nest as deep as they like.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.boilerplate import SHORT, is_sentence
from ingest.decode import decode
from ingest.document import Block, BlockKind, Read, Ref
from ingest.footnotes import NOTES_HEADING, link_printed_notes
from ingest.html_notes import BLOCK_TAGS, HEADINGS, Notes, address_of, find_notes, words_of

SUFFIXES = (".html", ".htm", ".xhtml")

SILENT = "script,style,noscript,template,iframe,svg,object,canvas,video,audio,img,link,meta,head"
"""Elements without text of the article; dropped without a report."""
CLUTTER = (
    "nav,footer,button,select,.mw-editsection,.mw-jump-link,.cite-accessibility-label,[role=navigation],"
    "[role=contentinfo],[role=search]"
)
WRAPPERS = "form,menu,dialog,[role=banner],[role=dialog],[role=alert],[aria-hidden=true],[hidden]"
"""Clutter unless it holds most of the page, as one form does in many an old one."""
CLUTTER_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|comments?|breadcrumbs?|sidebar|navbar|popup|modal|skip-link)(?:[\s_-]|$)",
    re.IGNORECASE,
)
PROMO = "aside,[role=complementary]"
PROMO_NAMES = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|social|newsletter|subscri\w+|signup|related|adverts?|ads?|promo|menu|toolbar)"
    r"(?:[\s_-]|$)",
    re.IGNORECASE,
)
"""Names that content has too ("related-work", "social-history"): clutter only without running prose."""
KINDS: dict[str, BlockKind] = {
    "li": "item", "dt": "item", "dd": "item", "blockquote": "quote", "pre": "code"
}  # fmt: skip
BREAK = "\u2028"
"""A line break, which is white space; two of them part paragraphs."""
NO_ROW = "h1,h2,h3,h4,h5,h6,table,pre"
LONGEST_ROW = 400
"""Characters; a longer table row is a page's layout, and its cells are read as paragraphs."""
DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
SELF_CLOSED = re.compile(
    r"<(title|script|style|iframe|noscript|textarea|div|span|a|p|td|i|b|em)(\s[^<>]*)?/>"
)


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    declared = DECLARED.search(data[:2048])
    return read_html(decode(data, name, declared.group(1).decode("ascii") if declared else ""))


def read_html(text: str) -> Read:
    """Blocks of the article in a page. Title: the article's h1, else og:title, else <title>."""
    if text.lstrip("\ufeff \r\n\t").startswith("<?xml"):
        text = SELF_CLOSED.sub(r"<\1\2></\1>", text)
    tree = LexborHTMLParser(text)
    title = _title(tree)
    if tree.body is None:
        return Read(title=title, blocks=())
    for node in _outermost(tree.body, tree.body.css(SILENT)):
        node.decompose()
    notes = find_notes(tree.body)
    walk = _Walk(notes)
    note_blocks = list(walk.note_blocks())
    for element, _ in notes.elements:
        element.decompose()
    main = _main(tree.body)
    left_out = [words for node in _outermost(main, _clutter(main)) if (words := _take(node))]
    blocks = list(walk.blocks(main, "paragraph"))
    while note_blocks and blocks and blocks[-1].kind == "heading" and NOTES_HEADING.match(_plain(blocks[-1])):
        blocks.pop()
    if title and not any(block.kind == "title" for block in blocks):
        blocks.insert(0, Block("title", (title,)))
    if main.mem_id != tree.body.mem_id:
        main.decompose()
        rest = [words_of(node) for node in tree.body.iter(include_text=True)]
        left_out += [words for words in rest if words and words != title]
    found = (*blocks, *note_blocks) if note_blocks else link_printed_notes(blocks)
    return Read(title=title, blocks=found, left_out=tuple(left_out))


def _title(tree: LexborHTMLParser) -> str:
    for query in ("article h1", "main h1", "meta[property='og:title']", "h1", "title"):
        for node in tree.css(query):
            if title := (words_of(node) or (node.attributes.get("content") or "").strip()):
                return title
    return ""


def _main(body: LexborNode) -> LexborNode:
    """The element that holds the article: an article or main element with half of the page's text.
    Of several articles with running prose none is the page's article."""
    whole = len(words_of(body))
    for query in ("article", "main,[role=main]"):
        found = sorted(_outermost(body, body.css(query)), key=lambda node: -len(words_of(node)))
        if found and len(words_of(found[0])) * 2 >= whole and not any(map(_has_prose, found[1:])):
            return found[0]
    return body


def _clutter(main: LexborNode) -> list[LexborNode]:
    """What is no part of the article by its element, its role or its name."""
    sure = [
        n for n in main.css(CLUTTER) if n.tag != "button" or n.parent is None or n.parent.tag not in HEADINGS
    ]
    likely, promo = main.css(WRAPPERS), main.css(PROMO)
    for node in main.css("[class],[id]"):
        name = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if node.tag not in HEADINGS and node.tag not in ("main", "article", "body"):
            likely += [node] if CLUTTER_NAMES.search(name) else []
            promo += [node] if PROMO_NAMES.search(name) else []
    likely += [node for node in promo if not _has_prose(node)]
    half = len(words_of(main)) / 2
    return sure + [node for node in likely if len(words_of(node)) < half]


def _has_prose(node: LexborNode) -> bool:
    """Whether a paragraph of it is too long for a prompt and ends as a sentence."""
    paragraphs = map(words_of, node.css("p,li,dd") or [node])
    return any(len(words) > SHORT and is_sentence(words) for words in paragraphs)


def _outermost(root: LexborNode, wanted: Iterable[LexborNode]) -> list[LexborNode]:
    """The wanted elements below root that lie in no other of them, in order: each can be taken out once."""
    ids = {node.mem_id for node in wanted}
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if node.mem_id in ids and node.mem_id != root.mem_id:
            found.append(node)
        else:
            waiting += reversed(list(node.iter()))
    return found


def _take(node: LexborNode) -> str:
    """The node's words; the node is gone from the page afterwards."""
    words = words_of(node)
    node.decompose()
    return words


def _plain(block: Block) -> str:
    return "".join(piece for piece in block.content if isinstance(piece, str)).strip()


@dataclass
class _Walk:
    """Elements to blocks, in reading order. label: of the note that is read."""

    notes: Notes
    pieces: list[str | Ref] = field(default_factory=list)
    titled: bool = False
    label: str | None = None

    def note_blocks(self) -> Iterator[Block]:
        """The blocks of the notes, without the links back and the printed labels."""
        begun: set[str | None] = set()
        for element, label in self.notes.elements:
            self.label = label
            for block in self.blocks(element, "note"):
                content = _merge(block.content)
                if block.label not in begun and isinstance(content[0], str):
                    name = re.escape((block.label or "").rstrip("′"))
                    printed = rf"^\s*(?:\[?{name}[\].):]*(?=\s|$)|\^|\[\s*\])[\s,]*"
                    content[0] = re.sub(printed, "", content[0], flags=re.IGNORECASE)
                if any(isinstance(piece, Ref) or piece.strip() for piece in content):
                    begun.add(block.label)
                    yield Block("note", tuple(content), label=block.label)
        self.label = None

    def blocks(self, root: LexborNode, kind: BlockKind) -> Iterator[Block]:
        """The blocks below an element; text directly in it is of the kind."""
        self._begin_note(root)
        todo: list[tuple[LexborNode | None, BlockKind, int]] = [(None, kind, 0), *_children(root, kind, 0)]
        while todo:
            node, kind, level = todo.pop()
            if node is None:
                yield from self._flush(kind, level)
            elif node.is_text_node:
                self.pieces.append(node.text(deep=False))
            elif node.tag in BLOCK_TAGS and (kind != "row" or node.tag == "tr"):
                yield from self._flush(kind, level)
                self._begin_note(node)
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
        elif node.tag == "a" and kind == "note" and address_of(node) in self.notes.backs:
            return False
        elif kind == "row" and node.tag in BLOCK_TAGS and self.pieces:
            self.pieces.append(" | " if node.tag in ("td", "th") else " ")
        return True

    def _begin_note(self, node: LexborNode) -> None:
        self.label = self.notes.starts.get(node.mem_id, self.label)

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
        keeps = outer in ("item", "quote") and tag in ("p", "div", "section")
        return KINDS.get(tag, outer if keeps else "paragraph"), 0

    def _flush(self, kind: BlockKind, level: int) -> Iterator[Block]:
        pieces, self.pieces = _unbracket(self.pieces), []
        while kind == "row" and pieces and pieces[-1] in (" | ", " "):
            pieces.pop()
        if any(isinstance(p, Ref) or p.strip() for p in pieces):
            yield Block(kind, tuple(pieces), level, self.label if kind == "note" else None)


def _children(
    node: LexborNode, kind: BlockKind, level: int
) -> Iterator[tuple[LexborNode | None, BlockKind, int]]:
    return ((child, kind, level) for child in reversed(list(node.iter(include_text=True))))


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
