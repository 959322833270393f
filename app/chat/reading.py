"""A document as the reading pane shows it: one HTML fragment whose text is the document's text.

Every block (Document.parts) is one element with `data-start` and `data-end`, and its `textContent` is
`document.text[start:end]`, character for character: this is what makes a highlight exact. Whatever is not
text of the document (page labels, the labels of notes, the ways back) is drawn by CSS from attributes, or
stands outside of these elements. Nothing of a document is unescaped. Knows nothing of gradio.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from html import escape
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.chat.strings import FILE, language_of, say
from index.library import Library
from ingest.document import Document, Part
from ingest.errors import CitedError, DocumentUnknown

LEAF = 4000
"""Characters in a leaf, the piece that the browser lays out only when it comes near the window. A book of
100,000 words is drawn in 60 ms with leaves of 1,000 to 16,000, in 400 ms without (Chromium, two cores)."""
LINE = 68
"""Characters in a line of the pane, for the height of leaves that are not laid out yet."""
CELL = re.compile(r" \| ")
"""What readers put between the cells of a row."""
NUMBERED = re.compile(r"([•▪‣◦·*–—-]|\(?\w{1,4}[.)])\s")
"""An item that brings its own bullet or number."""
SMALLEST_PACKED = 10_000
"""Bytes; what is shorter goes as it is."""
BUILD = sha256(Path(__file__).read_bytes() + FILE.read_bytes()).hexdigest()[:8]
"""In the ETag: a program that draws documents in another way must not be answered «not modified»."""
TAGS = {
    "paragraph": "p", "note": "p", "term": "li", "item": "li", "row": "tr",
    "quote": "blockquote", "code": "pre",
}  # fmt: skip

start_of = attrgetter("start")


class Inset(NamedTuple):
    """HTML that stands for text[start:end], or between two characters where both are the same."""

    start: int
    end: int
    html: str


def reading_html(document: Document, language: str = "en") -> str:
    """The document as `<article data-document data-version data-title>`, its notes last."""
    draw = _Drawing(document, language)
    body = [part for part in document.parts if part.kind != "note"]
    notes = document.parts[len(body) :]  # normalise puts them last
    pieces = [
        f'<article data-document="{escape(document.id)}" data-version="{escape(document.version)}"'
        f' data-title="{escape(document.title)}">'
    ]
    if not any(part.kind == "title" for part in body):
        pieces.append(f"<h2>{escape(document.title)}</h2>")
    pieces += _leaves(draw.blocks(body))
    if notes:
        pieces.append(f'<section class="notes"><h3>{escape(say("reading.notes", language))}</h3>')
        pieces += [*_leaves(draw.notes(notes)), "</section>"]
    return "".join([*pieces, "</article>"])


def _leaves(blocks: Iterator[tuple[str, int, int]]) -> Iterator[str]:
    """Blocks (HTML, characters, lines at least) bound into leaves of about LEAF characters."""
    leaf, characters, lines = [], 0, 0
    for html, length, least in blocks:
        leaf.append(html)
        characters += length
        lines += max(length // LINE + 2, least)
        if characters >= LEAF:
            yield f'<div class="leaf" style="--lines:{lines}">{"".join(leaf)}</div>'
            leaf, characters, lines = [], 0, 0
    if leaf:
        yield f'<div class="leaf" style="--lines:{lines}">{"".join(leaf)}</div>'


class _Drawing:
    """Draws parts of one document."""

    def __init__(self, document: Document, language: str) -> None:
        self.text = document.text
        self.footnotes = document.footnotes
        self.say = partial(say, language=language)
        self.tags = _heading_tags(document.parts)
        self.insets = sorted([*self._markers(), *self._pages(document)], key=start_of)

    def _markers(self) -> Iterator[Inset]:
        for n, note in enumerate(self.footnotes, 1):
            for k, at in enumerate(note.markers, 1):
                words = escape(self.text[at.start : at.end])
                name = f'id="ref-{n}-{k}" href="#note-{n}"'
                yield Inset(at.start, at.end, f'<a class="marker" role="doc-noteref" {name}>{words}</a>')

    def _pages(self, document: Document) -> Iterator[Inset]:
        """An empty element where a page begins, maybe within a block. Not among the notes, which stand
        together at the end, whatever page they were on."""
        starts = [part.start for part in document.parts]
        notes = next((part.start for part in document.parts if part.kind == "note"), len(self.text))
        ends = [part.end for part in document.parts]
        for page in document.pages:
            i = bisect_left(ends, page.start + 1)  # the part that it is in, or the next one
            if i < len(starts) and page.start < notes:
                name = escape(self.say("reading.page", page=page.number))
                html = f'<span class="page" role="doc-pagebreak" aria-label="{name}"></span>'
                yield Inset(max(page.start, starts[i]), max(page.start, starts[i]), html)

    def inline(self, start: int, end: int) -> str:
        """text[start:end] as HTML of the same text, with links for markers."""
        first, stop = (bisect_left(self.insets, at, key=start_of) for at in (start, end))
        pieces, at = [], start
        for inset in self.insets[first:stop]:
            pieces += [escape(self.text[at : inset.start], quote=False), inset.html]
            at = max(at, inset.end)
        return "".join([*pieces, escape(self.text[at:end], quote=False)])

    def block(self, part: Part, inner: str | None = None, attributes: str = "") -> str:
        """One part as its element."""
        tag = self.tags.get(part.start) or TAGS[part.kind]
        inner = self.inline(part.start, part.end) if inner is None else inner
        return f'<{tag}{attributes} data-start="{part.start}" data-end="{part.end}">{inner}</{tag}>'

    def blocks(self, parts: Sequence[Part]) -> Iterator[tuple[str, int, int]]:
        """(HTML, characters, lines at least) of each block, list and table."""
        for kind, group in groupby(parts, lambda part: "item" if part.kind == "term" else part.kind):
            same = list(group)
            if kind == "row":
                rows = "".join(self.block(part, self._cells(part)) for part in same)
                attributes = f'role="group" tabindex="0" aria-label="{escape(self.say("reading.table"))}"'
                html = f'<div class="table" {attributes}><table dir="auto">{rows}</table></div>'
                yield html, same[-1].end - same[0].start, 2 * len(same)
            elif kind == "item":
                for at in range(0, len(same), 50):  # no list outgrows a leaf by much
                    some = same[at : at + 50]
                    items = "".join(self.block(part, attributes=self._bullet(part)) for part in some)
                    yield f'<ul dir="auto">{items}</ul>', some[-1].end - some[0].start, len(some)
            else:
                for part in same:
                    lines = self.text.count("\n", part.start, part.end) + 2
                    yield self.block(part), part.end - part.start, lines

    def _bullet(self, part: Part) -> str:
        if part.kind == "term":
            return ' class="term"'
        return ' class="numbered"' if NUMBERED.match(self.text, part.start, part.end) else ""

    def _cells(self, part: Part) -> str:
        """The cells of a row. What stands between them is text of the document, and hidden."""
        pieces, at = ["<td>"], part.start
        for cut in CELL.finditer(self.text, part.start, part.end):
            between = f'<span class="between">{self.inline(*cut.span())}</span></td><td>'
            pieces += [self.inline(at, cut.start()), between]
            at = cut.end()
        return "".join([*pieces, self.inline(at, part.end), "</td>"])

    def notes(self, parts: Sequence[Part]) -> Iterator[tuple[str, int, int]]:
        """(HTML, characters, lines at least) of each note, with the ways back to its markers."""
        back = escape(self.say("reading.back"))
        for n, note in enumerate(self.footnotes, 1):
            first, stop = (bisect_left(parts, at, key=start_of) for at in (note.start, note.end))
            label = escape(note.label)
            numbers = range(1, len(note.markers) + 1) if len(note.markers) > 1 else [""] * len(note.markers)
            ways = "".join(
                f'<a role="doc-backlink" href="#ref-{n}-{k}" aria-label="{back} {number}">↩{number}</a>'
                for k, number in enumerate(numbers, 1)
            )
            html = (
                f'<aside role="doc-footnote" id="note-{n}" tabindex="-1" dir="auto" data-label="{label}"'
                f' aria-label="{escape(self.say("reading.note", label=note.label))}">'
                f'<bdi class="label">{label}</bdi>{"".join(map(self.block, parts[first:stop]))}'
                f'<span class="back">{ways}</span></aside>'
            )
            yield html, note.end - note.start, 2


def _heading_tags(parts: Sequence[Part]) -> dict[int, str]:
    """The tag of each title and heading by its start: h2 for the title, below it no depth left out."""
    tags: dict[int, str] = {}
    above: list[int] = []
    for part in parts:
        if part.kind == "heading":
            while above and above[-1] >= part.level:
                above.pop()
            above.append(part.level)
            tags[part.start] = f"h{min(6, 2 + len(above))}"
        elif part.kind == "title":
            tags[part.start] = "h2"
    return tags


def routes(app: FastAPI, library: Library) -> None:
    """Add `GET /reading/{document_id}`: the fragment, in the language that the browser asks for. Unknown
    documents are 404 with a plain message. Call it before gradio is mounted at the root."""

    def reading(request: Request) -> Response:
        language = language_of(request)
        try:
            document = library.document(request.path_params["document_id"])
        except DocumentUnknown:
            return PlainTextResponse(say("reading.unknown", language), status_code=404)
        except CitedError as error:
            return PlainTextResponse(str(error), status_code=500)
        tag = f'W/"{document.version}-{language}-{BUILD}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(reading_html(document, language), headers=headers)

    packed = Middleware(GZipMiddleware, minimum_size=SMALLEST_PACKED, compresslevel=5)
    app.router.routes.append(Route("/reading/{document_id}", reading, middleware=[packed]))
