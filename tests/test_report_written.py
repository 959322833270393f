"""Reports, comparisons and gates of runs in which a language model wrote the answers."""

import copy
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from selectolax.lexbor import LexborHTMLParser

from eval.compare import compare
from eval.gates import check
from eval.grade import summarise
from eval.measures.writing import writing_measures
from eval.report import write_report
from eval.report.build import build
from eval.report.load import Results, load
from eval.report.words import writing
from tests.results_file import save, write

NAME = "tiny <b>model</b>"
EVIL = "It was <img src=x onerror=alert(1)> **bold** & [9] red."
REASON = "the source says 1957, not <i>1967</i>"
TIMINGS = {"first_token": 400.0, "check": 60.0, "write": 900.0, "total": 970.0}


def as_written(answer: dict, number: int) -> None:
    """Turn an answer of quotations into one that a model wrote: a sentence a citation, and one of markup;
    every third leaves two sentences out, every tenth falls back."""
    answer |= {"unsupported": [], "notice": None, "parts": []}
    if not answer["answered"]:
        return
    out = {"text": EVIL, "reason": REASON}
    if number % 10 == 0:
        parts = [f"“{' '.join(c['cited_text'].split())}”" for c in answer["citations"]]
        answer |= {"notice": "The endpoint is down. These are quotations instead.", "unsupported": []}
    else:
        parts = [f"The article tells of {c['cited_text'].split()[0]} & so on." for c in answer["citations"]]
        parts[-1] = EVIL
        answer |= {"mode": NAME, "unsupported": [out, out] if number % 3 == 0 else []}
        answer["timings_ms"] |= TIMINGS
    marked = zip(parts, answer["citations"], strict=True)
    answer["parts"] = [
        {"text": text, "markers": [c["marker"]], "begins": i != 1} for i, (text, c) in enumerate(marked)
    ]
    if answer["mode"] == NAME:
        answer["answer"] = "\n".join(f"{p['text']} [{p['markers'][0]}]" for p in answer["parts"])


