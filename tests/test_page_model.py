"""The page with a language model, as its users meet it: a real Chromium, a real server, a real endpoint."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from app.answer import Answerer
from app.llm import connect
from index.library import Library
from tests.conftest import served
from tests.scripted_endpoint import Endless, Endpoint, Reply, Text, scripted
from tests.test_page import SECONDS, Visit, ask, marked

QUESTION = "How much caffeine a day is considered safe for adults?"
SAFE = "The European Food Safety Authority regards up to 400 milligrams a day as safe for most adults."
HALF = "In a healthy adult about five hours pass before half of a dose is gone."
NOTE = "Smoking cuts the time roughly in half, while late pregnancy can stretch it to some fifteen hours."
FALSE = "Napoleon Bonaparte founded the Authority on the island of Elba in 1814."
WRITTEN = f"{SAFE} [1] {FALSE} [1] {HALF} [1]\n\n{NOTE} [2]"
Scripting = Callable[..., AbstractContextManager[Endpoint]]


@pytest.fixture(scope="module")
def answerer(sample_library: Library) -> Answerer:
    made = Answerer(sample_library)
    made.warm_up()
    return made


@pytest.fixture(scope="module")
def address(answerer: Answerer, browser: Browser) -> Iterator[str]:
    """browser: gradio takes the event loop that it brings, and would leave one of its own unclosed."""
    from app.chat.page import application

    with served(application(answerer, may_configure=True)) as at:
        yield at


@pytest.fixture
def scripting(answerer: Answerer) -> Iterator[Scripting]:
    """While an endpoint gives these replies, the page has its model; afterwards it has none."""

    @contextmanager
    def replying(*replies: Reply) -> Iterator[Endpoint]:
        with scripted(*replies) as endpoint:
            answerer.model = connect("scripted", endpoint.url)
            yield endpoint

    yield replying
    answerer.model = None


@pytest.fixture
def visiting(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the page, with «Write» chosen where there is a model."""
    contexts = []
    visits = []

    def visit(writes: bool = True, theme: str = "light", width: int = 1280, locale: str = "en-US") -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 844}, locale=locale))
        if writes:
            contexts[-1].add_init_script("localStorage.setItem('cited.mode', 'model')")
        visits.append(Visit(contexts[-1], f"{address}?__theme={theme}"))
        expect(visits[-1].page.locator(".mode" if writes else "#question")).to_be_visible(timeout=SECONDS)
        return visits[-1].page

    yield visit
    for one in visits:
        one.end()
    for context in contexts:
        context.close()


def begin(page: Page, question: str = QUESTION) -> Locator:
    """Ask; the turn that is being written."""
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    return page.locator(".turn.writing")


SEEN = """() => {
  window.seen = [];
  new MutationObserver(() => {
    const said = document.querySelector(".turn:last-child .writer")?.textContent;
    if (said && said !== window.seen.at(-1)) window.seen.push(said);
  }).observe(document.querySelector(".turns"), { subtree: true, childList: true, characterData: true });
}"""
"""Remembers what the line under the answer said, each wording once."""


def test_sentences_appear_one_by_one_and_their_markers_open_the_document(scripting, visiting):
    with scripting(Text(WRITTEN, size=6, pause=0.08)):
        page = visiting()
        page.evaluate(SEEN)
        writing = begin(page)
        expect(writing.locator("a.cite").first).to_be_visible(timeout=SECONDS)
        expect(writing.locator(".answer > p").first).to_contain_text(SAFE)
        expect(writing).not_to_contain_text("Smoking")
        writing.locator("a.cite").first.click()
        assert marked(page) == SAFE
        turn = page.locator(".turn:not(.waiting)")
        expect(turn).to_have_count(1, timeout=SECONDS)
    assert page.evaluate("window.seen") == [
        "scripted is reading the passages",
        "1 sentence checked",
        "2 sentences checked, 1 left out",
        "3 sentences checked, 1 left out",
        "4 sentences checked, 1 left out",
        "Written by scripted; every sentence was checked.",
    ]
    texts = turn.locator(".answer > p:not(.writer)")
    expect(texts).to_have_count(2)
    assert [re.sub(r" \d(?=\s|$)", "", text) for text in texts.all_text_contents()] == [
        f"{SAFE} {HALF}",
        NOTE,
    ]
    expect(turn.locator("a.cite")).to_have_text(["1", "2", "3"])
    expect(turn.locator(".card .kind").last).to_have_text("footnote")
    expect(turn.locator("a.cite.shown")).to_have_text("1")
    turn.locator("a.cite").last.click()
    assert marked(page) == NOTE


