"""The page as its users meet it: in a real headless Chromium, served by the real server on loopback."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from app.answer import REFUSAL, Answerer
from index.embed import Embedder
from index.library import Library
from ingest.read import read_bytes, read_file
from tests.conftest import SAMPLES, served

EVIL = (
    "The lighthouse of Cape Marrow was finished in 1871.[1] <script>document.title = 'HACKED'</script> "
    "<img src=http://192.0.2.1/x.png onerror=\"document.title='HACKED'\"> "
    "It has a red lamp [1](#cite-9-9).\n\n"
    "## Not a heading\n\n**Not bold** and [99] is no note.\n\n[1] By Anna Berg, with <b>eleven</b> masons.\n"
)
YEAR = "In which year did Parliament pass the Longitude Act?"
CAFFEINE = "How much caffeine a day is considered safe for adults?"
PRIZE = "And what did it offer?"
SECONDS = 30_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    with Library(tmp_path_factory.mktemp("page") / "library", embedder) as opened:
        for path in sorted(SAMPLES.iterdir()):
            opened.add(read_file(path))
        opened.add(read_bytes(EVIL.encode(), name="evil.txt", source="evil.txt"))
        yield opened


@pytest.fixture(scope="module")
def address(library: Library, browser: Browser) -> Iterator[str]:
    """browser: gradio takes the event loop that it brings, and would leave one of its own unclosed."""
    from app.chat.page import application

    with served(application(Answerer(library))) as at:
        yield at


class Visit:
    """A browser window at the page; what it asked for and what went wrong in it are checked at its end."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)
        expect(self.page.locator("#question")).to_be_visible(timeout=SECONDS)

    def end(self) -> None:
        addresses = [urlsplit(url) for url in self.asked]
        outside = [a for a in addresses if a.scheme in ("http", "https") and a.hostname != "127.0.0.1"]
        assert outside == []
        assert self.errors == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, loaded; afterwards no request has left the machine and no script has failed."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    visit = Visit(context, address)
    yield visit.page
    visit.end()
    context.close()


def ask(page: Page, question: str) -> Locator:
    """Ask; the turn, once it is answered."""
    before = page.locator(".turn").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    expect(page.locator(".turn:not(.waiting)")).to_have_count(before + 1, timeout=SECONDS)
    return page.locator(".turn").nth(before)


def ask_and_hold(page: Page, question: str) -> Route:
    """Ask; the question, which waits on its way to the server until it is let go on."""
    held: list[Route] = []

    def pass_on(route: Route) -> None:
        if route.request.post_data_json["fn_name"] == "ask" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/component_server**", pass_on)
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    expect(page.locator(".turn.waiting")).to_have_count(1)
    while not held:
        page.wait_for_timeout(20)
    return held[0]


def let_go(page: Page, held: Route) -> None:
    """Let a question go on; until its answer has come."""
    with page.expect_response(lambda response: response.request == held.request):
        held.continue_()
    page.wait_for_timeout(300)


def conversation(page: Page, title: str) -> Locator:
    """A conversation in the list."""
    return page.locator(".conversations .name", has_text=title)


def delete(page: Page, title: str) -> None:
    page.get_by_role("button", name=f"Delete “{title}”").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()


def kept(page: Page) -> list[dict]:
    """The conversations that the browser keeps."""
    return page.evaluate("JSON.parse(localStorage.getItem('cited.conversations'))")


def questions(page: Page) -> list[list[str]]:
    """Those of each conversation that the browser keeps."""
    return [[turn["question"] for turn in one["turns"]] for one in kept(page)]


def marked(page: Page) -> str:
    """The highlighted words of the document."""
    expect(page.locator(".pane mark").first).to_be_visible(timeout=SECONDS)
    return "".join(page.locator(".pane mark").all_text_contents())


def test_a_marker_leads_to_the_quotation_in_the_document(page: Page, library: Library):
    turn = ask(page, YEAR)
    marker = turn.locator("a.cite")
    expect(marker).to_have_text("1")
    marker.click()
    place = re.search(r"document=([^&]+)&start=(\d+)&end=(\d+)", marker.get_attribute("href") or "")
    assert place
    text = library.document(place[1]).text
    assert "1714" in marked(page)
    assert marked(page).startswith(text[int(place[2]) :][:20])
    expect(page.locator(".pane mark").first).to_be_in_viewport()


