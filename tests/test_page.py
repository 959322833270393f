"""The chat page in a real headless Chromium, served by the real server on loopback."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from app.answer import REFUSAL, Answerer
from index.embed import Embedder
from index.library import Library
from ingest.read import read_bytes, read_file
from tests.conftest import SAMPLES

EVIL = (
    "The lighthouse of Cape Marrow was finished in 1871.[1] <script>document.title = 'HACKED'</script> "
    "<img src=http://192.0.2.1/x.png onerror=\"document.title='HACKED'\"> "
    "It has a red lamp [1](#cite-9-9).\n\n"
    "## Not a heading\n\n**Not bold** and [99] is no note.\n\n[1] By Anna Berg, with <b>eleven</b> masons.\n"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[str]:
    from app.chat.page import application

    with Library(tmp_path_factory.mktemp("page") / "library", embedder) as library:
        for path in sorted(SAMPLES.iterdir()):
            library.add(read_file(path))
        library.add(read_bytes(EVIL.encode(), name="evil.txt", source="evil.txt"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = uvicorn.Config(
            application(Answerer(library)), host="127.0.0.1", port=port, log_level="warning"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, loaded; afterwards no request has left the machine and no script has failed."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(address)
    expect(opened.locator("#question textarea")).to_be_visible(timeout=30_000)
    yield opened
    opened.close()
    outside = [
        url
        for url in asked
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname != "127.0.0.1"
    ]
    assert outside == []
    assert errors == []


def ask(page: Page, question: str) -> None:
    before = page.locator("#panel details").count()
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#panel details")).to_have_count(before + 1, timeout=30_000)


def test_a_marker_leads_to_the_highlighted_passage(page: Page):
    ask(page, "In which year did Parliament pass the Longitude Act?")
    marker = page.locator("#chat a[href='#cite-1-1']")
    expect(marker).to_have_text("1")
    marker.click()
    card = page.locator("#cite-1-1")
    expect(card).to_be_focused()
    expect(card).to_have_class("card active")
    expect(card).to_be_in_viewport()
    expect(card.locator("mark")).to_contain_text("1714")
    expect(card).to_contain_text("Four Minutes to a Degree")


def test_a_marker_works_from_the_keyboard(page: Page):
    ask(page, "In which year did Parliament pass the Longitude Act?")
    page.locator("#chat a[href='#cite-1-1']").press("Enter")
    expect(page.locator("#cite-1-1")).to_be_focused()


def test_a_refusal_shows_the_nearest_passages(page: Page):
    ask(page, "Which hormone regulates blood sugar?")
    expect(page.locator("#chat")).to_contain_text(REFUSAL)
    expect(page.locator("#panel summary")).to_contain_text("Nearest passages")
    expect(page.locator("#panel .card")).to_have_count(3)
    expect(page.locator("#chat a[href*='#cite-']")).to_have_count(0)


def test_a_conversation_keeps_its_answers_and_understands_a_follow_up(page: Page):
    ask(page, "In which year did Parliament pass the Longitude Act?")
    ask(page, "And what did it offer?")
    expect(page.locator("#panel details")).to_have_count(2)
    expect(page.locator("#chat")).to_contain_text("20,000")
    page.locator("#chat a[href='#cite-1-1']").click()
    expect(page.locator("#cite-1-1")).to_be_focused()
    page.locator("#fresh").click()
    expect(page.locator("#panel details")).to_have_count(0)


def test_a_document_with_markup_and_markers_changes_nothing(page: Page):
    ask(page, "When was the lighthouse of Cape Marrow finished?")
    expect(page.locator("#chat")).to_contain_text("1871")
    markers = page.locator("#chat a")
    assert {markers.nth(i).get_attribute("href") for i in range(markers.count())} <= {
        f"#cite-1-{n}" for n in range(1, 5)
    }
    expect(page.locator("#panel img, #chat .message img[src*='192.0.2.1'], #panel script")).to_have_count(0)
    assert page.title() == "Cited"


def test_an_example_question_is_answered_by_a_click(page: Page):
    page.get_by_text("When was the Longitude Act passed?").click()
    expect(page.locator("#panel .card").first).to_be_visible(timeout=30_000)


def test_a_thumb_and_a_comment_on_an_answer_are_kept(page: Page):
    ask(page, "In which year did Parliament pass the Longitude Act?")
    page.locator("#chat").get_by_role("button", name="Like", exact=True).click()
    comment = page.locator("#comment textarea")
    expect(comment).to_be_visible(timeout=30_000)
    comment.fill("Just the year I wanted.")
    comment.press("Enter")
    expect(page.get_by_text("Your comment is kept in the library")).to_be_visible(timeout=30_000)
    expect(comment).to_be_hidden()


def test_an_empty_question_asks_nothing(page: Page):
    page.locator("#question textarea").fill("   ")
    page.locator("#ask").click()
    page.wait_for_timeout(500)
    expect(page.locator("#panel details")).to_have_count(0)


def test_an_uploaded_file_can_be_asked_about(page: Page, tmp_path: Path):
    file = tmp_path / "glacier.md"
    file.write_text(
        "# The glacier\n\nThe Brodal glacier lost eleven metres in 2019, the warmest year.\n",
        encoding="utf-8",
    )
    page.get_by_role("button", name="Documents").click()
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_text("added: The glacier")).to_be_visible(timeout=30_000)
    ask(page, "How much did the Brodal glacier lose in 2019?")
    expect(page.locator("#chat")).to_contain_text("eleven metres")


def test_no_word_of_the_page_is_wider_than_a_phone(browser: Browser, address: str):
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(address)
    expect(phone.locator("#question textarea")).to_be_visible(timeout=30_000)
    ask(phone, "In which year did Parliament pass the Longitude Act?")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.close()


def test_a_question_that_cannot_be_asked_stays_in_the_box_with_a_warning(page: Page):
    page.locator("#question textarea").fill("word " * 500)
    page.locator("#ask").click()
    expect(page.get_by_text("ask in 2000 or fewer")).to_be_visible(timeout=30_000)
    expect(page.locator("#question textarea")).to_have_value("word " * 500)
    expect(page.locator("#panel details")).to_have_count(0)