def test_the_focus_stays_on_a_marker_when_the_answer_is_finished(scripting, visiting):
    with scripting(Text(WRITTEN, size=6, pause=0.05)):
        page = visiting()
        begin(page).locator("a.cite").first.focus()
        expect(page.locator(".turn:not(.waiting)")).to_have_count(1, timeout=SECONDS)
    expect(page.locator(".turn a.cite").first).to_be_focused()


def test_what_was_left_out_is_counted_and_shown_on_demand_without_markers(scripting, visiting):
    with scripting(Text(WRITTEN)):
        turn = ask(visiting(), QUESTION)
    folded = turn.locator("details.left-out")
    expect(folded.locator("summary")).to_have_text(
        "1 sentence was left out, for the documents do not support it"
    )
    expect(turn.get_by_text(FALSE)).to_be_hidden()
    folded.locator("summary").press("Enter")
    expect(turn.get_by_text(FALSE)).to_be_visible()
    expect(folded).to_contain_text("Not supported")
    expect(folded.locator(".reason")).not_to_be_empty()
    expect(folded.locator("a")).to_have_count(0)


def test_the_finished_answer_takes_the_place_of_the_streamed_one_without_a_jump(scripting, visiting):
    with scripting(Text(f"{WRITTEN} In 2031" + " Zanzibar flew to Mars," * 30, size=8, pause=0.03)):
        page = visiting()
        writing = begin(page)
        expect(writing.locator("a.cite")).to_have_count(3, timeout=SECONDS)
        card, scroll = ".turn:last-child .card >> nth=0", "document.querySelector('.scroll').scrollTop"
        before = [page.locator(card).bounding_box(), page.evaluate(scroll)]
        expect(page.locator(".turn:not(.waiting)")).to_have_count(1, timeout=SECONDS)
        assert [page.locator(card).bounding_box(), page.evaluate(scroll)] == before


@pytest.mark.parametrize("key", ["button", "Escape"])
def test_a_stopped_answer_keeps_what_was_shown_and_says_so(scripting, visiting, key):
    with scripting(Text(f"{SAFE} [1] {HALF} [1] " + "and so on " * 500, size=20, pause=0.05)) as endpoint:
        page = visiting()
        expect(begin(page).locator("a.cite").first).to_be_visible(timeout=SECONDS)
        if key == "button":
            page.get_by_role("button", name="Stop").click()
        else:
            page.keyboard.press(key)
        turn = page.locator(".turn:not(.waiting)")
        expect(turn.locator(".writer")).to_have_text(
            "Written by scripted; every sentence was checked. Stopped: this is what was written until then."
        )
        assert endpoint.asked[0].left.wait(2)
    expect(turn).to_contain_text(SAFE)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    expect(page.locator("#question")).to_be_focused()
    page.reload()
    page.locator(".conversations .name").click(timeout=SECONDS)
    expect(page.locator(".turn .writer")).to_contain_text("Stopped")
    page.locator(".turn a.cite").first.click()
    assert marked(page) == SAFE


def test_an_answer_stopped_before_its_first_sentence_gives_the_question_back(scripting, visiting):
    with scripting(Text(WRITTEN, delay=20)) as endpoint:
        page = visiting()
        expect(begin(page).locator(".writer")).to_have_text("scripted is reading the passages")
        page.wait_for_timeout(1500)
        page.keyboard.press("Escape")
        expect(page.locator(".turn")).to_have_count(0)
        expect(page.locator("#question")).to_have_value(QUESTION)
        expect(page.locator(".composer .notice")).to_be_empty()
        page.get_by_role("radio", name="Quote").check()
        expect(ask(page, QUESTION).locator(".answer")).to_contain_text(SAFE)
        assert len(endpoint.asked) <= 1