def test_a_card_says_where_its_quotation_stands_and_how_sure_it_is(page: Page):
    card = ask(page, YEAR).locator(".card")
    expect(card).to_contain_text("Four Minutes to a Degree")
    expect(card.locator("mark")).to_contain_text("1714")
    expect(card.locator(".sureness")).to_have_text(re.compile("Confident|Likely|Uncertain"))
    expect(card.locator(".kind")).to_have_text(re.compile("text|footnote"))


def test_the_keyboard_reaches_question_marker_document_and_back(page: Page):
    ask(page, YEAR)
    page.keyboard.press("Tab")
    page.locator("body").press("/")
    expect(page.locator("#question")).to_be_focused()
    page.locator(".turn a.cite").focus()
    page.keyboard.press("Enter")
    assert "1714" in marked(page)
    page.keyboard.press("Escape")
    expect(page.locator(".room")).to_have_attribute("data-pane", "closed")
    expect(page.locator(".turn a.cite")).to_be_focused()
    page.keyboard.press("j")
    assert "1714" in marked(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next citation")


def test_a_refusal_shows_the_nearest_passages_and_questions_that_are_answered(page: Page):
    turn = ask(page, "Which hormone regulates blood sugar?")
    expect(turn).to_contain_text(REFUSAL)
    expect(turn.locator(".card")).to_have_count(3)
    expect(turn.locator("a.cite")).to_have_count(0)
    suggestion = turn.locator(".suggestion").first
    expect(suggestion).to_be_visible(timeout=SECONDS)
    suggestion.click()
    expect(page.locator(".turn:not(.waiting)")).to_have_count(2, timeout=SECONDS)
    expect(page.locator(".turn").nth(1).locator("a.cite").first).to_be_visible()


def test_a_first_question_is_suggested_and_answered_by_a_click(page: Page):
    suggestion = page.locator(".welcome .suggestion").first
    expect(suggestion).to_be_visible(timeout=SECONDS)
    suggestion.click()
    expect(page.locator(".turn a.cite").first).to_be_visible(timeout=SECONDS)


def test_a_conversation_understands_a_follow_up_and_is_there_at_the_next_visit(page: Page, address: str):
    ask(page, YEAR)
    ask(page, "And what did it offer?")
    expect(page.locator(".turns")).to_contain_text("20,000")
    page.goto("about:blank")
    page.goto(address)
    kept = page.locator(".conversations .name")
    expect(kept).to_have_text([YEAR], timeout=SECONDS)
    kept.click()
    expect(page.locator(".turn")).to_have_count(2)
    page.locator(".turn a.cite").first.click()
    assert "1714" in marked(page)


def test_a_conversation_is_renamed_and_deleted(page: Page):
    ask(page, YEAR)
    page.get_by_role("button", name=f"Rename “{YEAR}”").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("The <b>Act</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".conversations .name")).to_have_text(["The <b>Act</b>"])
    expect(page.locator("#talk-title")).to_have_text("The <b>Act</b>")
    page.get_by_role("button", name="Delete “The <b>Act</b>”").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator(".conversations .name")).to_have_count(1)
    page.get_by_role("button", name="Delete “The <b>Act</b>”").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".conversations .name")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(0)


def test_an_answer_finds_the_reader_who_left_its_conversation_and_came_back(page: Page):
    ask(page, YEAR)
    page.get_by_role("button", name="New conversation").click()
    ask(page, CAFFEINE)
    conversation(page, YEAR).click()
    held = ask_and_hold(page, PRIZE)
    conversation(page, CAFFEINE).click()
    expect(page.locator(".turn.waiting")).to_have_count(0)
    conversation(page, YEAR).click()
    expect(page.locator(".turn.waiting .question")).to_have_text(PRIZE)
    let_go(page, held)
    expect(page.locator(".turn:not(.waiting) .question")).to_have_text([YEAR, PRIZE])
    expect(page.locator(".turn").last).to_contain_text("20,000")
    ask(page, CAFFEINE)
    assert questions(page) == [[YEAR, PRIZE, CAFFEINE], [CAFFEINE]]


