"""How fast the page is, in a real Chromium: python -m tests.page_speed [DOCUMENT].

Opening the page; from Enter to the painted answer, over the questions that Cited suggests and the samples'
own; opening a book of some 300 pages in the pane; frames while a document scrolls. DOCUMENT is added to the
samples. Run it on an idle machine.
"""

import json
import sys
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, expect, sync_playwright

from app.answer import Answerer
from eval.questions import SETS
from index.library import Library
from ingest.read import read_bytes, read_file
from tests.conftest import SAMPLES, chromium, served

SECONDS = 30_000
QUESTIONS = 40
ASK = """(question) => new Promise((resolve) => {
  const box = document.querySelector("#question"), turns = document.querySelector(".turns");
  const before = turns.querySelectorAll(".turn:not(.waiting)").length;
  box.value = question;
  const begun = performance.now();
  const seen = new MutationObserver(() => {
    if (turns.querySelectorAll(".turn:not(.waiting)").length === before) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));  // after the paint
  });
  seen.observe(turns, { childList: true });
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
})"""
OPEN = """(link) => new Promise((resolve) => {
  const pane = document.querySelector(".pane"), begun = performance.now();
  const seen = new MutationObserver(() => {
    if (!pane.querySelector("mark")) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
  });
  seen.observe(pane, { childList: true, subtree: true });
  location.hash = link;
})"""
SCROLL = """() => new Promise((resolve) => {
  const body = [...document.querySelectorAll(".pane *")].find((e) => e.scrollHeight > e.clientHeight + 50);
  body.scrollTop = 0;
  const frames = [];
  let last = performance.now(), left = 120;
  const step = (now) => {
    frames.push(now - last);
    last = now;
    body.scrollTop += 60;
    if (left--) requestAnimationFrame(step);
    else resolve(frames.slice(1));
  };
  requestAnimationFrame(step);
})"""


def main(documents: list[Path]) -> None:
    """Print the figures."""
    from app.chat.page import application

    rows = [json.loads(line) for line in (SETS / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    questions = [row["question"] for row in rows if "question" in row][:QUESTIONS]
    with TemporaryDirectory() as own, Library(Path(own) / "library") as library:
        for path in [*sorted(SAMPLES.iterdir()), *documents]:
            library.add(read_file(path))
        book = read_bytes(book_text().encode(), name="book.txt", source="book.txt")
        library.add(book)
        answerer = Answerer(library)
        answerer.warm_up()
        with sync_playwright() as playwright, served(application(answerer)) as address:
            browser = chromium(playwright)
            print(
                "opening the page, ms:", *[f"{_opening(browser.new_page(), address):.0f}" for _ in range(3)]
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            expect(page.locator("#question")).to_be_enabled(timeout=SECONDS)
            page.wait_for_timeout(3000)  # the first suggestions are being made
            took = [page.evaluate(ASK, question) for question in questions]
            print(f"from Enter to paint, ms, {len(took)} questions: p50 {median(took):.0f}, "
                  f"p95 {quantiles(took, n=20)[18]:.0f}, most {max(took):.0f}")  # fmt: skip
            for name in [library.entries()[0].id, book.id]:
                at = len(library.document(name).text) // 2
                link = f"#document={name}&start={at}&end={at + 40}"
                words = len(library.document(name).text.split())
                print(f"opening a document of {words:,} words, ms: {page.evaluate(OPEN, link):.0f}")
                frames = page.evaluate(SCROLL)
                print(f"  scrolling, ms a frame: p50 {median(frames):.0f}, most {max(frames):.0f}")
                page.evaluate("location.hash = ''")
            browser.close()


def _opening(page: Page, address: str) -> float:
    page.goto(address)
    expect(page.locator("#question")).to_be_enabled(timeout=SECONDS)
    took = page.evaluate("performance.now()")
    page.close()
    return took


def book_text() -> str:
    """Some 105,000 words in paragraphs, under forty chapters."""
    paragraphs = [
        " ".join(
            f"Keeper {n} of lamp {i} wrote down the oil it burnt and the ships that passed." for n in range(8)
        )
        for i in range(880)
    ]
    chapters = [f"Chapter {n + 1}\n\n" + "\n\n".join(paragraphs[n * 22 : (n + 1) * 22]) for n in range(40)]
    return "The Book of Lamps\n\n" + "\n\n".join(chapters) + "\n"


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
