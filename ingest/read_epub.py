"""EPUB: a book's chapters in the order of its spine, as one page of HTML with its notes linked.

The chapters' addresses are rewritten as places in that one page, so that a note in another file (a book's
endnotes) is found as one in the same is (`ingest.html_notes`). Covers, contents and copyright pages
are left out and reported. Nothing outside of the archive is read.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, unquote

from selectolax.lexbor import LexborNode

from ingest.decode import decode, unread
from ingest.document import Block, Read
from ingest.epub_package import APPARATUS, NOTES_FILE, Book, Chapter, path_inside, read_book
from ingest.errors import SourceTooLarge, SourceUnreadable
from ingest.footnotes import NOTES_HEADING, as_shown, link_printed_notes
from ingest.html_clutter import paragraph_numbers
from ingest.html_notes import words_of
from ingest.html_page import DECLARED, outermost, parse, take
from ingest.html_walk import take_notes
from ingest.office import Archive, open_zip

SUFFIXES = (".epub",)

MOST_MARKUP = 50_000_000
"""Bytes of all chapters together; the longest novels have some 5 million."""
LONGEST_APPARATUS = 6000
"""Characters; a longer chapter is text, whatever its file is called."""
BESIDE = (
    "nav,button,[hidden],[role=navigation],.navheader,.navfooter,[epub\\:type~=pagebreak],"
    "[role=doc-pagebreak]"
)


def read(data: bytes, name: str) -> Read:
    """A reader of `ingest.read`. Raises SourceUnreadable for a book that is damaged or locked."""
    archive = open_zip(data, name)
    book = read_book(archive, name)
    page = parse(_one_page(archive, book, name))
    if page.body is None:
        return Read(title=book.title, blocks=())
    walk, notes = take_notes(page.body)
    walk.titled = bool(book.title)
    blocks: list[Block] = []
    left_out: list[str] = []
    nodes = {node.attributes.get("id"): node for node in page.body.css("section[id$='!']")}
    for chapter in book.chapters:
        node = nodes.get(chapter.key)
        if node is None:  # swallowed by an element that the chapter before it left open, <plaintext> say
            book.warnings.append(f"a chapter is left out: {chapter.path} cannot be parsed")
            continue
        beside = [*node.css(BESIDE), *paragraph_numbers(node)]
        asides = " ".join(words for aside in outermost(node, beside) if (words := take(aside)))
        left_out += [asides] if asides else []
        words = words_of(node)
        if len(words) <= LONGEST_APPARATUS and (chapter.apparatus or _is_contents(node, words)):
            left_out += [words] if words else []
            continue
        found = _with_heading(list(walk.blocks(node, "paragraph")), chapter.label)
        if notes and found and all(block.kind == "heading" for block in found):
            plain = [_plain(block) for block in found]
            if NOTES_HEADING.match(plain[0]) or NOTES_FILE.search(posixpath.basename(chapter.path)):
                left_out += [words for words in plain if not NOTES_HEADING.match(words)]
                continue
        blocks += _without_notes_heading(found) if notes else found
    warnings = [*book.warnings, *walk.warnings()]
    blocks = _with_title(blocks, book)
    found_notes = as_shown((*blocks, *notes)) if notes else link_printed_notes(blocks, warnings)
    return Read(book.title, found_notes, tuple(left_out), tuple(dict.fromkeys(warnings)))


def _one_page(archive: Archive, book: Book, name: str) -> str:
    """The chapters as sections of one page. A chapter that cannot be read is left out with a warning."""
    size, errors = 0, []
    for chapter in list(book.chapters):
        try:
            data = archive.read(chapter.path)
            size += len(data)
            declared = DECLARED.search(data[:1000])
            text = decode(data, chapter.path, declared.group(1).decode("ascii") if declared else "")
        except SourceUnreadable as error:
            errors.append(error)
            book.chapters.remove(chapter)
            book.warnings.append(f"a chapter is left out: {error}")
            continue
        book.warnings += (f"{chapter.path}: {said}" for said in unread(text))
        if size > MOST_MARKUP:
            raise SourceTooLarge(f"{name} has more than {MOST_MARKUP / 1e6:.0f} MB of text; split it")
        chapter.tree = parse(text, xml=True)
    if errors and not book.chapters:
        raise SourceUnreadable(f"{name} has no chapter that can be read: {errors[0]}") from errors[0]
    keys = {chapter.path: chapter.key for chapter in book.chapters}
    sections = []
    for chapter in book.chapters:
        body = chapter.tree.body if chapter.tree is not None else None
        if body is not None:
            types = " ".join(_types(node) for node in (body, *_only_children(body)))
            chapter.apparatus |= bool(APPARATUS & set(types.split()))
            _rewrite(body, chapter, keys)
        content = (body.inner_html or "") if body is not None else ""
        sections.append(f'<section id="{chapter.key}">{content}</section>')
        chapter.tree = None
    return "".join(sections)


def _rewrite(body: LexborNode, chapter: Chapter, keys: dict[str, str]) -> None:
    """Make the chapter's names and the book's own addresses those of the one page; others go."""
    for node in body.css("[id],[name]"):
        for attribute in ("id", "name"):
            if value := node.attributes.get(attribute):
                node.attrs[attribute] = chapter.key + value
    here = posixpath.dirname(chapter.path)
    for link in body.css("[href]"):
        address = link.attributes.get("href") or ""
        path = chapter.path if address.startswith("#") else path_inside(here, address)
        key = keys.get(path or "")
        if key is not None:
            link.attrs["href"] = f"#{key}{quote(unquote(address.partition('#')[2]))}"
        else:
            del link.attrs["href"]


def _types(node: LexborNode) -> str:
    role = (node.attributes.get("role") or "").removeprefix("doc-")
    return f"{node.attributes.get('epub:type') or ''} {role}"


def _only_children(node: LexborNode) -> Iterator[LexborNode]:
    """The element that is alone in the node, the one alone in that, and so on: what is all of a file."""
    while True:
        children = list(node.iter())
        if len(children) != 1:
            return
        node = children[0]
        yield node


def _is_contents(node: LexborNode, words: str) -> bool:
    """Whether nearly all of a chapter's words are links to other chapters."""
    links = [words_of(link) for link in node.css("a[href]")]
    return len(links) > 2 and sum(map(len, links)) > 0.7 * len(words)