def test_an_answer_to_a_conversation_that_was_left_is_kept_there_and_shown_nowhere_else(page: Page):
    ask(page, YEAR)
    held = ask_and_hold(page, PRIZE)
    page.get_by_role("button", name="New conversation").click()
    let_go(page, held)
    ask(page, CAFFEINE)
    expect(page.locator(".turn .question")).to_have_text([CAFFEINE])
    assert questions(page) == [[CAFFEINE], [YEAR, PRIZE]]


def test_a_conversation_deleted_while_its_answer_is_on_the_way_stays_deleted(page: Page):
    ask(page, YEAR)
    held = ask_and_hold(page, PRIZE)
    delete(page, YEAR)
    let_go(page, held)
    ask(page, CAFFEINE)
    expect(page.locator(".conversations .name")).to_have_text([CAFFEINE])
    expect(page.locator(".composer .notice")).to_be_empty()
    assert questions(page) == [[CAFFEINE]]


def test_two_windows_on_one_conversation_keep_what_each_of_them_adds(page: Page, address: str):
    ask(page, YEAR)
    visit = Visit(page.context, address)
    conversation(visit.page, YEAR).click(timeout=SECONDS)
    ask(visit.page, PRIZE)
    visit.page.get_by_role("button", name=f"Rename “{YEAR}”").click()
    visit.page.get_by_role("dialog").get_by_role("textbox").fill("The Act")
    visit.page.keyboard.press("Enter")
    visit.page.locator(".chooser summary").click()
    visit.page.locator(".chooser").get_by_label("Coffee").check()
    expect(visit.page.locator(".chooser summary")).to_contain_text("Asking: Coffee")
    ask(page, CAFFEINE)
    assert questions(page) == [[YEAR, PRIZE, CAFFEINE]]
    assert kept(page)[0]["title"] == "The Act"
    assert len(kept(page)[0]["documents"]) == 1
    delete(visit.page, "The Act")
    expect(page.locator(".conversations .name")).to_have_count(0)
    ask(page, PRIZE)
    expect(page.locator(".composer .notice")).to_contain_text("deleted in another window")
    assert questions(page) == []
    visit.end()


def test_an_answer_that_found_no_room_is_kept_with_the_next_one_that_does(page: Page):
    ask(page, YEAR)
    page.evaluate(
        """() => {
          let all = "";
          for (let size = 2 ** 23; size >= 1; size /= 2) {
            const more = all + "x".repeat(size);
            try { localStorage.setItem("filler", more); all = more; } catch { /* full */ }
          }
        }"""
    )
    ask(page, PRIZE)
    expect(page.locator(".composer .notice")).to_contain_text("no room left")
    assert questions(page) == [[YEAR]]
    page.evaluate("localStorage.removeItem('filler')")
    ask(page, CAFFEINE)
    assert questions(page) == [[YEAR, PRIZE, CAFFEINE]]


def test_a_conversation_asks_only_the_documents_chosen_for_it(page: Page):
    page.locator(".chooser summary").click()
    page.locator(".chooser").get_by_label("Coffee").check()
    expect(page.locator(".chooser summary")).to_contain_text("Asking: Coffee")
    turn = ask(page, YEAR)
    titles = turn.locator(".card .title").all_text_contents()
    assert titles
    assert all(title.startswith("Coffee") for title in titles)


