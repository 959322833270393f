"""The evaluation tab: real runs of small sets, in a real headless Chromium; and what stands behind it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import gradio as gr
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from app.answer import Answerer
from app.chat import strings
from app.chat.evaluation_tab import POLICY, evaluation_tab, routes
from app.chat.evaluations import BASELINE
from app.chat.strings import translations
from eval.baseline import BASELINE as BASELINE_FILE
from eval.for_page import PageEvaluations
from eval.page_results import changed, kept_baseline, named
from eval.report.load import load
from index.embed import Embedder
from index.library import Library
from ingest.errors import EvaluationError
from ingest.read import read_bytes
from tests import conftest, results_file
from tests.test_embed import WordLengths

TEXT = (
    "The harbour of Lund\n\n"
    "The bridge across the harbour was opened in 1932 by Queen Maud.[1] It cost forty thousand crowns.\n\n"
    "Herring was landed here for three centuries, until the shoals moved north in 1951.\n\n"
    "[1] It was named after the engineer Ida Berg, who had drawn it.\n"
)
QUESTIONS = [
    {"id": "opened", "question": "When was the bridge across the harbour opened?",
     "evidence": [{"quote": "The bridge across the harbour was opened in 1932 by Queen Maud."}],
     "facts": ["1932"]},
    {"id": "<b>cost", "question": "How many crowns did the <img src=x onerror=alert(1)> bridge cost?",
     "evidence": [{"start": "It cost", "end": "crowns.", "document": "harbour.txt"}]},
    {"id": "hormone", "question": "Which hormone regulates blood sugar?", "evidence": []},
]  # fmt: skip
STATIC = Path(strings.__file__).parent / "static"


@dataclass
class Served:
    """The tab under an address, and what stands behind it."""

    address: str
    evaluations: PageEvaluations
    library: Library

    def run(self, name: str) -> str:
        finished = self.evaluations.run(name, lambda done, total: None, lambda: False)
        assert finished
        return finished


def set_file(folder: Path, name: str = "harbour.jsonl", rows: list | None = None) -> Path:
    path = folder / name
    text = "".join(json.dumps(row) + "\n" for row in (QUESTIONS if rows is None else rows))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, browser: Browser
) -> Iterator[Served]:
    """browser: gradio takes the event loop that it brings, and would leave one of its own unclosed."""
    with Library(tmp_path_factory.mktemp("evaluation") / "library", embedder) as library:
        library.add(read_bytes(TEXT.encode(), name="harbour.txt", source="upload:harbour.txt"))
        evaluations = PageEvaluations(Answerer(library))
        app = FastAPI()
        routes(app, evaluations)
        with gr.Blocks(title="Cited", analytics_enabled=False) as page:
            gr.HTML("<h1>Cited</h1>")
            with gr.Tab("Evaluation"):
                evaluation_tab(evaluations)
        app = gr.mount_gradio_app(
            app, page, path="", i18n=translations(), show_error=False,
            css_paths=[STATIC / "page.css", STATIC / "evaluation.css"],
            ssr_mode=False, footer_links=[],
        )  # fmt: skip
        with conftest.served(app) as address:
            yield Served(address, evaluations, library)


def opened(browser: Browser, served: Served, **given: object) -> Page:
    scheme = str(given.get("color_scheme", "light"))
    page = browser.new_page(**({"viewport": {"width": 1280, "height": 900}, "locale": "en-US"} | given))
    page.goto(f"{served.address}?__theme={scheme}")
    expect(page.locator("#evaluation .controls button").first).to_be_enabled(timeout=30_000)
    expect(page.locator("#evaluation > .evaluation p").first).to_be_visible(timeout=30_000)
    return page


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """The tab, opened; afterwards no script has failed and nothing was asked of any other origin."""
    errors: list[str] = []
    asked: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    page.goto(f"{served.address}?__theme=light")
    expect(page.locator("#evaluation > .evaluation p").first).to_be_visible(timeout=30_000)
    yield page
    context.close()
    assert errors == []
    assert [url for url in asked if not url.startswith((served.address, "data:", "blob:"))] == []


def add(page: Page, path: Path) -> None:
    page.locator("#evaluation input[type=file]").set_input_files(path)


def state(page: Page):
    return page.locator("#evaluation-state [role=status]")


def said(page: Page):
    return page.locator("#evaluation-said [role=status]")


def button(page: Page, name: str):
    return page.locator("#evaluation").get_by_role("button", name=name, exact=True)


def test_a_set_is_added_run_watched_and_its_report_read(page: Page, served: Served, tmp_path: Path):
    assert served.evaluations.sets() == ["samples"]
    add(page, set_file(tmp_path))
    expect(said(page)).to_contain_text("Added the set", timeout=30_000)
    button(page, "Run").click()
    expect(state(page)).to_contain_text("Preparing", timeout=30_000)
    expect(button(page, "Run")).to_be_disabled()
    expect(state(page)).to_contain_text("Finished", timeout=120_000)
    expect(state(page)).to_contain_text("3 questions")
    expect(button(page, "Run")).to_be_enabled()
    expect(button(page, "Stop")).to_be_disabled()
    table = page.locator("#evaluation-results table")
    expect(table.locator("tbody tr").first).to_contain_text("Answered with all the evidence")
    expect(table.locator("tbody tr")).to_have_count(9)
    run = served.evaluations.runs()[0]
    assert (run.set, run.questions) == ("harbour", 3)
    assert {path.suffix for path in served.evaluations.folder.glob(f"{run.name}.*")} == {
        ".jsonl", ".html", ".md", ".xml",
    }  # fmt: skip
    page.locator("#evaluation-results summary").press("Enter")
    report = page.frame_locator("#evaluation-results iframe")
    expect(report.locator("article.question")).to_have_count(3)
    expect(report.locator("#count")).to_have_text("3 of 3 questions shown")  # its script runs in the sandbox
    with page.context.expect_page() as found:
        page.get_by_role("link", name="Open the report in a tab of its own").click()
    expect(found.value.locator("#verdict")).to_contain_text("questions are right")


def test_the_progress_counts_and_estimates_and_the_page_answers_meanwhile(
    page: Page, served: Served, tmp_path: Path
):
    many = [{**QUESTIONS[2], "id": str(n)} for n in range(1500)]
    add(page, set_file(tmp_path, "many.jsonl", many))
    expect(said(page)).to_contain_text("Added the set")
    button(page, "Run").click()
    bar = page.locator("#evaluation-state [role=progressbar][aria-valuenow]")
    expect(bar).to_be_visible(timeout=60_000)
    expect(bar).to_have_attribute("aria-valuemax", "1500")
    expect(page.locator("#evaluation-state .soft")).to_contain_text(" of 1500 · about ", timeout=60_000)
    other = page.context.new_page()  # another visitor sees the run, and cannot begin a second one
    other.goto(served.address)
    expect(state(other)).to_contain_text("Asking the questions of", timeout=30_000)
    expect(button(other, "Run")).to_be_disabled()
    assert served.evaluations.start("harbour") is False
    expect(button(other, "Stop")).to_be_enabled()
    button(other, "Stop").click()
    expect(state(page)).to_contain_text("Run it again, and it goes on from there.", timeout=30_000)
    expect(button(page, "Run")).to_be_enabled()
    assert [run.set for run in served.evaluations.runs() if run.set == "many"] == []
    done = served.evaluations.state().done
    assert 0 < done < 1500
    seen: list[int] = []
    assert served.evaluations.run("many", lambda n, total: seen.append(n), lambda: len(seen) == done) is None
    kept = (served.evaluations.folder / "unfinished.jsonl.part").read_text(encoding="utf-8")
    assert kept.count('"kind": "answer"') >= done


def test_a_click_while_a_run_is_under_way_says_so(page: Page, served: Served, tmp_path: Path):
    add(page, set_file(tmp_path, "long.jsonl", [{**QUESTIONS[2], "id": str(n)} for n in range(1500)]))
    expect(said(page)).to_contain_text("Added the set")
    assert served.evaluations.start("long")
    button(page, "Run").click()  # this page does not know yet
    expect(page.get_by_text("is being run already")).to_be_visible(timeout=30_000)
    expect(button(page, "Stop")).to_be_enabled()
    served.evaluations.stop()
    expect(state(page)).to_contain_text("Stopped", timeout=60_000)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([QUESTIONS[0], {"id": "2", "question": "?"}],
         "broken.jsonl, line 2: the field 'evidence' is missing"),
        ([{**QUESTIONS[0], "evidence": [{"quote": "No <b>such</b> words."}]}],
         "broken.jsonl, line 1: «No <b>such</b> words.» is not in the document"),
        ([QUESTIONS[2], {**QUESTIONS[0], "document": "pier.txt"}],
         "broken.jsonl, line 2: the document pier.txt is not in the library; add it there first"),
        ([], "broken.jsonl holds no question"),
    ],
)  # fmt: skip
def test_a_broken_set_is_named_with_file_and_line(page: Page, tmp_path: Path, rows: list, told: str):
    add(page, set_file(tmp_path, "broken.jsonl", rows))
    expect(said(page)).to_contain_text(told, timeout=30_000)
    assert str(tmp_path) not in (said(page).text_content() or "")
    expect(page.locator("#evaluation-said b")).to_have_count(0)


@pytest.mark.heavy
def test_two_runs_are_compared_and_a_question_that_broke_leads_to_its_place(
    page: Page, served: Served, tmp_path: Path
):
    served.evaluations.add_set(set_file(tmp_path, "pair.jsonl"))
    first = served.run("pair")
    time.sleep(1.1)  # runs are named by the second
    usual = served.evaluations.answerer
    served.evaluations.answerer = Answerer(served.library, threshold=1.0)
    second = served.run("pair")
    served.evaluations.answerer = usual
    assert served.evaluations.others(second) == [first]
    assert served.evaluations.others(first) == [second]
    found = served.evaluations.results(second, first)
    assert [name for name, _ in found.broke] == ["opened", "<b>cost"]
    recall = next(figure for figure in found.figures if figure.name == "evidence_recall")
    assert (recall.value, recall.before, recall.difference) == (0.0, 1.0, -1.0)
    assert recall.difference_interval == (-1.0, -1.0)
    assert recall.judged == "worse"
    page.reload()
    results = page.locator("#evaluation-results")
    expect(results).to_contain_text("Broke: 2", timeout=30_000)
    row = results.locator("tbody tr", has_text="Needed evidence that is cited")
    expect(row.locator("td")).to_have_text(
        ["0.000[0.00, 0.66]", "1.000[0.34, 1.00]", "−1.000[−1.00, −1.00]worse"]
    )
    expect(results.locator("img")).to_have_count(0)
    with page.context.expect_page() as shown:
        results.get_by_role("link", name="<b>cost").click()
    expect(shown.value.locator("article.question:target")).to_contain_text("bridge cost?")
    page.get_by_label("Compared with").click()
    page.get_by_role("option", name="Nothing").click()
    expect(results.locator("thead th")).to_have_text(["Figure", "This run"])


def test_a_run_of_the_samples_stands_beside_the_baseline(served: Served):
    folder = served.evaluations.folder
    results_file.write(folder / "samples-a.jsonl", 1)
    results_file.write(folder / "samples-b.jsonl", 2)
    assert served.evaluations.others("samples-a") == [BASELINE, "samples-b"]
    assert served.evaluations.others("samples-b") == [BASELINE, "samples-a"]
    found = served.evaluations.results("samples-a", BASELINE)
    kept = json.loads(BASELINE_FILE.read_text(encoding="utf-8"))["samples"]
    correct = found.figures[0]
    assert correct.name == "correct"
    assert correct.before == kept["summary"]["figures"]["all"]["correct"]["value"]
    assert correct.before_interval == tuple(kept["summary"]["figures"]["all"]["correct"]["interval"])
    right = {row["id"] for row in kept["answers"] if row["grades"]["correct"] == 1}
    assert {name for name, _ in found.broke} <= right
    assert {name for name, _ in found.fixed}.isdisjoint(right)
    assert ('evil "1"', "What colour was <script>alert(1)</script> the lamp?") in found.alone
    assert found.figures[-1].name == "latency_ms_total_p95"
    assert (found.figures[-1].unit, found.figures[-1].before, found.figures[-1].judged) == ("ms", None, "")
    for path in folder.glob("samples-*"):
        path.unlink()


def test_gates_that_the_set_declares_are_shown(served: Served, tmp_path: Path):
    rules = ["exact_quotes >= 1", "evidence_recall > 1", "no question that passed may fail"]
    served.evaluations.add_set(set_file(tmp_path, "gated.jsonl", [*QUESTIONS, {"gates": rules}]))
    gates = served.evaluations.results(served.run("gated"), "").gates
    assert [(rule, kept) for rule, kept, _ in gates] == list(zip(rules, (True, False, False), strict=True))
    assert gates[1][2] == "1.000 is not > 1.000"
    assert "needs a baseline" in gates[2][2]


def test_a_damaged_results_file_is_listed_and_says_what_is_wrong(page: Page, served: Served):
    path = served.evaluations.folder / "damaged-1.jsonl"
    path.write_text("{", encoding="utf-8")
    page.reload()
    expect(page.locator("#evaluation-results .failed")).to_contain_text(
        "damaged-1.jsonl, line 1", timeout=30_000
    )
    path.unlink()


def test_what_fails_in_the_thread_is_told(served: Served):
    assert served.evaluations.start("nowhere")
    while served.evaluations.state().busy:
        time.sleep(0.05)
    assert served.evaluations.state().stage == "failed"
    assert served.evaluations.state().told.startswith("there is no set nowhere")


def get(served: Served, path: str) -> tuple[int, str, str]:
    connection = HTTPConnection(served.address.split("/")[2])
    connection.request("GET", path)  # as it is, not normalised
    response = connection.getresponse()
    found = response.status, response.headers.get("Content-Security-Policy", ""), response.read().decode()
    connection.close()
    return found


def test_reports_are_served_with_a_policy_and_nothing_else_is(served: Served, tmp_path: Path):
    served.evaluations.add_set(set_file(tmp_path, "served.jsonl"))
    run = served.run("served")
    status, policy, text = get(served, f"/evaluations/{run}.html")
    assert (status, policy) == (200, POLICY)
    assert text.startswith("<!doctype html>")
    outside = served.evaluations.folder.parent / "outside.html"
    outside.write_text("secret", encoding="utf-8")
    (served.evaluations.folder / "sets" / "inside.html").write_text("secret", encoding="utf-8")
    for path in (
        "../outside.html", "..%2foutside.html", "%2e%2e/outside.html", "sets/inside.html",
        "sets%2finside.html", f"{run}.jsonl", f"{run}.md", "..%5coutside.html", "unfinished.html",
        "%00.html", ".html",
    ):  # fmt: skip
        assert get(served, f"/evaluations/{path}")[0] == 404, path
    with pytest.raises(EvaluationError, match="there is no run"):
        served.evaluations.results("../outside", "")


@pytest.mark.heavy
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible_and_no_wider_than_the_window(
    browser: Browser, served: Served, tmp_path: Path, scheme: str, width: int
):
    if not served.evaluations.runs():
        served.evaluations.add_set(set_file(tmp_path))
        served.run("harbour")
    page = opened(
        browser,
        served,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    expect(page.locator("#evaluation-results table")).to_be_visible(timeout=30_000)
    page.locator("#evaluation summary").first.click()
    found = Axe().run(page, context="#evaluation").response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize(("locale", "run", "heading"), [("ko-KR", "실행", "지표"), ("ja-JP", "実行", "指標")])
def test_it_speaks_the_languages_of_the_page(
    browser: Browser, served: Served, tmp_path: Path, locale: str, run: str, heading: str
):
    if not served.evaluations.runs():
        served.evaluations.add_set(set_file(tmp_path))
        served.run("harbour")
    page = opened(browser, served, locale=locale)
    expect(button(page, run)).to_be_visible()
    expect(page.locator("#evaluation-results thead th").first).to_have_text(heading, timeout=30_000)
    page.close()


def test_it_works_from_the_keyboard(page: Page):
    button(page, "Run").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Set of questions")).to_be_focused()


def test_a_built_in_set_is_offered_where_its_document_is_in_the_library(library: Library):
    library.add(
        read_bytes(TEXT.encode(), name="security-cooperation.txt", source="upload:security-cooperation.txt")
    )
    assert PageEvaluations(Answerer(library)).sets() == ["samples", "article"]


def test_a_set_for_an_empty_library_a_taken_name_and_a_document_of_two(library: Library, tmp_path: Path):
    evaluations = PageEvaluations(Answerer(library))
    with pytest.raises(EvaluationError, match="the library is empty"):
        evaluations.add_set(set_file(tmp_path))
    for source in ("a/harbour.txt", "b/harbour.txt"):
        library.add(read_bytes(TEXT.encode(), name="harbour.txt", source=source))
    with pytest.raises(
        EvaluationError, match=r"line 2: the document harbour.txt may be harbour-\w+ or harbour-"
    ):
        evaluations.add_set(set_file(tmp_path))
    with pytest.raises(EvaluationError, match="samples is the name of a set that comes with Cited"):
        evaluations.add_set(set_file(tmp_path, "samples.jsonl"))
    with pytest.raises(
        EvaluationError,
        match=r"one\.jsonl names no document, and the document harbour.txt may be harbour-\w+ or ",
    ):
        evaluations.add_set(set_file(tmp_path, "one.jsonl", QUESTIONS[:1]))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 100_000, "line 1: brackets in brackets without end"),
        (json.dumps({"gates": ["evidence_recal >= 1"]}) + "\n", "there is no figure evidence_recal;"),
        (json.dumps({"gates": "evidence_recall >= 1"}) + "\n", "line 1: gates is a list of strings"),
    ],
)
def test_a_set_whose_lines_or_gates_are_none_is_refused(
    library: Library, tmp_path: Path, text: str, told: str
):
    library.add(read_bytes(TEXT.encode(), name="harbour.txt", source="upload:harbour.txt"))
    path = set_file(tmp_path)
    path.write_text(text + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(EvaluationError, match=told):
        PageEvaluations(Answerer(library)).add_set(path)


def test_a_run_has_the_embedding_model_of_the_library(tmp_path: Path):
    with Library(tmp_path / "library", WordLengths()) as library:
        library.add(read_bytes(TEXT.encode(), name="harbour.txt", source="upload:harbour.txt"))
        evaluations = PageEvaluations(Answerer(library))
        evaluations.add_set(set_file(tmp_path, "one.jsonl", QUESTIONS[2:]))
        finished = evaluations.run("one", lambda done, total: None, lambda: False)
        found = load(evaluations.folder / f"{finished}.jsonl")
    assert found.run["model"] == WordLengths().fingerprint


def test_a_run_of_other_questions_is_not_compared(library: Library):
    evaluations = PageEvaluations(Answerer(library))
    evaluations.folder.mkdir(parents=True)
    path = results_file.write(evaluations.folder / "samples-a.jsonl", 1)
    results_file.write(evaluations.folder / "samples-b.jsonl", 2)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[1]["question"] = "What is asked today?"
    results_file.save(path, rows)
    assert evaluations.others("samples-a") == ["samples-b", BASELINE]
    for other in ("samples-b", BASELINE):
        with pytest.raises(EvaluationError, match=f"another set than {other}: 1 of the questions read other"):
            evaluations.results("samples-a", other)
    results_file.save(path, [rows[0], rows[-2], rows[-1]])  # of which the baseline has none
    with pytest.raises(EvaluationError, match="no question is in both"):
        evaluations.results("samples-a", BASELINE)


def test_gates_against_the_baseline_say_what_it_lacks(library: Library, tmp_path: Path):
    evaluations = PageEvaluations(Answerer(library))
    results_file.write(tmp_path / "r.jsonl")
    run = load(tmp_path / "r.jsonl")
    now = {"run": {"set": {"name": "old"}}, "answers": run.answers, "summary": run.summary}
    rules = ["latency_p95_ms <= baseline", "correct of why >= baseline", "correct of tuning >= 0 * baseline"]
    path = evaluations.folder / "sets" / "old.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"gates": rules}) + '\n{"gates": "correct >= 0"}\n', encoding="utf-8")
    told = list(evaluations._gates(now, kept_baseline()["samples"]))
    assert [kept for _, kept, _ in told] == [False, False, True, True]
    assert "the baseline has no latencies" in told[0][2]
    assert "no questions of why in the baseline" in told[1][2]


def test_a_report_that_was_not_finished_is_written_anew(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    evaluations = PageEvaluations(Answerer(library))
    evaluations.folder.mkdir(parents=True)
    results_file.write(evaluations.folder / "samples-a.jsonl")
    replace, moved = Path.replace, []

    def killed(path: Path, target: Path) -> Path:
        moved.append(path.suffix)
        if path.suffix == ".html":
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            evaluations.report("samples-a")
    assert moved[-1] == ".html"
    assert not (evaluations.folder / "samples-a.html").exists()
    assert evaluations.report("samples-a").read_text(encoding="utf-8").endswith("</html>")
    assert {path.suffix for path in evaluations.folder.iterdir()} == {".jsonl", ".html", ".md", ".xml"}


def test_documents_are_named_by_questions_and_by_their_evidence(tmp_path: Path):
    rows = [
        {"id": "1", "document": "a.txt", "evidence": [{"any": [{"quote": "x", "document": "b.txt"}]}]},
        {"id": "2", "document": "a.txt", "evidence": [{"quote": "x", "document": 5}, {"quote": "y"}]},
        "c.txt",
        {"id": "3", "document": "d.txt", "evidence": []},
    ]
    assert named(set_file(tmp_path, rows=rows)) == {"a.txt": 1, "b.txt": 1, "d.txt": 4}


def test_questions_break_are_fixed_or_stand_alone():
    def row(name: str, correct: float) -> dict:
        return {"id": name, "question": name.upper(), "grades": {"correct": correct}}

    before = [row("a", 1), row("b", 0), row("c", 1), row("gone", 1)]
    now = [row("a", 0), row("b", 1), row("c", 1), row("new", 0)]
    assert changed(before, now) == ((("a", "A"),), (("b", "B"),), (("gone", "GONE"), ("new", "NEW")))