def _with_heading(blocks: list[Block], label: str) -> list[Block]:
    """The chapter's blocks below its title from the contents, where it has no high heading of its own."""
    if not label or not blocks or any(b.kind == "title" or 0 < b.level < 3 for b in blocks):
        return blocks
    heading = Block("heading", (label,), 1)
    if _plain(blocks[0]).casefold() == label.casefold():
        return [replace(heading, content=blocks[0].content), *blocks[1:]]
    return [heading, *blocks]


def _without_notes_heading(blocks: list[Block]) -> list[Block]:
    end = len(blocks)
    while end and blocks[end - 1].kind == "heading" and NOTES_HEADING.match(_plain(blocks[end - 1])):
        end -= 1
    return blocks[:end]


def _with_title(blocks: list[Block], book: Book) -> list[Block]:
    """Title and authors from the package file, and not again as the first chapter's headings."""
    if not book.title:
        return blocks
    title = Block("title", (book.title,))
    if blocks and blocks[0].kind == "heading" and _plain(blocks[0]).casefold() == book.title.casefold():
        title = Block("title", blocks[0].content)
        blocks = blocks[1:]
    authors = [Block("paragraph", (book.author,))] if book.author else []
    if blocks and _plain(blocks[0]).casefold() == book.author.casefold():
        authors = []
    return [title, *authors, *blocks]


def _plain(block: Block) -> str:
    return " ".join("".join(piece for piece in block.content if isinstance(piece, str)).split())
