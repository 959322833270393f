"""Markdown (CommonMark with tables and footnotes): parsed by markdown-it, footnotes kept where
the plugin would drop them (a note without a marker is kept and reported).

A note that is defined again, as in the next chapter of a book, is another note: a marker means the next
one of its label. Blocks of HTML go to the HTML reader; notes that are only printed as such, "[1] text",
are linked.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from ingest.decode import decode, unread
from ingest.document import Block, BlockKind, Read, Ref
from ingest.footnotes import as_shown, link_printed_notes
from ingest.item_numbers import item_mark
from ingest.markers import BREAK, GOES_ON, LOWERED, RAISED, name_again
from ingest.read_html import read_html
from ingest.wrapping import space_between

SUFFIXES = (".md", ".markdown")

TITLE_LINE = re.compile(r"^title\s*[:=]\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
TOML = re.compile(r"\A\ufeff?\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
"""Front matter as Hugo and Zola have it; the parser knows that between "---"."""
ORPHAN = re.compile(r"\[\^([^\s\]]{1,24})\]")
RAISING = {"<sup>": RAISED, "</sup>": LOWERED}
DEEPEST = 60
"""Nesting of lists and quotes; the parser leaves out what is deeper, and Python's stack holds some 150."""


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    text = decode(data, name)
    read = read_markdown(text)
    return replace(read, warnings=(*unread(text), *read.warnings))


def read_markdown(text: str) -> Read:
    """Blocks of a Markdown text. The title is that in the front matter, else the first heading of level 1."""
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(front_matter_plugin).disable("footnote_tail")
    parser.inline.ruler.before("link", "unclosed", _unclosed)
    env: dict = {}
    walk = _Walk()
    if toml := TOML.match(text):
        walk.read_front_matter(toml[1])
        text = text[toml.end() :]
    tokens = parser.parse(text, env)
    walk.blocks_of(tokens, None)
    for number, note in sorted(env.get("footnotes", {}).get("list", {}).items()):
        if "tokens" in note:
            label = walk.inline_label(number)
            walk.at = walk.inline_at.get(number, inf)
            walk.blocks.append(Block("note", tuple(walk.inline(note["tokens"])), label=label))
    warnings = [f"marker [{label}] has no note" for label in walk.orphans]
    if any(block.kind == "note" for block in walk.blocks):
        blocks = as_shown(walk.blocks)
    else:
        printed: list[str] = []
        blocks = link_printed_notes(walk.blocks, printed)
        warnings = printed if any(block.kind == "note" for block in blocks) else warnings
    deepest = max((token.level for token in tokens), default=0)
    if deepest >= DEEPEST - 1:
        warnings.append(f"what is nested more than {DEEPEST} deep is left out")
    return Read(walk.title, blocks, tuple(walk.left_out), tuple(warnings))


def _unclosed(state: StateInline, silent: bool) -> bool:
    """A rule of the parser: a bracket behind which nothing closes one is text. The parser would look for its
    end, and within that for the end of each of DEEPEST brackets behind it."""
    last = state.cache.get(-1)  # the parser's own keys are positions
    if last is None:
        last = state.cache[-1] = state.src.rfind("]")
    if state.pos <= last or state.src[state.pos] not in "[!^":
        return False
    if not silent:
        state.append_pending(state.src[state.pos])
    state.pos += 1
    return True


def _in_one_line(pieces: Iterable[str | Ref]) -> list[str | Ref]:
    """The pieces with a space, or none, where a line of the file ends ("\n")."""
    said = ["", *(piece for piece in pieces if piece != ""), ""]
    around = zip(said, said[1:], said[2:], strict=False)
    return [space_between(str(a), str(b)) if piece == "\n" else piece for a, piece, b in around]


