"""The fragment that the reading pane shows, parsed by a real HTML parser (Lexbor)."""

from dataclasses import replace
from html import escape
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from app.chat.reading import reading_html, routes
from index.library import Library
from ingest.document import Block, Document, Page, Read, Ref
from ingest.normalise import normalise
from ingest.read import read_file
from tests.conftest import SAMPLES
from tests.made import convert

HOSTILE = [
    *("<script>x</script>", "</p></article>", "&amp;", "&lt", '" onclick="x', "]]>", "<!--", " | "),
    *("\u202eevil", "𝔸😀", "e\u0301", "a\u00a0b"),
]
LABELS = ["1", "6", "lloyd", "*", '"><b>']
KINDS = ["title", "heading", "paragraph", "term", "item", "row", "quote", "code", "note"]


def made(*blocks: Block, title: str = "") -> Document:
    return normalise(
        Read(title, blocks), document_id="made-1", source="made", version="ab" * 32, fallback_title="Made"
    )


def parsed(document: Document, language: str = "en") -> LexborHTMLParser:
    return LexborHTMLParser(f"<!doctype html><main>{reading_html(document, language)}</main>")


def assert_exact(document: Document) -> None:
    """One element for each part, in their order, with exactly its text."""
    elements = parsed(document).css("main > article [data-start]")
    spans = [(int(e.attributes["data-start"]), int(e.attributes["data-end"])) for e in elements]
    assert spans == [(part.start, part.end) for part in document.parts]
    for element, (start, end) in zip(elements, spans, strict=True):
        assert element.text(deep=True) == document.text[start:end]


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_each_part_of_a_sample_is_an_element_with_exactly_its_text(path: Path):
    assert_exact(read_file(path))


@pytest.mark.heavy
@pytest.mark.parametrize("suffix", [".docx", ".epub", ".html", ".odt"])
def test_each_part_of_a_converted_sample_is_exact(suffix: str):
    assert_exact(read_file(convert(SAMPLES / "coffee.md", suffix)))


words = st.lists(st.one_of(st.text(max_size=12), st.sampled_from(HOSTILE)), max_size=4).map(" ".join)
content = st.lists(st.one_of(words, st.sampled_from(LABELS).map(Ref)), min_size=1, max_size=5).map(tuple)
block = st.builds(
    Block, st.sampled_from(KINDS), content, st.integers(0, 6), st.sampled_from(LABELS), st.integers(1, 9)
)


@given(st.lists(block, max_size=14))
@settings(max_examples=200, deadline=None)
def test_whatever_blocks_hold_each_part_is_exact_and_nothing_becomes_markup(blocks: list[Block]):
    document = made(*blocks)
    assert_exact(document)
    page = parsed(document)
    assert page.css("script, [onclick], main b") == []
    assert len(page.css("main > *")) == 1


def test_blocks_become_the_elements_that_they_are():
    document = made(
        Block("title", ("The Ferry",), 1),
        Block("heading", ("Boats",), 2),
        Block("heading", ("Small ones",), 4),
        Block("paragraph", ("Text",)),
        Block("item", ("one",)),
        Block("item", ("2. two",)),
        Block("term", ("oar",)),
        Block("row", ("Year | Boats",)),
        Block("row", ("1714 | 3",)),
        Block("quote", ("Said",)),
        Block("code", ("x = 1\n  y",)),
        Block("heading", ("Ports",), 2),
    )
    page = parsed(document)
    tags = [(e.tag, e.text(deep=True)) for e in page.css("[data-start]")]
    assert tags == [
        ("h2", "The Ferry"), ("h3", "Boats"), ("h4", "Small ones"), ("p", "Text"), ("li", "one"),
        ("li", "2. two"), ("li", "oar"), ("tr", "Year | Boats"), ("tr", "1714 | 3"), ("blockquote", "Said"),
        ("pre", "x = 1\n  y"), ("h3", "Ports"),
    ]  # fmt: skip
    assert len(page.css("ul")) == len(page.css("table")) == 1
    assert [len(row.css("td")) for row in page.css("tr")] == [2, 2]
    assert [e.text() for e in page.css("li.numbered")] == ["2. two"]
    assert [e.text() for e in page.css("li.term")] == ["oar"]


def test_headings_leave_no_depth_out_and_end_at_the_sixth():
    levels = [5, 6, 6, 1, 2, 3, 4, 5, 6]
    headings = [Block("heading", (f"H{i}",), level) for i, level in enumerate(levels)]
    document = made(*headings, Block("paragraph", ("x",)))
    tags = [int(e.tag[1]) for e in parsed(document).css("[data-start]") if e.tag != "p"]
    assert tags == [3, 4, 4, 3, 4, 5, 6, 6, 6]
    assert all(after <= before + 1 for before, after in pairwise([2, *tags]))


