"""Markdown (CommonMark with tables and footnotes): parsed by markdown-it, footnotes kept where
the plugin would drop them (a note without a marker is kept and reported).

Blocks of HTML go to the HTML reader; notes that are only printed as such, "[1] text", are linked.
"""

import re
from collections.abc import Iterable, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from ingest.decode import decode
from ingest.document import Block, BlockKind, Read, Ref
from ingest.footnotes import link_printed_notes
from ingest.read_html import read_html

SUFFIXES = (".md", ".markdown")

TITLE_LINE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
DEEPEST = 60
"""Nesting of lists and quotes; the parser leaves out what is deeper, and Python's stack holds some 150."""


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    return read_markdown(decode(data, name))


def read_markdown(text: str) -> Read:
    """Blocks of a Markdown text. The first heading of level 1 is the title."""
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(front_matter_plugin).disable("footnote_tail")
    env: dict = {}
    walk = _Walk()
    tokens = parser.parse(text, env)
    walk.blocks_of(tokens, None)
    for number, note in sorted(env.get("footnotes", {}).get("list", {}).items()):
        if "tokens" in note:
            label = walk.inline_label(number)
            walk.blocks.append(Block("note", tuple(walk.inline(note["tokens"])), label=label))
    blocks = tuple(walk.blocks)
    if not any(block.kind == "note" for block in blocks):
        blocks = link_printed_notes(blocks)
    deepest = max((token.level for token in tokens), default=0)
    warnings = (f"what is nested more than {DEEPEST} deep is left out",) if deepest >= DEEPEST - 1 else ()
    return Read(title=walk.title, blocks=blocks, left_out=tuple(walk.left_out), warnings=warnings)


class _Walk:
    """Token stream to blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.left_out: list[str] = []
        self.title = ""
        self.labels: dict[int, str] = {}

    def blocks_of(self, tokens: Sequence[Token], label: str | None) -> None:
        kinds: list[tuple[BlockKind, int]] = []
        cells: list[str | Ref] | None = None
        for token in tokens:
            match token.type:
                case "front_matter":
                    found = TITLE_LINE.search(token.content)
                    self.title = found.group(1) if found else ""
                    self.left_out.append(token.content)
                case "footnote_reference_open":
                    label = token.meta["label"]
                case "footnote_reference_close":
                    label = None
                case "heading_open" | "list_item_open" | "blockquote_open":
                    level = int(token.tag[1]) if token.type == "heading_open" else 0
                    kinds.append((self._kind(token), level))
                case "heading_close" | "list_item_close" | "blockquote_close":
                    kinds.pop()
                case "tr_open":
                    cells = []
                case "tr_close":
                    self._add("row", cells or [], label)
                    cells = None
                case "inline" if cells is not None:
                    cells += [*([" | "] if cells else []), *self.inline(token.children or [])]
                case "inline":
                    kind, level = kinds[-1] if kinds else ("paragraph", 0)
                    self._add(kind, self.inline(token.children or []), label, level)
                case "fence" | "code_block":
                    self._add("code", [token.content], label)
                case "html_block":
                    page = read_html(token.content)
                    self.left_out += page.left_out
                    for block in page.blocks:
                        self._add(block.kind, block.content, label or block.label, block.level)

    def _kind(self, token: Token) -> BlockKind:
        if token.type == "heading_open":
            first = token.tag == "h1" and not any(b.kind in ("title", "heading") for b in self.blocks)
            return "title" if first else "heading"
        return "item" if token.type == "list_item_open" else "quote"

    def _add(self, kind: BlockKind, content: Iterable[str | Ref], label: str | None, level: int = 0) -> None:
        if label is not None:
            kind = "note"
        self.blocks.append(Block(kind, tuple(content), level, label))

    def inline(self, tokens: Iterable[Token]) -> list[str | Ref]:
        """Text of inline tokens, with footnote markers; markup and image addresses are gone."""
        pieces: list[str | Ref] = []
        for token in tokens:
            match token.type:
                case "text" | "code_inline":
                    pieces.append(token.content)
                case "softbreak" | "hardbreak":
                    pieces.append(" ")
                case "image":
                    pieces.append(token.content)
                case "html_inline" if token.content.lower().startswith("<br"):
                    pieces.append(" ")
                case "footnote_ref":
                    pieces.append(Ref(self._ref_label(token)))
        return pieces

    def _ref_label(self, token: Token) -> str:
        return token.meta.get("label") or self.inline_label(token.meta["id"])

    def inline_label(self, number: int) -> str:
        """An inline note has no name; it gets one that says so."""
        return self.labels.setdefault(number, f"inline-{len(self.labels) + 1}")
