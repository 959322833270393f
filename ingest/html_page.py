"""A page as a tree that is safe to walk: text to elements, without the silent ones, nested not too deep.

Nothing is recursive here or in what walks the tree: pages nest as deep as they like.
"""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.html_notes import BLOCK_TAGS, words_of

SILENT = (
    "script,style,noscript,template,iframe,svg,object,canvas,video,audio,img,link,meta,head,a.headerlink,"
    "annotation,annotation-xml,rt,rp"
)
"""Elements without text of the article; dropped without a report. The link is Sphinx's "¶" at headings,
annotations say a formula once more, in TeX say, and `rt` tells how a Japanese word is read."""
DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
SELF_CLOSED = re.compile(rf"<(?!(?:{VOID})[\s/])([a-zA-Z][\w:.-]*)(\s[^<>]*)?/>")
"""XHTML: a parser of HTML takes it for an opening tag."""
XML_HEAD = re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?<!DOCTYPE[^>\[]*\[[^\]]*\]\s*>")
UNCOUNTED = f"{VOID}|a|html|head|body|p|li|dt|dd|td|th|tr|thead|tbody|tfoot|colgroup|option|optgroup|rt|rp"
TAG = re.compile(rf"<(/?)(?!(?:{UNCOUNTED})[\s/>])([a-zA-Z][\w:-]*)[^<>]*>", re.IGNORECASE)
"""Tags that nest as deep as they are written; the others end each other, or are often left open."""
FORMATTING = frozenset(
    ("b", "big", "code", "em", "font", "i", "s", "small", "span", "strike", "strong", "tt", "u")
)
DRAWN = re.compile(r"(?:path|circle|ellipse|rect|line|poly\w+|use|stop|image|animate\w*|fe\w+|m\w+)$", re.I)
"""Elements of drawings and formulas that close themselves, without text."""
DEEPEST = 500
"""Nesting of elements; deeper tags are taken out before the page is parsed, and their text stays. 10,000,
20,000 and 40,000 `div`s took the parser 0.11, 0.47 and 1.96 s, without end. Chromium stops at 512."""


def parse(text: str, *, xml: bool = False) -> LexborHTMLParser:
    """The page without its silent elements and nested no deeper than DEEPEST. xml: it is XHTML."""
    if xml:
        text = XML_HEAD.sub("<!DOCTYPE html>", text.lstrip("\ufeff"), count=1)
        text = SELF_CLOSED.sub(r"<\1\2></\1>", text)
    tree = LexborHTMLParser(_flatten(text))
    if tree.body is not None:
        for node in outermost(tree.body, tree.body.css(SILENT)):
            node.decompose()
    return tree


def _flatten(text: str) -> str:
    """The page without the tags that nest deeper than DEEPEST; a paragraph ends where a block's tag was."""
    if text.count("<") <= DEEPEST:
        return text
    depths = {True: 0, False: 0}

    def keep(match: re.Match[str]) -> str:
        closing, tag = bool(match[1]), match[2].lower()
        if match[0].endswith("/>") and DRAWN.match(tag):
            return ""
        depth = depths[tag in FORMATTING] - closing
        depths[tag in FORMATTING] = max(0, depth + (not closing))
        return match[0] if depth < DEEPEST else "<br><br>" if tag in BLOCK_TAGS else ""

    return TAG.sub(keep, text)


def outermost(root: LexborNode, wanted: Iterable[LexborNode]) -> list[LexborNode]:
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


def take(node: LexborNode) -> str:
    """The node's words; the node is gone from the page afterwards."""
    words = words_of(node)
    node.decompose()
    return words