def test_a_conversation_is_exported_with_its_citations(page: Page, tmp_path: Path):
    ask(page, YEAR)
    for name, suffix in (("Markdown", "md"), ("HTML", "html"), ("Word", "docx"), ("JSON", "json")):
        page.locator(".export summary").click()
        with page.expect_download() as coming:
            page.locator(".export").get_by_role("button", name=name, exact=True).click()
        assert coming.value.suggested_filename.endswith(f".{suffix}")
        coming.value.save_as(tmp_path / f"talk.{suffix}")
    assert "[^1]" in (tmp_path / "talk.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))
    assert len(read_file(tmp_path / "talk.docx").footnotes) == 1


def test_a_link_to_a_passage_opens_it(page: Page, address: str, library: Library):
    document = library.document(library.find("Coffee: The Seed That Had to Be Burnt"))
    start = document.text.index("The European Food Safety Authority")
    page.goto("about:blank")
    page.goto(f"{address}#document={document.id}&start={start}&end={start + 38}")
    assert marked(page) == document.text[start : start + 38]


def test_a_quotation_of_a_document_that_was_replaced_is_said_to_be_of_an_earlier_version(
    browser: Browser, tmp_path: Path, embedder: Embedder
):
    from app.chat.page import application

    def tower(height: str) -> bytes:
        return f"# The tower\n\nThe tower of Ost was built in 1902. It is {height} metres high.\n".encode()

    with Library(tmp_path / "library", embedder) as library:
        library.add(read_bytes(tower("forty"), name="tower.md", source="tower.md"))
        with served(application(Answerer(library))) as at:
            visit = Visit(browser.new_context(locale="en-US"), at)
            ask(visit.page, "When was the tower of Ost built?")
            library.add(read_bytes(tower("fifty-one"), name="tower.md", source="tower.md"))
            visit.page.reload()
            visit.page.locator(".conversations .name").click(timeout=SECONDS)
            expect(visit.page.locator(".card .earlier")).to_have_text("from an earlier version")
            expect(visit.page.locator(".card mark")).to_contain_text("1902")
            visit.page.locator("a.cite").click()
            assert "1902" in marked(visit.page)
            library.delete(library.find("The tower"))
            visit.page.reload()
            visit.page.locator(".conversations .name").click(timeout=SECONDS)
            expect(visit.page.locator(".card .earlier")).to_have_text("this document was deleted")
            visit.end()
            visit.page.context.close()


def test_a_thumb_and_a_comment_on_an_answer_are_kept(page: Page, library: Library):
    from index.feedback import all_feedback

    before = len(all_feedback(library.catalog))
    turn = ask(page, YEAR)
    turn.get_by_role("button", name="Helpful", exact=True).click()
    expect(turn.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "true")
    turn.locator(".comment input").fill("Just the year I wanted.")
    turn.locator(".comment input").press("Enter")
    expect(turn).to_contain_text("Your comment is kept in the library")
    said = all_feedback(library.catalog)[before:]
    assert [(one.good, one.comment) for one in said] == [(True, ""), (None, "Just the year I wanted.")]
    assert said[0].answer["question"] == YEAR


def test_a_comment_that_was_not_kept_stays_in_its_box(page: Page):
    turn = ask(page, YEAR)
    turn.get_by_role("button", name="Helpful", exact=True).click()
    box = turn.locator(".comment input")
    box.fill("Just the year I wanted.")
    page.context.set_offline(True)
    box.press("Enter")
    expect(page.locator(".notice")).not_to_be_empty(timeout=SECONDS)
    expect(box).to_have_value("Just the year I wanted.")
    expect(box).to_be_enabled()
    page.context.set_offline(False)
    box.press("Enter")
    expect(turn).to_contain_text("Your comment is kept in the library")


def test_a_document_with_markup_and_markers_changes_nothing(page: Page):
    turn = ask(page, "When was the lighthouse of Cape Marrow finished?")
    expect(turn).to_contain_text("1871")
    turn.locator("a.cite").first.click()
    assert "1871" in marked(page)
    expect(page.locator(".room img, .room script, .pane b")).to_have_count(0)
    expect(page.locator(".pane")).to_contain_text("<script>document.title = 'HACKED'</script>")
    assert page.title() == "Cited"


@pytest.mark.parametrize(
    "question",
    [
        "<img src=x onerror=\"document.title='HACKED'\"> When was the Longitude Act passed?",
        "When was the Longitude Act passed? [1](#cite-1-1) [2] [99]",
        "\u202eWhen was the Longitude Act passed?\u2067",
    ],
)
def test_a_hostile_question_is_shown_as_it_stands(page: Page, question: str):
    turn = ask(page, question)
    assert turn.locator(".question").text_content() == question
    expect(turn.locator(".question *")).to_have_count(0)
    assert page.title() == "Cited"


def test_a_question_that_cannot_be_asked_stays_in_the_box_with_a_reason(page: Page):
    page.locator("#question").fill("word " * 20_000)
    page.locator(".ask").click()
    expect(page.get_by_role("alert").filter(has_text="ask in 2000 or fewer")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#question")).to_have_value("word " * 20_000)
    expect(page.locator(".turn")).to_have_count(0)


def test_an_empty_question_asks_nothing(page: Page):
    page.locator("#question").fill("   ")
    page.locator(".ask").click()
    page.wait_for_timeout(300)
    expect(page.locator(".turn")).to_have_count(0)


def test_an_uploaded_file_can_be_asked_about(page: Page, tmp_path: Path):
    file = tmp_path / "glacier.md"
    file.write_text("# The glacier\n\nThe Brodal glacier lost eleven metres in 2019.\n", encoding="utf-8")
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#library .formats")).not_to_be_empty(timeout=SECONDS)
    page.locator("#library input[type=file]").set_input_files(file)
    expect(page.get_by_role("tabpanel").get_by_text("The glacier").first).to_be_visible(timeout=SECONDS)
    page.get_by_role("tab", name="Read").click()
    expect(ask(page, "How much did the Brodal glacier lose in 2019?")).to_contain_text("eleven metres")


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_page_fits_its_window(browser: Browser, address: str, width: int):
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="en-US")
    visit = Visit(context, address)
    turn = ask(visit.page, YEAR)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    turn.locator("a.cite").click()
    assert "1714" in marked(visit.page)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    visit.end()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_the_page_stands_in_the_way_of_a_screen_reader(
    browser: Browser, address: str, scheme: str
):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    visit = Visit(context, f"{address}?__theme={scheme}")
    turn = ask(visit.page, YEAR)
    ask(visit.page, "Which hormone regulates blood sugar?")
    turn.locator("a.cite").click()
    marked(visit.page)
    found = Axe().run(visit.page).response["violations"]
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []
    context.close()


def test_an_answer_is_spoken_and_moves_nothing_that_was_there(page: Page):
    ask(page, YEAR)
    expect(page.get_by_role("status").filter(has_text="1714")).to_have_count(1)
    page.evaluate(
        """() => { window.shift = 0; new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: false }); }"""
    )
    ask(page, "How much caffeine a day is considered safe for adults?")
    page.wait_for_timeout(500)
    assert page.evaluate("window.shift") < 0.02


@pytest.mark.parametrize(("locale", "word"), [("ko-KR", "질문"), ("ja-JP", "質問"), ("fr-FR", "Ask")])
def test_the_page_speaks_the_readers_language_or_english(
    browser: Browser, address: str, locale: str, word: str
):
    context = browser.new_context(locale=locale)
    visit = Visit(context, address)
    expect(visit.page.locator(".ask")).to_have_text(word)
    visit.end()
    context.close()


def test_clients_of_the_gradio_api_have_each_a_conversation_of_their_own(address: str):
    from gradio_client import Client

    one, other = Client(address, verbose=False), Client(address, verbose=False)
    assert "1714" in one.predict(YEAR, api_name="/ask")["answer"]
    followed = one.predict("And what did it offer?", api_name="/ask")
    alone = other.predict("And what did it offer?", api_name="/ask")
    assert "20,000" in followed["answer"]
    assert followed["confidence"] != alone["confidence"]  # what was asked before is part of the question
    for client in (one, other):
        client.close()


def test_nothing_but_the_question_is_an_endpoint(address: str):
    from gradio_client import Client

    client = Client(address, verbose=False)
    named = client.view_api(return_format="dict", print_info=False)
    client.close()
    assert list(named["named_endpoints"]) == ["/ask"]
    assert named["unnamed_endpoints"] == {}


def test_another_site_cannot_give_orders(address: str):
    import httpx

    asked = httpx.post(
        f"{address}gradio_api/component_server", json={}, headers={"Origin": "http://evil.example"}
    )
    assert asked.status_code == 403


def test_a_printed_page_holds_the_conversation_and_the_whole_document(page: Page, library: Library):
    turn = ask(page, YEAR)
    turn.locator("a.cite").click()
    assert "1714" in marked(page)
    printed = pypdfium2.PdfDocument(page.pdf())
    text = " ".join(" ".join(sheet.get_textpage().get_text_range() for sheet in printed).split())
    printed.close()
    document = library.document(library.find("Four Minutes to a Degree: How Longitude Was Found at Sea"))
    assert YEAR in text
    assert "Four Minutes to a Degree" in text
    assert " ".join(document.text[-60:].split()) in text
    assert "New conversation" not in text