def written_results(path: Path) -> Path:
    """The results file of a run in which a language model wrote."""
    found = load(write(path))
    for number, row in enumerate(found.answers):
        as_written(row["answer"], number)
        row["grades"] |= writing_measures(row["answer"])
    told = {"name": NAME, "endpoint": "127.0.0.1:8080", "context": 4096, "ask_anyway": False}
    summary = {**found.summary, **summarise(found.answers)}
    return save(path, [found.run | {"language_model": told}, *found.answers, summary])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A written run, and one of quotations."""
    folder = tmp_path_factory.mktemp("written")
    return written_results(folder / "written.jsonl"), write(folder / "quoted.jsonl")


@pytest.fixture
def results(files: tuple[Path, Path]) -> Results:
    return copy.deepcopy(load(files[0]))


@pytest.fixture(scope="module")
def report(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(files[0], tmp_path_factory.mktemp("report") / "r.html", files[1])[0]


@pytest.fixture(scope="module")
def tree(report: Path) -> LexborHTMLParser:
    return LexborHTMLParser(report.read_text(encoding="utf-8"))


def counts(results: Results) -> tuple[int, int, int]:
    """Answers written, sentences shown and sentences left out, counted from the rows."""
    wrote = [row["answer"] for row in results.answers if row["answer"]["mode"] == NAME]
    shown = sum(len(answer["parts"]) for answer in wrote)
    return len(wrote), shown, sum(len(answer["unsupported"]) for answer in wrote)


# The report


def test_the_report_says_who_wrote_and_what_was_left_out(results: Results, report: Path):
    answers, shown, left = counts(results)
    writer = build(results).writer
    assert writer is not None
    fallen = len(writer.fallen)
    said = writing(writer)
    assert said == (
        f"Written by {NAME} (at 127.0.0.1:8080), every sentence checked. {shown} sentences shown in "
        f"{answers} answers, {left} left out ({left / (left + shown):.0%} of what it wrote). "
        f"{fallen} answers fell back to quotations."
    )
    assert answers > 40 < left
    assert fallen > 3
    page = LexborHTMLParser(report.read_text(encoding="utf-8"))
    assert said in page.body.text()
    suite = ElementTree.parse(report.with_suffix(".xml")).getroot().find("testsuite")
    assert suite.find("properties/property").get("value") == said
    assert "tiny &#60;b&#62;model" in report.with_suffix(".md").read_text(encoding="utf-8")


def test_a_written_answer_is_prose_with_its_markers(results: Results, tree: LexborHTMLParser):
    row = next(r for r in results.answers if r["answer"]["mode"] == NAME and len(r["answer"]["parts"]) > 1)
    first, second = row["answer"]["parts"][:2]
    answer = tree.css_first(f'article[id="q-{row["id"]}"] p.answer')
    markers = [node.text() for node in answer.css(".marker")]
    assert markers == [f"[{m}]" for part in row["answer"]["parts"] for m in part["markers"]]
    assert answer.text().startswith(f"{first['text']} [1] {second['text']} [2]")


def test_what_was_left_out_opens_with_its_reasons_and_is_no_markup(results: Results, tree: LexborHTMLParser):
    row = next(r for r in results.answers if r["answer"]["unsupported"])
    details = tree.css_first(f'article[id="q-{row["id"]}"] details.quiet')
    assert details.css_first("summary").text().startswith("2 sentences of the model were left out")
    assert "open" not in details.attributes
    assert [(li.css_first("q").text(), li.css_first("span").text()) for li in details.css("li")] == [
        (EVIL, REASON)
    ] * 2
    assert details.css(".marker") == []
    assert tree.css("img, i, b b") == []


def test_an_answer_that_fell_back_shows_its_notice_and_its_quotations(
    results: Results, tree: LexborHTMLParser
):
    row = next(r for r in results.answers if r["answer"]["notice"])
    article = tree.css_first(f'article[id="q-{row["id"]}"]')
    assert "Notice: The endpoint is down. These are quotations instead." in article.text()
    assert article.css_first("p.answer").text() == row["answer"]["answer"]


def test_junit_tells_notices_and_what_was_left_out(results: Results, report: Path):
    suite = ElementTree.parse(report.with_suffix(".xml")).getroot().find("testsuite")
    told = {}
    for case in suite.iter("testcase"):
        lines = case.findtext("system-out", "").split("\n")
        told[case.get("name").partition(":")[0]] = "\n".join(x for x in lines if not x.startswith("Remark: "))
    left = next(r for r in results.answers if r["answer"]["unsupported"])
    fell = next(r for r in results.answers if r["answer"]["notice"])
    assert told[left["id"]] == f"Left out: {EVIL} ({REASON})\nLeft out: {EVIL} ({REASON})"
    assert told[fell["id"]] == "Notice: The endpoint is down. These are quotations instead."
    plain = next(r for r in results.answers if not r["answer"]["unsupported"] and not r["answer"]["notice"])
    assert told[plain["id"]] == ""


def test_the_first_screen_has_the_figures_of_the_model(tree: LexborHTMLParser):
    key = [node.text() for node in tree.css(".cards dt")]
    assert key[-4:-1] == ["Share left out", "Quotations instead", "Latency first token p95"]
    assert "language model, name" in [th.text() for th in tree.css("footer th")]


def test_a_run_of_quotations_has_nothing_of_a_model(files: tuple[Path, Path], tmp_path: Path):
    page, markdown, junit = write_report(files[1], tmp_path / "q.html")
    for path in (markdown, junit):
        text = path.read_text(encoding="utf-8")
        assert "Written" not in text
        assert "left out" not in text.lower()
    tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
    assert tree.css("ul.left-out") == []
    assert "left out" not in tree.body.text()


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide and light", "phone and dark"])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(report.as_uri())
    yield page
    page.close()
    assert said == []


def test_a_written_report_is_accessible_and_fits_a_phone(page: Page):
    opened = page.locator("details.quiet:has(ul.left-out)").first
    page.evaluate(
        "document.querySelectorAll('article').forEach((one, i) => { if (i % 9) one.remove() });"
        "document.querySelectorAll('.ids a').forEach((one, i) => { if (i % 9) one.remove() });"
        "document.querySelectorAll('details').forEach((one) => { one.open = true })"
    )
    expect(opened.locator("q").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in found] == []


# Comparison and gates


def test_a_written_run_compares_with_one_of_quotations_and_with_itself(
    results: Results, files: tuple[Path, Path]
):
    quoted = load(files[1])
    between = {d.name for d in compare(quoted.answers, results.answers).differences}
    itself = {d.name: d for d in compare(results.answers, results.answers).differences}
    assert "evidence_recall" in between
    assert between.isdisjoint({"left_out_share", "fell_back", "sentences_shown"})
    assert itself["left_out_share"].first == itself["left_out_share"].second > 0


def test_gates_hold_the_figures_of_a_model(results: Results, files: tuple[Path, Path]):
    run = {"answers": results.answers, "summary": results.summary}
    rules = ["unsupported_shown <= 0", "left_out_share < 0.01", "latency_first_token_p95_ms <= 400"]
    assert [verdict.kept for verdict in check(rules, run, None)] == [True, False, True]
    quoted = load(files[1])
    none = check(["left_out_share <= 1"], {"answers": quoted.answers, "summary": quoted.summary}, None)[0]
    assert (none.kept, none.why) == (False, "the figure does not apply to these questions")
