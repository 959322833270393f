"""The report in a real headless Chromium: filter, search, links, width, accessibility, no network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from eval.report import write_report
from tests.results_file import write

SHOWN = "article.question:visible"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("report")
    now, before = write(folder / "b.jsonl", 2), write(folder / "a.jsonl", 1)
    return write_report(now, folder / "r.html", before)[0].as_uri()


def opened(browser: Browser, address: str, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """The report; afterwards it has asked for itself only, and no script or policy complained."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    yield page
    page.close()
    own = address.partition("#")[0]
    assert [url for url in asked if url.partition("#")[0] != own and not url.startswith("data:")] == []
    assert said == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    yield from opened(browser, address)


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    yield from opened(browser, address, 390, "dark")


def test_the_filter_shows_failures_passes_and_one_type(page: Page):
    failed, passed = page.locator("article.failed").count(), page.locator("article.passed").count()
    page.get_by_label("Failed").check()
    expect(page.locator(SHOWN)).to_have_count(failed)
    page.get_by_label("Passed").check()
    expect(page.locator(SHOWN)).to_have_count(passed)
    expect(page.locator("#count")).to_have_text(f"{passed} of {failed + passed} questions shown")
    page.get_by_role("radio", name="All").check()
    page.get_by_role("combobox", name="Type").select_option("why")
    expect(page.locator(SHOWN)).to_have_count(9)


def test_the_search_looks_in_questions_answers_and_evidence(page: Page):
    box = page.get_by_label("Search")
    box.fill("  What COLOUR was  <script>")
    expect(page.locator(SHOWN)).to_have_count(1)
    expect(page.locator(SHOWN)).to_contain_text("the lamp?")
    box.fill("no such words anywhere")
    expect(page.locator("#count")).to_have_text("0 of 108 questions shown")


def test_a_link_leads_to_its_question_even_where_it_was_filtered_out(page: Page):
    page.get_by_label("Search").fill("no such words anywhere")
    page.locator(".fails a").first.click()
    target = page.locator("article.question:target")
    expect(target).to_be_in_viewport()
    expect(target).to_be_focused()
    expect(target.locator("details").first).to_have_attribute("open", "")


def test_an_address_with_an_anchor_opens_its_question(browser: Browser, address: str):
    for page in opened(browser, f"{address}#q-evil%20%221%22"):
        expect(page.locator("article.question:target")).to_contain_text("evil<1>.txt")
        expect(page.locator("article.question:target mark.both").first).to_be_visible()
        assert "HACKED" not in page.title()


def test_it_works_from_the_keyboard(page: Page):
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the questions")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#questions")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Failed")).to_be_checked()
    expect(page.locator("article.passed:visible")).to_have_count(0)


def test_all_that_is_shown_opens_and_closes(page: Page):
    page.get_by_role("combobox", name="Type").select_option("terse")
    page.get_by_text("Open all shown").click()
    expect(page.locator("article.question:visible > details[open]")).to_have_count(9)
    page.get_by_text("Close all").click()
    expect(page.locator("article.question:visible > details[open]")).to_have_count(0)


def test_nothing_is_wider_than_a_phone_with_everything_open(phone: Page):
    phone.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_print_leaves_out_the_controls(page: Page):
    page.emulate_media(media="print")
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.locator("#verdict")).to_be_visible()


def test_print_is_light_and_no_table_is_wider_than_the_paper(browser: Browser, address: str):
    for page in opened(browser, address, 700, "dark"):  # A4 less margins, at 96 dots an inch
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth") <= 700


def test_without_script_every_question_is_shown(browser: Browser, address: str):
    page = browser.new_page(java_script_enabled=False)
    page.goto(address)
    expect(page.locator(SHOWN)).to_have_count(108)
    expect(page.locator("#controls")).to_be_hidden()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_everything_open(browser: Browser, address: str, scheme: str):
    """On every ninth question, for axe takes half a second for each and they are all made alike; with
    all of them it found nothing either."""
    for page in opened(browser, address, 1280, scheme):
        page.evaluate("document.querySelectorAll('article').forEach((one, i) => { if (i % 9) one.remove() })")
        page.evaluate("document.querySelectorAll('.ids a').forEach((one, i) => { if (i % 9) one.remove() })")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found] == []
