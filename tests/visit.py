"""The visit of a new user, step by step, as pictures: python -m tests.visit FOLDER.

Serves the page over a library of its own and walks through it in a real Chromium; the README's pictures
come from here.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, expect, sync_playwright

from app.answer import Answerer
from eval.for_page import PageEvaluations
from index.library import Library
from tests.conftest import SAMPLES, chromium, served

DESK, TABLET, PHONE = (1280, 800), (768, 1000), (390, 780)
SECONDS = 30_000


def main(folder: Path) -> None:
    """Walk through the page at three widths, in light and dark; a numbered picture a step."""
    from app.chat.page import application

    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as own, Library(Path(own) / "library") as library:
        answerer = Answerer(library)
        answerer.warm_up()
        with (
            sync_playwright() as playwright,
            served(application(answerer, PageEvaluations(answerer))) as address,
        ):
            browser = chromium(playwright)
            for name, (width, height), theme in (
                ("desk", DESK, "light"),
                ("tablet", TABLET, "light"),
                ("phone", PHONE, "dark"),
            ):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, locale="en-US", reduced_motion="reduce"
                )
                page = context.new_page()
                page.goto(f"{address}?__theme={theme}")
                for number, (step, do) in enumerate(STEPS, 1):
                    do(page)
                    page.wait_for_timeout(700)  # pictures of what has come to rest
                    page.screenshot(path=folder / f"{name}-{number:02}-{step}.png")
                context.close()
            browser.close()


def _open(page: Page) -> None:
    expect(page.locator("#question")).to_be_enabled(timeout=SECONDS)


def _library(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#library .formats")).not_to_be_empty(timeout=SECONDS)


def _upload(page: Page) -> None:
    page.locator("#library input[type=file]").set_input_files(sorted(SAMPLES.iterdir()))
    page.wait_for_timeout(6000)


def _read(page: Page) -> None:
    page.get_by_role("tab", name="Read").click()
    expect(page.locator(".welcome .suggestion").first).to_be_visible(timeout=SECONDS)


def _ask(question: str, answers: int) -> object:
    def ask(page: Page) -> None:
        page.locator("#question").fill(question)
        page.locator("#question").press("Enter")
        expect(page.locator(".turn:not(.waiting)")).to_have_count(answers, timeout=SECONDS)
        page.wait_for_timeout(1500)

    return ask


def _open_card(page: Page) -> None:
    page.locator(".turn a.cite").first.click()
    expect(page.locator(".pane mark").first).to_be_visible(timeout=SECONDS)


def _note(page: Page) -> None:
    page.locator(".pane a.marker").first.click()


def _back(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def _keys(page: Page) -> None:
    page.locator('[data-act="help"]').click()


def _evaluation(page: Page) -> None:
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Evaluation").click()


STEPS = (
    ("empty", _open),
    ("library", _library),
    ("uploaded", _upload),
    ("questions", _read),
    ("answer", _ask("How much caffeine a day is considered safe for adults?", 1)),
    ("document", _open_card),
    ("note", _note),
    ("back", _back),
    ("refusal", _ask("Which hormone regulates blood sugar?", 2)),
    ("follow-up", _ask("Who first isolated caffeine, and in what year?", 3)),
    ("keys", _keys),
    ("evaluation", _evaluation),
)

if __name__ == "__main__":
    main(Path(sys.argv[1]))
