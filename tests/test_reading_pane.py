"""The reading pane in a real headless Chromium, with a real server of the fragments on loopback."""

import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, Locator, Page, expect

from app.chat.reading import routes
from index.library import Library
from ingest.document import Block, Document, Read, Ref
from ingest.normalise import normalise
from ingest.read import read_bytes, read_file
from tests.conftest import ROOT, SAMPLES, served
from tests.test_embed import WordLengths

CHAT = ROOT / "app" / "chat"
HOSTILE = """# <script>document.title = 'HACKED'</script>

Emoji 😀 and 𝔸, \u202eright to left\u202c, <img src=x onerror="document.title='HACKED'"> &amp; e\u0301.[^1]

- one 😀 item with a marker[^1]
- two

| Year 😀 | Boats |
| ---- | ----- |
| 1714 | 3[^b] |

```
code 😀
  <b>kept</b>
```

[^1]: A note 😀 about 𝔸.

[^b]: Three <i>boats</i>, see [^1].
"""
BEFORE = "# Ferry\n\nIt crossed the sound in May. Nobody had asked for it.\n"
AFTER = "# Ferry\n\nA new beginning, much longer than it was. It crossed the sound in May. So they say.\n"


def made(name: str, *blocks: Block) -> Document:
    return normalise(
        Read("", blocks), document_id=name, source=name, version=name.encode().hex() * 9, fallback_title=name
    )


