"""HTML: the article inside a page, its footnotes linked, the clutter around it reported.

A footnote is what a marker links to (`<a href="#fn1">`), wherever the page keeps it; the links back
are dropped. Notes are taken out first, so that cutting clutter cannot lose them.
"""

from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from ingest.decode import decode, unread
from ingest.document import Block, Read
from ingest.footnotes import NOTES_HEADING, as_shown, link_printed_notes
from ingest.html_clutter import clutter_of, main_of
from ingest.html_notes import words_of
from ingest.html_page import DECLARED, outermost, parse, take
from ingest.html_walk import take_notes

SUFFIXES = (".html", ".htm", ".xhtml")


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`."""
    declared = DECLARED.search(data[:2048])
    text = decode(data, name, declared.group(1).decode("ascii") if declared else "")
    read = read_html(text)
    return replace(read, warnings=(*unread(text), *read.warnings))


def read_html(text: str) -> Read:
    """Blocks of the article in a page. Title: the article's h1, else og:title, else <title>."""
    tree = parse(text, xml=text.lstrip("\ufeff \r\n\t").startswith("<?xml"))
    title = _title(tree)
    if tree.body is None:
        return Read(title=title, blocks=())
    walk, note_blocks = take_notes(tree.body)
    main = main_of(tree.body)
    left_out = [words for node in outermost(main, clutter_of(main)) if (words := take(node))]
    blocks = list(walk.blocks(main, "paragraph"))
    while note_blocks and blocks and blocks[-1].kind == "heading" and NOTES_HEADING.match(_plain(blocks[-1])):
        blocks.pop()
    if title and not any(block.kind == "title" for block in blocks):
        blocks.insert(0, Block("title", (title,)))
    if main.mem_id != tree.body.mem_id:
        main.decompose()
        rest = [words_of(node) for node in tree.body.iter(include_text=True)]
        left_out += [words for words in rest if words and words != title]
    warnings = walk.warnings()
    found = as_shown((*blocks, *note_blocks)) if note_blocks else link_printed_notes(blocks, warnings)
    return Read(title=title, blocks=found, left_out=tuple(left_out), warnings=tuple(warnings))


def _title(tree: LexborHTMLParser) -> str:
    for query in ("article h1", "main h1", "meta[property='og:title']", "h1", "title"):
        for node in tree.css(query):
            if title := (words_of(node) or (node.attributes.get("content") or "").strip()):
                return title
    return ""


def _plain(block: Block) -> str:
    return "".join(piece for piece in block.content if isinstance(piece, str)).strip()