def test_a_conversation_left_while_it_is_written_is_found_complete(scripting, visiting):
    with scripting(Text(WRITTEN, size=8, pause=0.03)):
        page = visiting()
        expect(begin(page).locator("a.cite").first).to_be_visible(timeout=SECONDS)
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator(".turn")).to_have_count(0)
        page.locator(".conversations .name").click(timeout=SECONDS)
    expect(page.locator(".turn a.cite")).to_have_count(3)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def test_an_endpoint_that_is_down_gives_quotations_and_a_notice(answerer, visiting):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answerer.model = connect("gone", f"http://127.0.0.1:{port}/v1")
    try:
        turn = ask(visiting(), QUESTION)
    finally:
        answerer.model = None
    expect(turn.locator(".told")).to_contain_text("These are quotations instead.")
    expect(turn.locator(".answer")).to_contain_text(f"“{SAFE}”")
    expect(turn.locator(".writer")).to_have_count(0)


def test_markup_that_a_model_writes_stays_text(scripting, visiting):
    evil = "<img src=x onerror=\"document.title='HACKED'\"> <b>Bold</b> [link](http://192.0.2.1/) is here."
    with scripting(Text(f"{SAFE} [1] {evil} [1] {HALF} [1] {NOTE} [2]", size=8, pause=0.01)):
        page = visiting()
        turn = ask(page, QUESTION)
    turn.locator("details.left-out summary").click()
    expect(turn.locator(".unsupported")).to_contain_text("<img src=x onerror=")
    expect(turn.locator(".unsupported")).to_contain_text("<b>Bold</b> [link](http://192.0.2.1/)")
    expect(turn.locator("img, b, script, [onerror], a[href*='192.0.2.1']")).to_have_count(0)
    assert page.title() == "Cited"


def test_quotations_are_the_default_and_do_not_ask_the_model(scripting, visiting):
    with scripting(Text(WRITTEN)) as endpoint:
        page = visiting(writes=False)
        expect(page.get_by_role("radio", name="Quote")).to_be_checked(timeout=SECONDS)
        turn = ask(page, QUESTION)
        assert endpoint.requests == []
        expect(turn.locator(".answer > p").last).to_contain_text(f"“{SAFE}”")
        page.get_by_role("radio", name="Quote").press("ArrowRight")
        expect(page.get_by_role("radio", name="Write")).to_be_checked()
        page.reload()
        expect(page.get_by_role("radio", name="Write")).to_be_checked(timeout=SECONDS)
        expect(ask(page, QUESTION).locator(".writer")).to_contain_text("Written by scripted")
        assert len(endpoint.asked) == 1


def test_without_a_model_there_is_no_choice(visiting):
    page = visiting(writes=False)
    expect(page.get_by_role("button", name="Language model…")).to_be_visible(timeout=SECONDS)
    expect(page.locator(".mode")).to_be_hidden()


def test_a_refusal_stays_a_refusal_where_a_model_is_to_write(scripting, visiting):
    with scripting(Text("Insulin regulates it.")) as endpoint:
        turn = ask(visiting(), "Which hormone regulates blood sugar?")
        assert endpoint.asked == []
    expect(turn.locator(".refused")).to_be_visible()
    expect(turn.locator(".writer, .told")).to_have_count(0)


def test_a_written_answer_is_exported_with_its_model_and_real_footnotes(scripting, visiting, tmp_path: Path):
    with scripting(Text(WRITTEN)):
        page = visiting()
        ask(page, QUESTION)
    page.locator(".export summary").click()
    with page.expect_download() as coming:
        page.locator(".export").get_by_role("button", name="Markdown").click()
    coming.value.save_as(tmp_path / "talk.md")
    text = (tmp_path / "talk.md").read_text(encoding="utf-8")
    assert f"{SAFE}[^1] {HALF}[^2]\n\n{NOTE}[^3]\n" in text
    assert "Written by scripted; every sentence was checked." in text
    assert "Napoleon" not in text


def test_turns_kept_before_there_were_models_are_still_shown(visiting):
    page = visiting(writes=False)
    ask(page, QUESTION)
    page.evaluate(
        """() => {
          const kept = JSON.parse(localStorage.getItem("cited.conversations"));
          for (const turn of kept[0].turns) {
            for (const name of ["unsupported", "notice", "mode"]) delete turn[name];
            for (const part of turn.parts) delete part.begins;
            turn.parts.push(turn.parts[0]);
          }
          localStorage.setItem("cited.conversations", JSON.stringify(kept));
        }"""
    )
    page.reload()
    page.locator(".conversations .name").click(timeout=SECONDS)
    expect(page.locator(".turn .answer > p:not(.short)")).to_have_count(2)
    expect(page.locator(".turn .writer, .turn .told, .turn .left-out")).to_have_count(0)


