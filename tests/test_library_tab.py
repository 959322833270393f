"""The library tab in a real Chromium: a page that holds nothing else, served on loopback."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import gradio as gr
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, Locator, Page, expect

from app.chat import strings
from app.chat.library_jobs import Job, Jobs, seconds_left
from app.chat.library_tab import functions_of, library_tab
from app.report import Done
from app.uploads import on_disk, plain_name
from index.library import Library
from index.records import structure_of
from ingest.errors import LibraryBusy
from ingest.read import read_bytes, read_file
from tests import conftest
from tests.conftest import SAMPLES
from tests.made import MARKDOWN, convert
from tests.test_embed import WordLengths

ADDED = "2026-01-02T03:04:05+00:00"
STATIC = Path(strings.__file__).parent / "static"
HOSTILE = "a\"b'<img src=x onerror=document.title='HACKED'> \u202egnp.\u2069 & ${1} {{x}}.txt"


class Slow(WordLengths):
    """A toy model that works only while it may go, or so many times more."""

    fingerprint = "slow@1"

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.go.set()
        self.more = 0

    def passages(self, texts, batch=32):
        if not self.go.is_set() and self.more:
            self.more -= 1
        else:
            assert self.go.wait(60)
        return super().passages(texts, batch)


class Served:
    """A library, its tab at an address, and how often the tab said that something changed."""

    def __init__(self, folder: Path) -> None:
        self.embedder = Slow()
        self.library = Library(folder / "library", self.embedder)
        self.changes = 0
        app = FastAPI()
        app.mount("/page", StaticFiles(directory=STATIC))
        app.add_api_route("/strings.json", lambda: FileResponse(strings.FILE))
        with gr.Blocks(analytics_enabled=False, fill_width=True) as blocks, gr.Tab("Library"):
            self.jobs = library_tab(self.library, self.note)
        css = [STATIC / "page.css", STATIC / "library.css"]
        gr.mount_gradio_app(app, blocks, path="", css_paths=css, footer_links=[], ssr_mode=False)
        self.server = conftest.served(app)
        self.address = self.server.__enter__()

    def note(self) -> None:
        self.changes += 1

    def close(self) -> None:
        self.embedder.go.set()
        self.jobs.close()
        self.server.__exit__(None, None, None)
        self.library.close()

    def titles(self) -> list[str]:
        return [entry.title for entry in self.library.entries()]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """An empty library, and Gradio's uploads in a folder that the test can look into."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    served = Served(tmp_path)
    yield served
    served.close()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """The tab, loaded; afterwards no request has left the machine and no script has failed."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-US")
    asked: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(served.address)
    expect(opened.locator("#library-held")).not_to_be_empty(timeout=30_000)
    yield opened
    title = opened.title()
    opened.close()
    hosts = {urlsplit(url).hostname for url in asked if urlsplit(url).scheme in ("http", "https")}
    assert hosts == {"127.0.0.1"}
    assert errors == []
    assert title == "Gradio"


def add(page: Page, *files: Path | dict) -> Locator:
    """Upload files; the card of this upload, when it is done."""
    page.locator(".library input[type=file]").set_input_files(list(files))
    return done(page)


def done(page: Page) -> Locator:
    card = page.locator(".job").first
    expect(card).to_have_attribute("data-state", re.compile("done|failed"), timeout=60_000)
    return card


def file(name: str, text: str) -> dict:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


# Adding


def test_an_empty_library_says_what_to_do_and_offers_the_samples(page: Page, served: Served):
    expect(page.get_by_text("The library is empty.")).to_be_visible()
    expect(page.locator(".library table")).to_be_hidden()
    page.get_by_role("button", name="Add the sample articles").click()
    expect(done(page).locator(".told")).to_contain_text("3 added · 45 footnotes linked to the text")
    expect(page.locator(".library tbody tr")).to_have_count(3)
    expect(page.locator("#library-held")).to_have_text("3 documents")
    expect(page.get_by_text("The library is empty.")).to_be_hidden()
    assert served.changes == 1
    page.reload()  # the report is still to be had, and a second time nothing is new
    expect(done(page).locator(".told")).to_contain_text("3 added")


def test_files_of_several_formats_are_added_with_their_footnotes(page: Page, served: Served, tmp_path: Path):
    kettle = convert(write(tmp_path, "kettle.md", MARKDOWN), ".docx")
    pan = convert(write(tmp_path, "pan.md", MARKDOWN.replace("Kettle", "Pan")), ".epub")
    named = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": made.read_bytes()}
        for name, made in (("kettle.docx", kettle), ("pan.epub", pan), ("tides.html", SAMPLES / "tides.html"))
    ]
    card = add(page, *named)
    expect(card.locator("h3")).to_have_text("Adding 3 files")
    expect(card.locator(".told")).to_have_text(
        "3 added · 18 footnotes linked to the text · 9 pieces left out that are not part of the article"
    )
    line = card.locator(".lines > li", has_text="Why the Sea Comes and Goes")
    line.locator("summary").click()
    expect(line.locator("details li")).to_have_count(8)
    assert sorted(entry.source for entry in served.library.entries()) == [
        "upload:kettle.docx",
        "upload:pan.epub",
        "upload:tides.html",
    ]
    row = page.locator(".library tbody tr", has_text="The Tin Kettle")
    expect(row.locator(".source")).to_have_text("uploaded as kettle.docx")
    expect(row.locator("td.number").nth(2)).to_have_text("2")


def test_uploads_do_not_stay_on_the_disk(page: Page, tmp_path: Path):
    add(page, file("a.txt", "A ship sails."), file("b.txt", "Another ship sails."))
    assert [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()] == []


def test_a_bad_file_does_not_stop_the_good_one_beside_it(page: Page, served: Served):
    bad = {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing more"}
    card = add(page, bad, file("good.md", "# The good one\n\nIt has text.\n"), file("none.txt", ""))
    expect(card.locator(".told")).to_have_text("1 added · 2 failed")
    failed = card.locator("[data-outcome=failed]")
    expect(failed.locator("bdi").nth(0)).to_have_text("broken.pdf")
    expect(failed.nth(1).locator(".reason")).to_have_text("none.txt is empty")
    assert "/" not in failed.nth(0).locator(".reason").inner_text()  # no path of this machine
    assert served.titles() == ["The good one"]


def test_an_upload_of_the_same_name_replaces_the_earlier_one_and_says_so(page: Page, served: Served):
    add(page, file("ships.md", "# Ships\n\nThere are two ships.\n"))
    card = add(page, file("ships.md", "# Ships\n\nThere are two ships.\n"))
    expect(card.locator(".told")).to_have_text("1 unchanged")
    card = add(page, file("ships.md", "# Ships of now\n\nThere are three ships.\n"))
    expect(card.locator(".told")).to_have_text("1 replaced")
    expect(card.locator(".lines")).to_contain_text("takes the place of the version that was here before")
    assert served.titles() == ["Ships of now"]


def test_of_two_files_with_one_name_the_second_is_refused(page: Page, served: Served):
    card = add(page, file("a.md", "# One\n\nThe first.\n"), file("a.md", "# Two\n\nThe second.\n"))
    expect(card.locator(".told")).to_have_text("1 added · 1 failed")
    expect(card.locator(".reason")).to_contain_text("more than one of these files is named a.md; rename one")
    assert served.titles() == ["One"]


DROP = """([name, size]) => {
  const data = new DataTransfer();
  data.items.add(new File(["A ship was dropped.".padEnd(size)], name));
  const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector(".library .drop").dispatchEvent(event);
}"""


def test_files_can_be_dropped(page: Page, served: Served):
    page.evaluate(DROP, ["dropped.txt", 0])
    expect(done(page).locator(".told")).to_have_text("1 added")
    assert served.titles() == ["dropped"]


def test_a_file_over_the_limit_is_told_before_it_is_sent(page: Page, served: Served):
    page.evaluate(DROP, ["big.txt", 20_100_000])
    card = done(page)
    expect(card.locator(".told")).to_have_text("1 failed")
    expect(card.locator(".reason")).to_have_text("It has 20.1 MB, and at most 20 MB are read. Split it.")


def test_hostile_names_and_titles_are_harmless(page: Page, served: Served):
    long = "名" * 251 + ".txt"
    card = add(page, file(HOSTILE, "A ship sails."), file(long, "Long names.\n"), file("..", "Dots.\n"))
    expect(card.locator(".told")).to_have_text("3 added")
    sources = {entry.source for entry in served.library.entries()}
    assert {f"upload:{long}", "upload:document"} < sources
    expect(page.locator(".library tbody tr")).to_have_count(3)
    expect(page.locator(".library :is(script, img)")).to_have_count(0)
    page.locator(".library tbody tr", has_text="HACKED").get_by_role("button").click()
    expect(page.locator(".library dialog[open] li bdi")).to_contain_text("<img src=x onerror=document.title=")
    page.get_by_role("button", name="Cancel").click()
    card = add(page, {"name": HOSTILE, "mimeType": "text/plain", "buffer": b"\x00\x01\x02\xff" * 9})
    expect(card.locator("h3")).to_contain_text("<img src=x")
    expect(card.locator("[data-outcome=failed] .reason")).to_contain_text("<img src=x")
    expect(page.locator(".library img")).to_have_count(0)


def test_a_page_of_a_private_network_is_refused_with_the_reason(page: Page, served: Served):
    box = page.get_by_label("Or a page on the web")
    box.fill(served.address)
    box.press("Enter")
    card = done(page)
    expect(card.locator(".told")).to_have_text("1 failed")
    expect(card.locator(".reason")).to_contain_text(
        "127.0.0.1 is 127.0.0.1, an address of this machine or of a private network, and was not fetched"
    )
    expect(card.locator(".lines")).to_contain_text("belong to the command line")
    expect(box).to_have_value("")


@pytest.mark.parametrize("word", ["/etc/passwd", "file:///etc/passwd", "-", "..", "https://a\x00b/"])
def test_what_is_no_web_address_is_never_taken_for_a_path(word: str, tmp_path: Path):
    with Library(tmp_path / "library", WordLengths()) as library:
        jobs = Jobs(lambda: None)
        begun = call(library, jobs, "add_pages", {"addresses": [word]})
        (told,) = wait(jobs, begun["job"])["lines"]
        assert told["outcome"] == "failed"
        assert library.entries() == []


def test_a_page_without_an_address_is_asked_for(page: Page):
    page.get_by_role("button", name="Add page").click()
    expect(page.locator(".library .notice")).to_have_text("Type the address of a page first.")
    expect(page.get_by_label("Or a page on the web")).to_be_focused()


# Working


def test_progress_is_shown_and_others_wait_while_the_page_goes_on(
    page: Page, served: Served, browser: Browser
):
    served.embedder.go.clear()
    text = "\n\n".join(
        f"Paragraph {i} of the sea, the ship and the wind that carries it." * 9 for i in range(60)
    )
    page.locator(".library input[type=file]").set_input_files(
        [file("long.txt", text), file("two.txt", "Two.")]
    )
    first = page.locator(".job").first
    expect(first).to_have_attribute("data-state", "working", timeout=30_000)
    expect(first.locator(".told")).to_contain_text("0 of 2 done")
    other = browser.new_page(locale="en-US")
    other.goto(served.address)
    other.get_by_role("button", name="Add the sample articles").click()
    waiting = other.locator(".job")
    expect(waiting.locator(".told")).to_have_text("Waiting: another change of the library comes first")
    expect(waiting.get_by_role("button", name="Stop")).to_be_enabled()
    expect(other.get_by_text("The library is empty.")).to_be_visible()  # the list still answers
    served.embedder.go.set()
    expect(first).to_have_attribute("data-state", "done", timeout=60_000)
    expect(waiting).to_have_attribute("data-state", "done", timeout=60_000)
    expect(page.locator(".library [role=status]")).to_have_text("2 added.")
    other.close()
    assert len(served.titles()) == 5


def test_a_job_can_be_stopped_and_says_what_was_not_reached(page: Page, served: Served):
    served.embedder.go.clear()
    page.get_by_role("button", name="Add the sample articles").click()
    expect(page.locator(".job").first).to_have_attribute("data-state", "working")
    page.locator(".library input[type=file]").set_input_files([file("a.txt", "One."), file("b.txt", "Two.")])
    second = page.locator(".job").first
    expect(second.locator(".told")).to_contain_text("Waiting")
    second.get_by_role("button", name="Stop").click()
    expect(second.locator(".told")).to_have_text("Stopping after the documents in hand …")
    served.embedder.go.set()
    expect(second.locator(".told")).to_have_text("2 not reached before the stop", timeout=30_000)
    second.get_by_role("button", name="Close").press("Enter")
    expect(page.locator(".job")).to_have_count(1)


def test_seconds_left_are_told_by_passages_or_else_by_documents():
    assert seconds_left(10, total=1, steps=0, done=256, met=1024) == 30
    assert seconds_left(10, total=4, steps=1, done=50, met=50) == 30
    assert seconds_left(10, total=10, steps=5, done=0, met=0) == 10
    assert seconds_left(10, total=3, steps=0, done=0, met=0) is None
    assert seconds_left(10, total=2, steps=2, done=9, met=9) == 0


def test_passages_and_the_time_left_are_told_while_a_long_file_is_added(page: Page, served: Served):
    served.embedder.go.clear()
    served.embedder.more = 1  # 256 passages
    text = "\n\n".join(f"Paragraph {i} of the sea and the wind. " * 12 for i in range(900))
    page.locator(".library input[type=file]").set_input_files([file("long.txt", text)])
    told = page.locator(".job .told")
    expect(told).to_have_text(
        re.compile(r"^0 of 1 done · [\d,]+ passages a second · about .* left$"), timeout=30_000
    )
    value = float(page.locator(".job progress").evaluate("bar => bar.value"))
    assert 0 < value < 1
    served.embedder.go.set()
    expect(done(page).locator(".told")).to_have_text("1 added")


def test_a_job_that_fails_says_why_and_the_next_one_is_done(caplog: pytest.LogCaptureFixture):
    def busy(job: Job) -> Done:
        raise LibraryBusy("the library is in use")

    def wrong(job: Job) -> Done:
        raise KeyError("nobody thought of it")

    jobs = Jobs(lambda: None)
    ids = [jobs.add(Job("files", ["a"], work)) for work in (busy, wrong, lambda job: Done((), {}))]
    told = [wait(jobs, name) for name in ids]
    assert [job["state"] for job in told] == ["failed", "failed", "done"]
    assert told[0]["error"] == "the library is in use"
    assert told[1]["error"].startswith("this is a mistake in Cited, please report it (KeyError")
    assert jobs.look(["unknown", ids[2]])[0]["id"] == ids[2]


# The list


def test_a_document_is_deleted_once_the_reader_is_sure(page: Page, served: Served):
    add(page, file("a.md", "# Apples\n\nRed.\n"), file("b.md", "# Pears\n\nGreen.\n"))
    button = page.get_by_role("button", name="Delete Pears")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete this document?")
    expect(dialog).to_contain_text("Pears")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    assert served.titles() == ["Apples", "Pears"]
    button.click()
    dialog.get_by_role("button", name="Cancel").click()
    assert served.titles() == ["Apples", "Pears"]
    button.click()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(done(page).locator(".told")).to_have_text("1 deleted")
    expect(page.locator(".library tbody tr")).to_have_count(1)
    expect(page.locator("#library-held")).to_be_focused()
    assert served.titles() == ["Apples"]


def test_several_documents_are_deleted_at_once(page: Page, served: Served):
    add(page, *(file(f"{name}.md", f"# {name}\n\nText.\n") for name in ("One", "Two", "Three")))
    page.get_by_label("Select One").check()
    expect(page.get_by_label("Select One")).to_be_focused()
    page.get_by_label("Select Three").check()
    page.get_by_role("button", name="Delete selected (2)").click()
    dialog = page.get_by_role("dialog", name="Delete 2 documents?")
    expect(dialog.locator("li")).to_have_count(2)
    dialog.get_by_role("button", name="Delete").click()
    expect(done(page).locator(".told")).to_have_text("2 deleted")
    expect(page.locator(".library tbody tr")).to_have_count(1)
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_role("button", name="Delete selected (1)")).to_be_visible()
    assert served.titles() == ["Two"]


def test_what_somebody_else_deleted_is_told(served: Served):
    served.library.add(read_file(SAMPLES / "coffee.md"))
    (entry,) = served.library.entries()
    ids = [entry.id, "gone-1234"]
    begun = call(served.library, served.jobs, "delete", {"ids": ids})
    told = wait(served.jobs, begun["job"])
    assert [line["outcome"] for line in told["lines"]] == ["removed", "failed"]
    assert "gone-1234" in told["lines"][1]["reason"]


def test_ten_thousand_documents_are_listed_filtered_sorted_and_paged(page: Page, served: Served):
    document = read_bytes(b"A ship sails.", name="paper.txt", source="upload:paper.txt")
    structure = structure_of(document)
    with served.library.catalog.change() as db:
        for i in range(10_000):
            name = f"paper {i:05}"
            row = (name, f"upload:{name}.txt", name, document.version, ADDED, document.text, structure, 1, "")
            db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    began = time.monotonic()
    page.reload()
    rows = page.locator(".library tbody tr")
    expect(rows).to_have_count(50, timeout=30_000)
    print(f"\n10,000 documents listed after {time.monotonic() - began:.1f} s")
    expect(page.locator("#library-held")).to_have_text("10,000 documents")
    expect(page.locator(".library .shown")).to_have_text("1–50 of 10,000")
    page.get_by_role("button", name="Title").click()
    expect(rows.first.locator(".title")).to_have_text("paper 00000")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Title")
    page.get_by_role("button", name="Next").click()
    expect(rows.first.locator(".title")).to_have_text("paper 00050")
    page.get_by_label("Select all on this page").check()
    page.get_by_role("searchbox").fill("PAPER 0999")
    expect(rows).to_have_count(11)  # 00999, and 09990 to 09999
    expect(page.get_by_role("button", name="Delete selected (50)")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.get_by_text("No document has these words")).to_be_visible()


# For everybody


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_in_the_way_of_assistive_technology(page: Page, served: Served, theme: str):
    if theme == "dark":
        page.goto(f"{served.address}?__theme=dark")
        expect(page.locator("#library-held")).not_to_be_empty(timeout=30_000)
    check(page)
    tides = (SAMPLES / "tides.html").read_text(encoding="utf-8")
    add(page, file("tides.html", tides), file("broken.pdf", "no"), file("a.md", "# A\n\nText.\n"))
    expect(page.locator(".library tbody tr")).to_have_count(2)
    page.get_by_label("Select A", exact=True).check()
    check(page)
    page.get_by_role("button", name="Delete A", exact=True).click()
    check(page)


def check(page: Page) -> None:
    found = Axe().run(page, context=".library")
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("locale", "word"), [("ko-KR", "문서 추가"), ("ja-JP", "文書を追加"), ("fr-FR", "Add documents")]
)
def test_the_tab_speaks_the_readers_language(browser: Browser, served: Served, locale: str, word: str):
    page = browser.new_page(locale=locale)
    page.goto(served.address)
    expect(page.locator("#library-add")).to_have_text(word, timeout=30_000)
    page.close()


def test_every_word_of_the_tab_is_there_in_every_language():
    known = strings.strings()
    code = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("library*.js"))
    code += (STATIC.parent / "library.html").read_text(encoding="utf-8")
    used = set(re.findall(r"""["'`](library\.[a-z-]+)["'`]""", code))
    assert used <= {*known, *(key.removesuffix("-one") for key in known)}
    for key in known:
        if key.startswith("library."):
            assert set(known[key]) == set(strings.LANGUAGES)
            assert len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in known[key].values()}) == 1