def book() -> Document:
    """100,000 words in 2,000 paragraphs, with 40 chapters, 300 pages and 400 notes."""
    chance = random.Random(4)
    words = [line.split() for line in (SAMPLES / "longitude.txt").read_text("utf-8").split("\n\n") if line]
    pool = [word for line in words for word in line]
    blocks = [Block("title", ("The Long Book",), 1)]
    for i in range(2000):
        if i % 50 == 0:
            blocks.append(Block("heading", (f"Chapter {i // 50 + 1}",), 2, page=1 + i * 300 // 2000))
        text = " ".join(chance.choices(pool, k=chance.randrange(5, 96)))
        mark = (Ref(str(i // 5 + 1)),) if i % 5 == 0 else ()
        blocks.append(Block("paragraph", (f"Paragraph {i}: {text}", *mark), page=1 + i * 300 // 2000))
    blocks += [Block("note", (f"Note {n} of the book.",), label=str(n)) for n in range(1, 401)]
    return made("book", *blocks)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    given = [read_file(path) for path in sorted(SAMPLES.iterdir())]
    given += [
        read_bytes(HOSTILE.encode(), name="hostile.md", source="hostile"),
        read_bytes(AFTER.encode(), name="ferry.md", source="ferry"),
        book(),
    ]
    return {document.id.split("-")[0]: document for document in given}


@pytest.fixture(scope="module")
def address(documents: dict[str, Document], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Library(tmp_path_factory.mktemp("reading") / "library", WordLengths()) as library:
        for document in documents.values():
            library.add(document)
        app = FastAPI()
        routes(app, library)
        app.get("/")(lambda: FileResponse(Path(__file__).parent / "reading_pane.html"))
        app.get("/strings.json")(lambda: FileResponse(CHAT / "strings.json"))
        app.mount("/page", StaticFiles(directory=CHAT / "static"))
        with served(app) as at:
            yield at


def opened(
    browser: Browser, address: str, width: int = 900, scheme: str = "light", locale: str = "en"
) -> Iterator[Page]:
    """The pane's page; afterwards it has asked this machine only, and no script has failed."""
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=locale)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    expect(page.locator("html[data-ready]")).to_be_attached(timeout=30_000)
    if scheme == "dark":
        page.evaluate("document.documentElement.classList.add('dark')")
    yield page
    context.close()
    hosts = {urlsplit(url).hostname for url in asked if urlsplit(url).scheme in ("http", "https")}
    assert hosts == {urlsplit(address).hostname}
    assert errors == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from opened(browser, address)


def show(window: Page, document: Document, start: int, end: int, **more: object) -> None:
    target = {"document_id": document.id, "version": document.version, "start": start, "end": end}
    window.evaluate("(target) => pane.show(target)", target | more)


def highlighted(page: Page) -> str:
    """The text in marks, of a mark in a mark once."""
    script = "marks => marks.filter(m => !m.parentElement.closest('mark')).map(m => m.textContent).join('')"
    return page.locator(".reading-text mark").evaluate_all(script)


def shown_of(document: Document, start: int, end: int) -> str:
    """What of text[start:end] is in parts; what stands between them is not in any element."""
    pieces = [(max(start, part.start), min(end, part.end)) for part in document.parts]
    return "".join(document.text[a:b] for a, b in pieces if a < b)


def from_top(mark: Locator) -> float:
    """Where an element stands, as a share of the pane's height."""
    return mark.evaluate(
        "m => { const b = document.querySelector('.reading-text').getBoundingClientRect();"
        " return (m.getBoundingClientRect().top - b.top) / b.height }"
    )


SPANS = """async ({document_id, version, spans}) => {
  await pane.open(document_id);
  const article = document.querySelector('.reading-text article');
  const nodes = () => {
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    let count = 0;
    while (walker.nextNode()) count += 1;
    return count;
  };
  const [text, count] = [article.textContent, nodes()];
  const found = [];
  for (const [start, end] of spans) {
    pane.show({document_id, version, start, end});
    await new Promise((go) => setTimeout(go));
    const marks = [...article.querySelectorAll('mark')];
    found.push([marks.map((m) => m.textContent).join(''), article.textContent === text]);
  }
  await pane.open(document_id);
  const whole = nodes() === count && article.textContent === text;
  return {found, whole, left: article.querySelectorAll('mark').length};
}"""


@pytest.mark.parametrize("name", ["coffee", "longitude", "tides", "hostile"])
def test_a_highlight_is_exactly_the_span_and_leaves_no_trace(page: Page, documents, name: str):
    document = documents[name]
    chance = random.Random(name)
    size = len(document.text)
    spans = [(part.start, part.end) for part in document.parts]
    spans += [sorted(chance.sample(range(size + 1), 2)) for _ in range(60)]
    spans += [(at, min(size, at + chance.randrange(1, 90))) for at in chance.choices(range(size), k=120)]
    given = {"document_id": document.id, "version": document.version, "spans": spans}
    result = page.evaluate(SPANS, given)
    for (start, end), (found, unchanged) in zip(spans, result["found"], strict=True):
        assert (found, unchanged) == (shown_of(document, start, end), True)
    assert (result["whole"], result["left"]) == (True, 0)
    assert "HACKED" not in page.title()


def test_a_passage_stands_a_third_down_with_the_focus_and_its_place_above(page: Page, documents):
    document = documents["longitude"]
    start = document.text.index("Kendall's second watch") - 3000
    show(page, document, start, start + 200)
    mark = page.locator("mark").first
    expect(mark).to_be_focused()
    expect(mark).to_be_in_viewport()
    assert from_top(mark) == pytest.approx(1 / 3, abs=0.03)
    expect(page.locator(".reading-name")).to_have_text(document.title)
    expect(page.locator(".reading-where")).to_have_text(document.section_at(start))


def test_a_passage_may_leave_the_focus_where_it_is(page: Page, documents):
    close = page.get_by_role("button", name="Close the document")
    close.focus()
    show(page, documents["coffee"], 7263, 7357, focus=False)
    expect(page.locator("mark")).to_be_in_viewport()
    expect(close).to_be_focused()


def test_the_short_answer_is_marked_within_the_quotation(page: Page, documents):
    document = documents["coffee"]
    quoted = "400 milligrams a day as safe for most adults."
    start = document.text.index(quoted)
    show(page, document, start, start + len(quoted), short=[start, start + 14])
    expect(page.locator("mark mark.short")).to_have_text("400 milligrams")
    assert highlighted(page) == quoted
    show(page, document, 0, 6)
    expect(page.locator("mark.short")).to_have_count(0)
    assert highlighted(page) == document.text[:6]


def test_the_page_of_a_passage_is_told(page: Page, documents):
    document = documents["book"]
    start = document.text.index("Paragraph 1000:")
    show(page, document, start, start + 15, page=document.page_at(start))
    expect(page.locator(".reading-where")).to_have_text("Chapter 21 · page 151")
    label = page.locator("h3:has-text('Chapter 21') .page")
    assert label.evaluate("e => [e.textContent, getComputedStyle(e, '::after').content]") == [
        "",
        '"page 151"',
    ]


def test_a_note_opens_in_place_by_keyboard_and_escape_gives_the_focus_back(page: Page, documents):
    document = documents["tides"]
    page.evaluate("(id) => pane.open(id)", document.id)
    marker = page.locator("a.marker").nth(1)
    marker.focus()
    page.keyboard.press("Enter")
    here = page.get_by_role("note", name="Note 2")
    expect(here).to_be_focused()
    expect(here).to_be_in_viewport()
    expect(here.locator("p")).to_have_text(
        document.text[document.footnotes[1].start : document.footnotes[1].end]
    )
    assert here.evaluate("e => e.previousElementSibling.contains(document.querySelectorAll('a.marker')[1])")
    page.keyboard.press("Escape")
    expect(here).to_have_count(0)
    expect(marker).to_be_focused()
    assert page.evaluate("closes") == 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Go to the note")).to_be_focused()
    page.keyboard.press("Enter")
    note = page.locator("aside#note-2")
    expect(note).to_be_focused()
    expect(note).to_be_in_viewport()
    expect(here).to_have_count(0)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(marker).to_be_focused()
    expect(marker).to_be_in_viewport()
    assert "#" not in page.url


def test_one_note_is_open_at_a_time_and_its_marker_closes_it(page: Page, documents):
    page.evaluate("(id) => pane.open(id)", documents["coffee"].id)
    page.locator("a.marker").nth(0).click()
    page.locator("a.marker").nth(1).click()
    expect(page.locator(".here")).to_have_count(1)
    page.locator("a.marker").nth(1).click()
    expect(page.locator(".here")).to_have_count(0)


def test_notes_in_items_and_rows_and_notes_of_notes_open_without_touching_the_text(page: Page, documents):
    document = documents["hostile"]
    page.evaluate("(id) => pane.open(id)", document.id)
    for holder in ("li", "tr"):
        page.locator(f"{holder} a.marker").click()
        expect(page.locator(f"{holder}.here-in .here")).to_be_visible()
        part = next(p for p in document.parts if p.kind == {"li": "item", "tr": "row"}[holder])
        show(page, document, part.start, document.parts[-1].end)
        assert highlighted(page) == shown_of(document, part.start, document.parts[-1].end)
    page.get_by_role("note").get_by_role("link", name="[1]").click()
    expect(page.locator("aside#note-1")).to_be_focused()


def test_a_quotation_in_a_note_is_shown_in_the_note(page: Page, documents):
    document = documents["tides"]
    note = document.footnotes[6]
    show(page, document, note.start, note.end)
    expect(page.locator("aside#note-7 mark")).to_be_in_viewport()
    expect(page.locator(".reading-where")).to_have_text("Note 7")


def test_a_link_leads_to_its_passage(browser: Browser, address: str, documents):
    document = documents["coffee"]
    hash_ = f"#document={document.id}&start=7263&end=7357&version={document.version[:12]}"
    for page in opened(browser, address + hash_):
        expect(page.locator("mark")).to_be_in_viewport()
        assert highlighted(page) == document.text[7263:7357]
        expect(page.locator(".reading-notice")).to_be_empty()


@pytest.mark.parametrize(
    "hash_",
    ["", "#", "#document=a", "#document=a&start=1", "#document=a&start=5&end=5", "#document=a&start=-1&end=5",
     "#document=a&start=1e3&end=2e3", "#document=&start=1&end=2", "#start=1&end=2", "#cite-1-1", "#%"],
)  # fmt: skip
def test_what_is_no_link_to_a_passage_is_null(page: Page, hash_: str):
    assert page.evaluate("(hash) => fromHash(hash)", hash_) is None


def test_a_link_names_document_span_and_version(page: Page):
    found = page.evaluate("fromHash('#document=%EA%B0%80-1&start=0&end=12&version=0123456789ab')")
    assert found == {"document_id": "가-1", "start": 0, "end": 12, "version": "0123456789ab"}


def test_a_passage_of_an_earlier_version_is_found_where_it_stands_now(page: Page, documents):
    document = documents["ferry"]
    quoted = "It crossed the sound in May."
    was = BEFORE.index(quoted) - 2
    show(page, document, was, was + len(quoted), version="0" * 64, quoted=quoted, short=[was + 3, was + 10])
    assert highlighted(page) == quoted
    expect(page.locator("mark.short")).to_have_text("crossed")
    expect(page.locator(".reading-notice")).to_contain_text("earlier version")
    expect(page.locator(".reading-notice")).to_contain_text("now stand here")
    expect(page.get_by_role("status")).to_contain_text("earlier version")
    now = document.text.index(quoted)
    assert page.evaluate("pane.current()") == {
        "document_id": document.id, "version": document.version, "title": "Ferry",
        "start": now, "end": now + len(quoted),
    }  # fmt: skip


def test_words_that_still_stand_at_their_place_are_said_to(page: Page, documents):
    show(page, documents["ferry"], 0, 5, version="0" * 64, quoted="Ferry")
    assert highlighted(page) == "Ferry"
    expect(page.locator(".reading-notice")).to_contain_text("still stand here")


def test_words_that_are_gone_are_said_to_be_gone_and_nothing_is_highlighted(page: Page, documents):
    show(page, documents["ferry"], 36, 60, version="0" * 64, quoted="Nobody had asked for it.")
    assert highlighted(page) == ""
    expect(page.locator(".reading-notice")).to_contain_text("not in it any more")
    show(page, documents["ferry"], 0, 5)
    expect(page.locator(".reading-notice")).to_be_empty()


def test_a_link_from_an_earlier_version_highlights_nothing(page: Page, documents):
    show(page, documents["ferry"], 7, 36, version="0" * 12)
    assert highlighted(page) == ""
    expect(page.locator(".reading-notice")).to_contain_text("may have changed or moved")


def test_a_place_beyond_the_end_is_said_to_be_nowhere(page: Page, documents):
    show(page, documents["ferry"], 90_000, 90_010)
    assert highlighted(page) == ""
    expect(page.locator(".reading-notice")).to_contain_text("no such place")


def test_a_document_that_is_not_there_is_said_to_be_gone_and_the_next_one_opens(page: Page, documents):
    page.evaluate("pane.show({document_id: '<b>none', start: 0, end: 5})")
    expect(page.locator(".reading-text")).to_have_text(
        "This document is not in the library, or not any more."
    )
    assert page.evaluate("pane.current()") is None
    show(page, documents["ferry"], 0, 5)
    assert highlighted(page) == "Ferry"


def test_the_last_call_wins(page: Page, documents):
    ids = [documents[name].id for name in ("book", "coffee", "tides")]
    page.evaluate(
        "(ids) => Promise.all(ids.map((id) => pane.show({document_id: id, start: 0, end: 3})))", ids
    )
    assert page.evaluate("pane.current().document_id") == ids[-1]
    expect(page.locator("article")).to_have_count(1)


def test_a_server_that_is_gone_is_said_to_be(page: Page, documents):
    page.context.set_offline(True)
    show(page, documents["ferry"], 0, 5)
    expect(page.locator(".reading-text")).to_contain_text("Is Cited still running?")


@pytest.fixture
def copied(page: Page) -> Page:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


def test_the_link_to_the_highlighted_passage_is_copied(copied: Page, documents):
    document = documents["ferry"]
    show(copied, document, 7, 20)
    copied.get_by_role("button", name="Copy link to passage").click()
    link = copied.evaluate("navigator.clipboard.readText()")
    assert link == f"{copied.url}#document={document.id}&start=7&end=20&version={document.version[:12]}"
    expect(copied.get_by_role("status")).to_have_text("Link copied")


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 4), (3, 6), (5, 8)])
def test_the_link_to_a_selection_has_its_exact_offsets(copied: Page, documents, first: int, last: int):
    document = documents["hostile"]
    copied.evaluate("(id) => pane.open(id)", document.id)
    expect(copied.get_by_role("button", name="Copy link")).to_be_hidden()
    copied.evaluate(
        """([first, last]) => {
          const blocks = document.querySelectorAll('[data-start]');
          const text = (b) => document.createTreeWalker(b, NodeFilter.SHOW_TEXT).nextNode();
          getSelection().setBaseAndExtent(text(blocks[first]), 1, blocks[last], 0);
        }""",
        [first, last],
    )
    copied.get_by_role("button", name="Copy link to selection").click()
    link = copied.evaluate("navigator.clipboard.readText().then((link) => fromHash(new URL(link).hash))")
    parts = document.parts
    assert (link["start"], link["end"]) == (parts[first].start + 1, parts[last - 1].end)


def test_a_page_without_a_clipboard_shows_the_link(browser: Browser, address: str, documents):
    document = documents["ferry"]
    for page in opened(browser, address.replace("127.0.0.1", "0.0.0.0")):
        assert not page.evaluate("isSecureContext")
        show(page, document, 7, 20)
        page.get_by_role("button", name="Copy link to passage").click()
        box = page.locator(".reading-notice input")
        expect(box).to_be_focused()
        expect(box).to_have_value(
            f"{page.url}#document={document.id}&start=7&end=20&version={document.version[:12]}"
        )


def test_the_contents_lead_to_a_section_by_keyboard_and_fold(page: Page, documents):
    page.evaluate("(id) => pane.open(id)", documents["book"].id)
    page.get_by_role("button", name="Contents").press("Enter")
    expect(page.get_by_role("button", name="Chapter 1", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Contents")).to_be_hidden()
    expect(page.get_by_role("button", name="Contents")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Chapter 31", exact=True).press("Enter")
    expect(page.get_by_role("navigation", name="Contents")).to_be_hidden()
    heading = page.get_by_role("heading", name="page 226 Chapter 31", exact=True)
    expect(heading).to_be_focused()
    expect(heading).to_have_class("arrived")
    assert from_top(heading) == pytest.approx(0.04, abs=0.03)


def test_the_close_button_calls_the_room(page: Page, documents):
    show(page, documents["ferry"], 0, 5)
    page.get_by_role("button", name="Close the document").click()
    assert page.evaluate("closes") == 1


def test_a_book_of_100_000_words_opens_at_any_passage(page: Page, documents, record_property):
    document = documents["book"]
    assert len(document.text.split()) > 100_000
    script = """async (target) => { const t = performance.now(); const done = pane.show(target);
      while (!document.querySelector('mark')) await new Promise((go) => requestAnimationFrame(go));
      const seen = performance.now() - t; await done; return [seen, performance.now() - t]; }"""
    for i in (1999, 3, 1200, 640, 1201):
        start = document.text.index(f"Paragraph {i}:")
        target = {"document_id": document.id, "version": document.version, "start": start, "end": start + 60}
        seen, settled = page.evaluate(script, target)
        print(f"paragraph {i}: highlighted after {seen:.0f} ms, in place after {settled:.0f} ms")
        assert highlighted(page) == document.text[start : start + 60]
        assert from_top(page.locator("mark").first) == pytest.approx(1 / 3, abs=0.03)
    expect(page.locator("[data-start]")).to_have_count(len(document.parts))


def test_a_book_scrolled_by_hand_keeps_its_passage_findable(page: Page, documents):
    document = documents["book"]
    page.evaluate("(id) => pane.open(id)", document.id)
    body = page.locator(".reading-text")
    body.hover()
    for _ in range(20):
        page.mouse.wheel(0, 2500)
        page.wait_for_timeout(20)
    for i in (5, 1500):
        start = document.text.index(f"Paragraph {i}:")
        show(page, document, start, start + 30)
        assert from_top(page.locator("mark")) == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["hostile", "coffee"])
def test_axe_finds_nothing(browser: Browser, address: str, documents, scheme: str, name: str):
    document = documents[name]
    for page in opened(browser, address, scheme=scheme):
        half = len(document.text) // 2
        show(page, document, half // 2, half, version="0" * 64, quoted=document.text[half // 2 : half])
        show(page, document, half // 2, half, short=[half - 40, half - 10])
        page.locator("a.marker").first.click()
        page.get_by_role("button", name="Contents").click(timeout=2000) if name == "coffee" else None
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found] == []


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_nothing_is_wider_than_the_window(browser: Browser, address: str, documents, width: int):
    for page in opened(browser, address, width):
        for name in ("coffee", "hostile"):
            show(page, documents[name], 5, 900)
            page.locator("a.marker").first.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator(".reading-text").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_print_is_the_article_without_the_controls(browser: Browser, address: str, documents):
    document = documents["coffee"]
    for page in opened(browser, address, 700, "dark"):
        show(page, document, 7263, 7357)
        page.emulate_media(media="print")
        expect(page.locator(".reading-bar")).to_be_hidden()
        assert page.locator(".reading-text").evaluate("e => e.scrollHeight === e.clientHeight")
        style = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        assert page.locator("mark").first.evaluate(style) == ["rgb(0, 0, 0)", "rgb(255, 241, 184)"]
        assert page.locator(".reading").evaluate(style) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


SPOKEN = [("ko-KR", "문서 닫기"), ("ja-JP", "文書を閉じる"), ("fr-FR", "Close the document")]


@pytest.mark.parametrize(("locale", "words"), SPOKEN)
def test_the_pane_speaks_the_reader_s_language(browser: Browser, address: str, locale: str, words: str):
    for page in opened(browser, address, locale=locale):
        expect(page.get_by_role("button", name=words)).to_be_visible()