def test_a_document_that_only_its_file_names_gets_its_title_as_a_heading():
    page = parsed(made(Block("paragraph", ("Text",)), title="<i>The Ferry</i>"))
    assert page.css_first("h2").text() == "<i>The Ferry</i>"
    assert page.css_first("h2").attributes == {}
    assert page.css_first("article").attributes["data-title"] == "<i>The Ferry</i>"


def test_markers_lead_to_their_notes_and_notes_back_to_each_marker():
    page = parsed(
        made(
            Block("paragraph", ("It crossed", Ref("6"), " in May", Ref("6"), ".")),
            Block("note", ("See the ledger.",), label="6"),
            Block("note", ("Its second page.",), label="6"),
        )
    )
    markers = page.css("a[role=doc-noteref]")
    assert [(m.attributes["id"], m.attributes["href"], m.text()) for m in markers] == [
        ("ref-1-1", "#note-1", "[6]"),
        ("ref-1-2", "#note-1", "[6]"),
    ]
    note = page.css_first("aside[role=doc-footnote]#note-1")
    assert [p.text() for p in note.css("[data-start]")] == ["See the ledger.", "Its second page."]
    ways = note.css("a[role=doc-backlink]")
    assert [w.attributes["href"] for w in ways] == ["#ref-1-1", "#ref-1-2"]
    assert [w.attributes["aria-label"] for w in ways] == ["Back to the text 1", "Back to the text 2"]


def test_a_page_is_labelled_where_it_begins_without_being_text():
    document = made(
        Block("paragraph", ("First",), page=11),
        Block("paragraph", ("Second", Ref("1")), page=12),
        Block("note", ("Note",), label="1", page=11),
    )
    page = parsed(document, "ja")
    assert [
        (p.text(), p.css_first(".page").attributes["aria-label"]) for p in page.css("p[data-start]")[:2]
    ] == [
        ("First", "11ページ"),
        ("Second[1]", "12ページ"),
    ]
    assert page.css("aside .page") == []


def test_a_page_that_begins_within_a_paragraph_is_labelled_there():
    document = made(Block("paragraph", ("one two[1] three", Ref("1"))), Block("note", ("N",), label="1"))
    document = replace(document, pages=(Page(0, 4, 1), Page(4, 17, 2), Page(17, len(document.text), 3)))
    assert_exact(document)
    paragraph = parsed(document).css_first("p").html
    assert 'one <span class="page" role="doc-pagebreak" aria-label="page 2"></span>two' in paragraph
    assert "</a><span" in paragraph  # the third begins inside of the marker, and is drawn after it


def test_leaves_hold_the_whole_text_in_pieces_of_a_few_thousand_characters():
    document = made(*(Block("paragraph", ("word " * 60,)) for _ in range(200)))
    sizes = [len(leaf.text(deep=True)) for leaf in parsed(document).css(".leaf")]
    assert sum(sizes) == 200 * 299
    assert max(sizes) < 4_300


@pytest.fixture
def client(sample_library: Library) -> TestClient:
    app = FastAPI()
    routes(app, sample_library)
    return TestClient(app, headers={"Accept-Encoding": "identity"})


def sample(library: Library, name: str) -> Document:
    return next(library.document(e.id) for e in library.entries() if e.id.startswith(name))


def test_the_route_gives_the_fragment_in_the_language_asked_for(client: TestClient, sample_library: Library):
    document = sample(sample_library, "coffee")
    response = client.get(f"/reading/{document.id}", headers={"Accept-Language": "ko-KR,en;q=0.5"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.text == reading_html(document, "ko")
    assert "주석" in response.text


def test_a_fragment_that_the_browser_has_is_not_sent_again(client: TestClient, sample_library: Library):
    document = sample(sample_library, "coffee")
    tag = client.get(f"/reading/{document.id}").headers["etag"]
    assert document.version in tag
    again = client.get(f"/reading/{document.id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    korean = client.get(f"/reading/{document.id}", headers={"If-None-Match": tag, "Accept-Language": "ko"})
    assert korean.status_code == 200


def test_a_fragment_is_packed_for_who_can_unpack_it(client: TestClient, sample_library: Library):
    path = f"/reading/{sample(sample_library, 'coffee').id}"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(packed.content) / 2
    assert packed.text == client.get(path).text
    assert "Accept-Encoding" in packed.headers["vary"]


@pytest.mark.parametrize("name", ["nothing", "<b>x", "%2e%2e", "  ", "名前"])
def test_an_unknown_document_is_404_with_a_plain_message(client: TestClient, name: str):
    response = client.get(f"/reading/{escape(name)}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == "This document is not in the library, or not any more."