@pytest.mark.parametrize("width", [390, 768])
def test_nothing_is_wider_than_the_window(page: Page, served: Served, width: int):
    page.set_viewport_size({"width": width, "height": 844})
    add(page, file("w" * 240 + ".md", "# " + "Unbroken" * 30 + "\n\nText.\n"), file("b.pdf", "no"))
    expect(page.locator(".library tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)"
    assert page.locator(".library, .library :is(section, form, .drop, .job)").evaluate_all(wide) == []


# What the browser sends


def call(library: Library, jobs: Jobs, name: str, given: object) -> dict:
    return {function.__name__: function for function in functions_of(library, jobs)}[name](given)


def wait(jobs: Jobs, name: str) -> dict:
    while (told := jobs.look([name])[0])["state"] not in ("done", "failed"):
        time.sleep(0.01)
    return told


@pytest.mark.parametrize("path", ["/etc/passwd", "", "a\0b", ".", "{folder}/x", "{folder}/sub/../../passwd"])
def test_only_uploads_are_read_whatever_path_the_browser_sends(served: Served, tmp_path: Path, path: str):
    (tmp_path / "uploads" / "sub").mkdir(parents=True)
    (tmp_path / "uploads" / "x").write_text("Not in a folder of its own.")
    (tmp_path / "passwd").write_text("Secret.")
    given = {"files": [{"path": path.format(folder=tmp_path / "uploads"), "name": "a.txt"}]}
    told = wait(served.jobs, call(served.library, served.jobs, "add_files", given)["job"])
    assert [line["reason"] for line in told["lines"]] == [
        "the upload of a.txt is not there any more; add it again"
    ]
    assert served.titles() == []
    assert (tmp_path / "passwd").exists()


@pytest.mark.parametrize("given", [None, 3, [], {}, {"files": 3}, {"addresses": [3]}, {"ids": [None]}])
def test_values_of_the_wrong_shape_change_nothing(served: Served, given: object):
    for name in ("documents", "add_files", "add_pages", "delete", "look", "stop"):
        assert isinstance(call(served.library, served.jobs, name, given), dict)
    assert served.titles() == []


def test_too_much_at_once_is_refused(served: Served):
    files = [{"path": "x", "name": "x"}] * 1001
    said = call(served.library, served.jobs, "add_files", {"files": files})
    assert said == {"error": "these are 1001 files; add at most 1000 at once"}
    said = call(served.library, served.jobs, "add_pages", {"addresses": [f"a.org/{i}" for i in range(101)]})
    assert said["error"].startswith("these are 101 addresses; give 1 to 100 at once")


def test_a_name_is_one_line_without_folders():
    assert plain_name("C:\\notes\\a.txt") == "a.txt"
    assert plain_name("../../etc/passwd") == "passwd"
    assert plain_name("a\nb\0.txt") == "a\\nb\\x00.txt"
    assert plain_name("e\u0301.md") == "é.md"
    assert plain_name("\ud800.md") == "?.md"
    assert plain_name(" .. ") == plain_name("") == "document"
    assert len(on_disk("名" * 251 + ".docx").encode()) <= 255
    assert on_disk("名" * 251 + ".docx").endswith("名.docx")