class _Walk:
    """Token stream to blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.left_out: list[str] = []
        self.title = ""
        self.labels: dict[int, str] = {}
        self.prefix = ""
        self.numbers: list[tuple[int, int]] = []
        """Of the last item of each ordered list that is open: as typed, and as read."""
        self.orphans: dict[str, None] = {}
        self.at: float = 0
        self.inline_at: dict[int, float] = {}
        self.defined: dict[str, list[tuple[float, float]]] = {}
        """Label to where its notes end: the note itself, and the run of notes that it stands in."""

    def _find_definitions(self, tokens: Sequence[Token]) -> None:
        run: list[tuple[str, float]] = []
        depth = 0
        for at, token in enumerate([*tokens, Token("end", "", 0)]):
            if token.type == "footnote_reference_open":
                run.append((token.meta["label"], at))
            depth += {"footnote_reference_open": 1, "footnote_reference_close": -1}.get(token.type, 0)
            if not depth and token.type != "footnote_reference_close":
                for label, start in run:
                    self.defined.setdefault(label, []).append((start, at))
                run = []

    def _name(self, label: str) -> str:
        """The note that a marker means at the place that is read: the next of its label, else the last."""
        ends = self.defined.get(label, [])
        at = bisect_right(ends, self.at, key=lambda found: found[1])
        return name_again(label, max(0, min(at, len(ends) - 1)))

    def blocks_of(self, tokens: Sequence[Token], label: str | None) -> None:
        kinds: list[tuple[BlockKind, int]] = []
        cells: list[str | Ref] | None = None
        self._find_definitions(tokens)
        for self.at, token in enumerate(tokens):
            match token.type:
                case "front_matter":
                    self.read_front_matter(token.content)
                case "footnote_reference_open":
                    label = self._name(token.meta["label"])
                case "footnote_reference_close":
                    label = None
                case "ordered_list_open":
                    self.numbers.append((-1, -1))
                case "ordered_list_close":
                    self.numbers.pop()
                case "heading_open" | "list_item_open" | "blockquote_open":
                    level = int(token.tag[1]) if token.type == "heading_open" else 0
                    kinds.append((self._kind(token, tokens[int(self.at) + 1].content), level))
                    self.prefix = self.prefix.removeprefix(GOES_ON) + self._number(token)
                case "heading_close" | "list_item_close" | "blockquote_close":
                    kinds.pop()
                    self.prefix = ""
                case "tr_open":
                    cells = []
                case "tr_close":
                    self._add_row(cells or [], label)
                    cells = None
                case "inline" if cells is not None:
                    cells += [*([" | "] if cells else []), *self.inline(token.children or [])]
                case "inline":
                    kind, level = kinds[-1] if kinds else ("paragraph", 0)
                    content = self.inline(token.children or [])
                    if any(isinstance(piece, Ref) or piece.strip() for piece in content):
                        self._add(kind, [self.prefix, *content], label, level)
                        self.prefix = GOES_ON if kind == "item" else ""
                case "fence" | "code_block":
                    self._add("code", [token.content], label)
                case "html_block":
                    page = read_html(token.content)
                    self.left_out += page.left_out
                    self.orphans |= {w.partition("[")[2].partition("]")[0]: None for w in page.warnings}
                    for block in page.blocks:
                        self._add(block.kind, block.content, label or block.label, block.level)

    def _number(self, token: Token) -> str:
        """The mark of a list item's number, "" for what has none: as typed, and counted where the number
        before is typed again, as in "1. 1. 1."."""
        if not token.info.isdecimal():
            return ""
        typed = int(token.info)
        number = self.numbers[-1][1] + 1 if typed in self.numbers[-1] else typed
        self.numbers[-1] = typed, number
        return item_mark(f"{number}{token.markup}")

    def read_front_matter(self, text: str) -> None:
        """What a file says of itself before it begins: its title."""
        found = TITLE_LINE.search(text)
        self.title = found.group(1) if found else ""
        self.left_out.append(text)

    def _kind(self, token: Token, text: str) -> BlockKind:
        """What a block is. text: of a heading."""
        if token.type == "heading_open":
            first = token.tag == "h1" and not any(b.kind in ("title", "heading") for b in self.blocks)
            title = not self.title or text.strip().casefold() == self.title.casefold()
            return "title" if first and title else "heading"
        return "item" if token.type == "list_item_open" else "quote"

    def _add(self, kind: BlockKind, content: Iterable[str | Ref], label: str | None, level: int = 0) -> None:
        if label is not None:
            kind = "note"
        self.blocks.append(Block(kind, tuple(content), level, label))
        self.prefix = GOES_ON if self.prefix else ""

    def _add_row(self, cells: Sequence[str | Ref], label: str | None) -> None:
        """A row of a table, unless it is blank; with the number of the item that it begins."""
        if any(isinstance(piece, Ref) or piece.strip(" |") for piece in cells):
            self._add("row", [self.prefix.removeprefix(GOES_ON), *cells], label)

    def inline(self, tokens: Iterable[Token]) -> list[str | Ref]:
        """Text of inline tokens, with footnote markers; markup and image addresses are gone."""
        pieces: list[str | Ref] = []
        for token in tokens:
            match token.type:
                case "text":
                    pieces.append(token.content)
                    self.orphans |= dict.fromkeys(ORPHAN.findall(token.content))
                case "code_inline":
                    pieces.append(token.content)
                case "softbreak":
                    pieces.append("\n")
                case "hardbreak":
                    pieces.append(BREAK)
                case "image":
                    pieces.append(token.content)
                case "html_inline" if token.content.lower().startswith("<br"):
                    pieces.append(BREAK)
                case "html_inline" if token.content.lower() in RAISING:
                    pieces.append(RAISING[token.content.lower()])
                case "footnote_ref":
                    pieces.append(Ref(self._ref_label(token)))
        return _in_one_line(pieces)

    def _ref_label(self, token: Token) -> str:
        if label := token.meta.get("label"):
            return self._name(label)
        self.inline_at.setdefault(token.meta["id"], self.at)
        return self.inline_label(token.meta["id"])

    def inline_label(self, number: int) -> str:
        """An inline note has no name; it gets one that says so."""
        return self.labels.setdefault(number, f"inline-{len(self.labels) + 1}")