def test_the_dialog_connects_a_model_and_takes_it_away_again(answerer, visiting):
    with scripted(Text(WRITTEN), names=("small", "large")) as endpoint:
        page = visiting(writes=False)
        page.get_by_role("button", name="Language model…").click()
        dialog = page.get_by_role("dialog", name="Language model")
        dialog.get_by_label("Endpoint (URL)").fill(endpoint.url)
        dialog.get_by_label("API key").fill("sk-secret-7")
        dialog.get_by_role("button", name="Look").click()
        expect(dialog.get_by_role("status")).to_have_text("Models found: 2 (small, large)")
        assert dialog.locator("datalist option").evaluate_all("all => all.map((one) => one.value)") == [
            *("small", "large")
        ]
        expect(dialog.locator(".warning")).to_be_hidden()
        dialog.get_by_label("Model", exact=True).fill("small")
        dialog.get_by_role("button", name="Use", exact=True).click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("radio", name="Write")).to_be_checked()
        expect(ask(page, QUESTION).locator(".writer")).to_contain_text("Written by small")
        assert endpoint.asked[0].headers["authorization"] == "Bearer sk-secret-7"
        kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
        assert "sk-secret-7" not in kept
        page.get_by_role("button", name="Language model…").click()
        expect(dialog.get_by_label("Endpoint (URL)")).to_have_value(endpoint.url)
        expect(dialog.get_by_label("API key")).to_have_value("")
        assert "sk-secret-7" not in page.content()
        dialog.get_by_role("button", name="Remove").click()
        expect(page.locator(".mode")).to_be_hidden()
        assert answerer.model is None
        expect(ask(page, QUESTION).locator(".answer > p").last).to_contain_text(f"“{SAFE}”")


def test_the_dialog_tells_what_is_wrong_and_where_questions_would_go(answerer, visiting):
    page = visiting(writes=False)
    page.get_by_role("button", name="Language model…").click()
    dialog = page.get_by_role("dialog", name="Language model")
    dialog.get_by_label("Endpoint (URL)").fill("https://api.example.com/v1")
    expect(dialog.get_by_role("alert")).to_have_text(
        "Questions and passages of your documents will be sent to api.example.com."
    )
    dialog.get_by_label("Endpoint (URL)").fill("127.0.0.1:11434")
    dialog.get_by_role("button", name="Look").click()
    expect(dialog.get_by_role("status")).to_contain_text("http://")
    expect(dialog).to_contain_text("This holds until the server ends.")
    expect(dialog).to_contain_text("CITED_ENDPOINT, CITED_MODEL and CITED_API_KEY")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert answerer.model is None


@pytest.mark.parametrize("path", ["write", "model", "model/look", "model/remove"])
def test_another_site_can_neither_ask_a_model_nor_set_one(address: str, path: str):
    asked = httpx.post(f"{address}{path}", json={}, headers={"Origin": "http://evil.example"})
    assert asked.status_code == 403


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_a_written_answer_is_accessible_and_fits(scripting, visiting, theme, width):
    with scripting(Text(WRITTEN), Endless(pause=0.1)):
        page = visiting(theme=theme, width=width)
        turn = ask(page, QUESTION)
        turn.locator("details.left-out summary").click()
        begin(page)
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Language model…").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []


@pytest.mark.parametrize(("locale", "words"), [("ko-KR", "scripted 작성."), ("ja-JP", "scripted が作成。")])
def test_a_written_answer_speaks_the_readers_language(scripting, visiting, locale, words):
    with scripting(Text(WRITTEN)):
        turn = ask(visiting(locale=locale), QUESTION)
    expect(turn.locator(".writer")).to_contain_text(words)


def test_every_word_of_the_page_is_there_in_every_language_with_the_same_places():
    from app.chat.strings import FILE, LANGUAGES

    for key, words in json.loads(FILE.read_text(encoding="utf-8")).items():
        assert tuple(words) == LANGUAGES, key
        assert len({tuple(sorted(set(re.findall(r"{\w+}", said)))) for said in words.values()}) == 1, key
