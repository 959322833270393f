"""The report of a results file: what it says, that everything is escaped, that it repeats."""

import copy
import json
import re
import time
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from selectolax.lexbor import LexborHTMLParser

from eval.compare import compare
from eval.gates import check
from eval.report import write_report
from eval.report.build import build
from eval.report.changes import changes, move
from eval.report.charts import histogram, risk_coverage
from eval.report.figures import figures
from eval.report.load import Results, load
from eval.report.marks import Piece, needed_places, pieces, trimmed
from eval.report.reasons import reasons, remarks, wrongs
from ingest.document import Span
from ingest.errors import EvaluationError
from tests.results_file import save, write


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A results file and its baseline."""
    folder = tmp_path_factory.mktemp("results")
    return write(folder / "b.jsonl", 2), write(folder / "a.jsonl", 1)


@pytest.fixture(scope="module")
def written(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(files[0], tmp_path_factory.mktemp("report") / "r.html", files[1])[0]


@pytest.fixture(scope="module")
def tree(written: Path) -> LexborHTMLParser:
    return LexborHTMLParser(written.read_text(encoding="utf-8"))


@pytest.fixture
def results(files: tuple[Path, Path]) -> Results:
    return copy.deepcopy(load(files[0]))


TEXT = "The lamp was red. It cost 3 pounds."


def span(start: int, end: int) -> dict:
    return {"document_id": "d", "start_char_index": start, "end_char_index": end, "text": TEXT[start:end]}


def line(cited: list[tuple[int, int]], needed: list[list[tuple[int, int]]], facts: list[list[str]]) -> dict:
    """An answer line about TEXT, by offsets."""
    citations = [span(a, b) | {"marker": n, "cited_text": TEXT[a:b]} for n, (a, b) in enumerate(cited, 1)]
    return {
        "evidence": [[span(a, b) for a, b in item] for item in needed],
        "facts": facts,
        "grades": {},
        "answer": {
            "answered": bool(cited),
            "answer": " ".join(c["cited_text"] for c in citations),
            "citations": citations,
            "passages": [span(0, 35)],
        },
    }


def kinds(row: dict) -> list[str]:
    return [reason.kind for reason in wrongs(row)]


def test_in_an_answer_with_all_evidence_and_facts_nothing_is_wrong():
    assert wrongs(line([(0, 17)], [[(0, 17)]], [["red"]])) == []


def test_of_alternatives_one_suffices():
    assert wrongs(line([(18, 35)], [[(0, 17), (18, 35)]], [])) == []


def test_right_is_what_is_graded_as_correct_and_the_rest_is_a_remark():
    row = line([(0, 17)], [[(0, 17)]], [["blue"]])
    row["grades"] = {"correct": 1.0, "fabricated_quotes": 1.0}
    assert reasons(row) == []
    assert [r.text for r in remarks(row)] == [
        "A quote stands in no document.", "1 of 1 facts not in the answer: “blue”.",
    ]  # fmt: skip
    row["grades"]["correct"] = 0.0
    assert [r.kind for r in reasons(row)] == ["quote", "fact"]
    assert remarks(row) == []
    right = line([(0, 17)], [[(0, 17)]], []) | {"grades": {"correct": 0.0}}
    assert [r.text for r in reasons(right)] == ["The run graded the answer as not correct."]


def test_a_missing_place_and_a_missing_fact_are_told():
    found = wrongs(line([(0, 17)], [[(0, 17)], [(18, 35)]], [["red"], ["3 pounds", "three"]]))
    assert [r.text for r in found] == [
        "1 of 2 needed places not cited: «It cost 3 pounds.».",
        "1 of 2 facts not in the answer: “3 pounds” or “three”.",
    ]


def test_a_refusal_is_right_only_where_the_documents_do_not_answer():
    assert kinds(line([], [[(0, 17)]], [["red"]])) == ["refused"]
    assert kinds(line([], [], [])) == []
    assert kinds(line([(0, 17)], [], [])) == ["answered"]


def test_a_quote_shifted_by_a_character_is_found_from_its_passage():
    row = line([(1, 18)], [[(0, 17)]], [])
    row["answer"]["citations"][0]["cited_text"] = TEXT[0:17]
    assert [r.text for r in wrongs(row)] == ["Not what stands at the place it names: quote [1]."]


@pytest.mark.parametrize(
    ("grade", "value", "kind"),
    [("fabricated_quotes", 0.5, "quote"), ("misattributed_quotes", 1.0, "quote"),
     ("exact_quotes", 0.5, "quote"), ("exact_passages", 0.8, "quote"), ("right_labels", 0.0, "label")],
)  # fmt: skip
def test_what_the_run_graded_as_wrong_fails(grade, value, kind):
    row = line([(0, 17)], [[(0, 17)]], [])
    row["grades"] = {grade: value, "evidence_recall": None}
    assert kinds(row) == [kind]


def test_text_is_cut_where_being_cited_or_needed_changes():
    cited, needed = [("d", Span(4, 12)), ("e", Span(0, 3))], [("d", Span(9, 16))]
    assert pieces(TEXT[:20], ("d", Span(0, 20)), cited, needed, [1, 2]) == (
        Piece("", "The "),
        Piece("extra", "lamp ", (1,)),
        Piece("both", "was"),
        Piece("missed", " red"),
        Piece("", ". It"),
    )


def test_of_alternatives_only_the_cited_one_is_coloured():
    evidence = [[span(0, 17), span(18, 35)]]
    assert needed_places(evidence, [("d", Span(18, 35))]) == [("d", Span(18, 35))]
    assert needed_places(evidence, []) == [("d", Span(0, 17)), ("d", Span(18, 35))]


def test_long_surroundings_are_cut_at_words_and_coloured_text_never():
    long = "word " * 200
    head, middle, tail = trimmed([Piece("", long), Piece("both", long), Piece("", long)])
    assert middle.text == long
    assert head.text.startswith("… word")
    assert head.text.endswith("word ")
    assert tail.text.endswith("word …")
    assert len(head.text) <= 262 >= len(tail.text)


def test_figures_are_walked_and_counts_left_out():
    group = {
        "questions": 3,
        "mrr": {"value": 0.5, "interval": [0.25, 0.75], "n": 3},
        "aurc": {"value": None, "interval": None, "n": 0},
        "latency_ms": {"total": {"p95": 61.0}},
    }
    found = figures(group)
    assert [(f.name, f.text, f.interval_text) for f in found.values()] == [
        ("mrr", "0.500", "0.250 to 0.750"),
        ("aurc", "–", ""),
        ("latency_ms_total_p95", "61 ms", ""),
    ]
    assert [f.lower_is_better for f in found.values()] == [False, True, True]


@pytest.mark.parametrize(
    ("name", "value", "interval"),
    [("exact_quotes", 1.0, (0.954, 1.0)), ("fabricated_quotes", 0.0, (0.0, 0.046)), ("auroc", 1.0, None)],
)
def test_an_interval_without_width_is_wilsons_or_none(name, value, interval):
    found = figures({name: {"value": value, "interval": [value, value], "n": 79}})[name]
    assert found.interval == (interval and pytest.approx(interval, abs=5e-4))


@pytest.mark.parametrize(("wrong", "beyond"), [(1, False), (6, True)])
def test_one_question_that_flips_is_not_beyond_the_interval(wrong, beyond):
    of_before = {"exact_quotes": {"value": 1.0, "interval": [1.0, 1.0], "n": 79}}
    now = {"exact_quotes": {"value": 1 - wrong / 79, "interval": [0.8, 1.0], "n": 79}}
    moved = move(*(figures(group)["exact_quotes"] for group in (of_before, now)))
    assert (moved.better, moved.beyond) == (False, beyond)


def test_results_of_before_with_figures_that_are_no_more_are_read_and_compared(
    results: Results, tmp_path: Path
):
    before = copy.deepcopy(results)
    for row in before.answers:
        row["grades"]["recall_at_10"] = row["grades"]["recall_at_5"]
    total = before.summary["figures"]["all"]
    total["recall_at_10"] = total["recall_at_5"]
    before.summary["curves"]["recall_at_k"] = [[k, 0.5] for k in range(1, 11)]
    old = save(tmp_path / "old.jsonl", [before.run, *before.answers, before.summary])
    new = save(tmp_path / "new.jsonl", [results.run, *results.answers, results.summary])
    assert "Recall at 10" in write_report(old, tmp_path / "old.html", new)[0].read_text(encoding="utf-8")
    page = write_report(new, tmp_path / "new.html", old)[0].read_text(encoding="utf-8")
    assert "Recall at 10" not in page
    assert {d.second - d.first for d in compare(before.answers, results.answers).differences} == {0}
    run, baseline = ({"answers": one.answers, "summary": one.summary} for one in (results, before))
    assert check(["recall_at_5 >= baseline"], run, baseline)[0].kept


def test_the_histogram_has_round_bars_and_holds_every_value():
    assert histogram([1, 9, 10, 23]) == [(i * 2, i * 2 + 2, n) for i, n in enumerate(
        [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1])]  # fmt: skip
    assert sum(n for _, _, n in histogram([0.0, 0.0])) == 2


def test_a_chart_says_in_words_what_it_shows():
    assert 'aria-label="Risk–coverage curve of 2 points: when 75% of the questions are answered, 40%' in (
        risk_coverage([(0.5, 0.1), (0.75, 0.4)])
    )


def test_changes_name_what_broke_and_what_was_fixed(results: Results):
    now = copy.deepcopy(results)
    right = next(r for r in now.answers if not reasons(r) and r["answerable"])
    right["answer"] |= {"answered": False, "citations": []}
    right["grades"]["correct"] = 0.0
    figure = now.summary["figures"]["all"]["evidence_recall"]
    figure["value"] = round(figure["value"] - 0.5, 4)
    now.run["settings"]["most_hits"] = 7
    found = changes(results, now)
    assert (found.broke, found.fixed, found.added, found.removed) == ((right["id"],), (), (), ())
    assert [(m.label, m.difference, m.better, m.beyond) for m in found.moves] == [
        ("Evidence recall", "−0.500", False, True)
    ]
    assert found.made == (("settings, most_hits", "6", "7"),)
    back = changes(now, results)
    assert (back.broke, back.fixed) == ((), (right["id"],))
    assert changes(results, results).nothing


def test_the_page_has_every_question_once_failures_first(tree: LexborHTMLParser, results: Results):
    verdicts = [a.attributes["data-verdict"] for a in tree.css("article.question")]
    assert len(verdicts) == len(results.answers)
    assert verdicts == sorted(verdicts)
    assert {"failed", "passed"} == set(verdicts)
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    report = build(results)
    assert f"{report.right} of 108 questions are right" in tree.css_first("#verdict").text()


def test_every_link_leads_to_something_in_the_page(tree: LexborHTMLParser):
    ids = {node.attributes["id"] for node in tree.css("[id]")}
    targets = {a.attributes["href"] for a in tree.css("a")}
    assert {target for target in targets if target[:1] != "#" or target[1:] not in ids} == set()


def test_headings_come_in_order_and_tables_say_what_their_heads_are_of(tree: LexborHTMLParser):
    levels = [int(node.tag[1]) for node in tree.css("h1, h2, h3, h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert [th.html for th in tree.css("th") if th.attributes.get("scope") not in ("row", "col")] == []
    assert tree.css_first("html").attributes["lang"] == "en"


def test_nothing_of_a_document_or_question_becomes_markup(tree: LexborHTMLParser, written: Path):
    assert len(tree.css("script")) == 1
    assert tree.css("img, i, iframe, object") == []
    assert "What colour was <script>alert(1)</script> the lamp?" in tree.body.text()
    for path in (written.with_suffix(".md"), written):
        text = path.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "<script>document" not in text


def test_the_page_is_one_file_that_may_ask_no_one(written: Path, tree: LexborHTMLParser):
    html = written.read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!#|data:,")', html) == []
    assert "url(" not in html
    assert "default-src 'none'" in tree.css_first("meta[http-equiv]").attributes["content"]
    assert written.stat().st_size < 1_000_000


def test_the_same_results_give_the_same_bytes(files, written: Path, tmp_path: Path):
    again = write_report(files[0], tmp_path / "deep" / "r.html", files[1])
    assert [p.name for p in again] == ["r.html", "r.md", "r.xml"]
    assert [p.read_bytes() for p in again] == [written.with_suffix(p.suffix).read_bytes() for p in again]


def test_junit_has_a_case_a_question_and_says_what_fails(written: Path, results: Results):
    suite = ElementTree.parse(written.with_suffix(".xml")).getroot().find("testsuite")
    cases = suite.findall("testcase")
    failing = [row for row in results.answers if reasons(row)]
    assert len(cases) == len(results.answers) == int(suite.get("tests"))
    assert len(suite.findall("testcase/failure")) == len(failing) == int(suite.get("failures"))
    first = next(c for c in cases if c.find("failure") is not None)
    assert first.get("name").startswith(failing[0]["id"] + ": ")
    assert "evidence is not fully cited" in first.find("failure").get("message")
    assert [row["grades"]["correct"] for row in results.answers] == [
        float(case.find("failure") is None) for case in cases
    ]


def test_a_fault_of_a_right_answer_is_a_remark_in_page_and_junit(results: Results, tmp_path: Path):
    row = next(r for r in results.answers if r["answerable"] and not reasons(r))
    row["facts"] = [["a fact that nobody states"]]
    told = f"Remark: {remarks(row)[0].text}"
    rows = [results.run, *results.answers, results.summary]
    written = write_report(save(tmp_path / "one.jsonl", rows), tmp_path / "r.html")[0]
    tree = LexborHTMLParser(written.read_text(encoding="utf-8"))
    article = tree.css_first(f'article[id="q-{row["id"]}"]')
    assert article.attributes["data-verdict"] == "passed"
    assert told in article.text()
    suite = ElementTree.parse(written.with_suffix(".xml")).getroot().find("testsuite")
    case = next(c for c in suite.findall("testcase") if c.get("name").startswith(row["id"] + ": "))
    assert told in case.findtext("system-out")


def test_a_character_that_xml_cannot_hold_does_no_harm(results: Results, tmp_path: Path):
    results.answers[0]["question"] = "What\x00 is\x1b[31m \ud800 this?"
    path = tmp_path / "odd.jsonl"
    path.write_text("\n".join(map(json.dumps, (results.run, *results.answers, results.summary))))
    page = write_report(path, tmp_path / "r.html")[0]
    ElementTree.parse(page.with_suffix(".xml"))


def test_markdown_says_what_the_first_screen_says(written: Path, results: Results):
    text = written.with_suffix(".md").read_text(encoding="utf-8")
    report = build(results)
    assert f"**{report.right} of 108 questions are right; {len(report.failed)} fail.**" in text
    assert re.search(r"^\| Evidence recall \| 0\.\d{3} \| 0\.\d{3} to [01]\.\d{3} \| 70 \|$", text, re.M)
    assert "## Since the baseline of 21 November 2026, 12:30 UTC" in text


def test_a_report_of_one_right_question_without_curves(results: Results, tmp_path: Path):
    row = next(r for r in results.answers if not reasons(r))
    bare = {"kind": "summary", "figures": {"all": {}}, "curves": {}}
    page = write_report(save(tmp_path / "one.jsonl", [results.run, row, bare]), tmp_path / "r.html")[0]
    assert "The one question is right." in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1].pop("facts"), "r.jsonl, line 2: the field facts is missing"),
        (lambda rows: rows[1]["answer"].pop("citations"), "line 2: the field answer.citations is missing"),
        (lambda rows: rows[0].update(schema=9), "line 1: schema 9 is not 1"),
        (lambda rows: rows.pop(), "the run was interrupted"),
        (lambda rows: rows.pop(0), "line 1: a results file begins with its run"),
        (lambda rows: rows.insert(2, rows[1]), "is there twice"),
        (lambda rows: rows.insert(1, [1]), "line 2: kind is one of run, answer, summary, not None"),
        (lambda rows: rows.insert(1, {"kind": []}), "line 2: kind is one of run, answer, summary, not []"),
        (lambda rows: rows[1].update(id=7), "line 2: the field id is not a text"),
        (lambda rows: rows[1].update(grades={}), "line 2: the field grades.correct is missing"),
        (lambda rows: rows[1]["grades"].update(mrr="1"), "line 2: the field grades.mrr is not a number"),
        (
            lambda rows: rows[2]["answer"].update(citations=None),
            "line 3: the field answer.citations is not a list",
        ),
        (
            lambda rows: rows[1]["answer"]["passages"].insert(1, 5),
            "line 2: the field answer.passages, 2 is not an object",
        ),
        (lambda rows: rows[0].update(documents=None), "line 1: the field documents is not a list"),
        (lambda rows: rows[-1].update(figures={}), "line 5: the field figures.all is missing"),
        (
            lambda rows: rows.insert(2, {"kind": "odd"}),
            "line 3: kind is one of run, answer, summary, not odd",
        ),
    ],
)
def test_a_wrong_results_file_is_told_by_line(results: Results, tmp_path: Path, change, message):
    rows = [results.run, *results.answers[:3], results.summary]
    change(rows)
    with pytest.raises(EvaluationError, match=re.escape(message)):
        load(save(tmp_path / "r.jsonl", rows))


def test_twenty_thousand_answers_are_read_in_seconds(results: Results, tmp_path: Path):
    row = results.answers[0] | {"evidence": [], "facts": [], "answer": results.answers[0]["answer"]}
    row["answer"] |= {"citations": [], "passages": []}
    many = [row | {"id": str(n)} for n in range(20_000)]
    path = save(tmp_path / "many.jsonl", [results.run, *many, results.summary])
    begun = time.process_time()
    assert len(load(path).answers) == 20_000
    assert time.process_time() - begun < 5


def test_a_report_never_replaces_the_results_or_the_baseline(files, tmp_path: Path):
    for name in ("r.xml", "r.md", "r.html"):
        kept = tmp_path / name
        kept.write_bytes(files[0].read_bytes())
        with pytest.raises(EvaluationError, match="holds results; name another file"):
            write_report(kept, tmp_path / "r.html")
        with pytest.raises(EvaluationError, match="holds results; name another file"):
            write_report(files[0], tmp_path / "r.html", kept)
        assert kept.read_bytes() == files[0].read_bytes()
        kept.unlink()


def test_a_baseline_of_another_set_is_refused_and_another_version_told(files, tmp_path: Path):
    rows = [json.loads(text) for text in files[1].read_text(encoding="utf-8").splitlines()]
    rows[0]["set"]["sha256"] = "cd" * 32
    rows[0]["documents"][0]["version"] = "another"
    name = rows[0]["documents"][0]["name"]
    other = save(tmp_path / "other.jsonl", [rows[0], *rows[2:]])
    page = LexborHTMLParser(write_report(files[0], tmp_path / "r.html", other)[0].read_text(encoding="utf-8"))
    told = page.body.text()
    assert "The sets are not the same file: evidence or facts may differ." in told
    assert f"Documents that are not the same: {name}." in told
    assert "1 of 108 questions are in one run only, and not compared." in told
    rows[1]["question"] = "Which one?"
    with pytest.raises(EvaluationError, match="reads otherwise in the other run"):
        write_report(files[0], tmp_path / "r.html", save(other, rows))
    for row in rows[1:-1]:
        row["id"] += "-of-another-set"
    with pytest.raises(EvaluationError, match="no question in common"):
        write_report(files[0], tmp_path / "r.html", save(other, rows))


def test_an_output_that_cannot_be_is_told(files, tmp_path: Path):
    with pytest.raises(EvaluationError, match=r"call it report\.html"):
        write_report(files[0], tmp_path / "report")
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match="cannot be written"):
        write_report(files[0], tmp_path / "file" / "r.html")


def test_questions_that_only_one_run_has_are_told_by_name(tmp_path: Path):
    now = write(tmp_path / "now.jsonl")
    lines = now.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[1] = lines[1].replace('"id": "samples-001"', '"id": "samples-of-old"', 1)
    before = tmp_path / "before.jsonl"
    before.write_text("".join(lines), encoding="utf-8")
    page, _, _ = write_report(now, tmp_path / "now.html", before)
    text = page.read_text(encoding="utf-8")
    assert "New in this run: 1" in text
    assert "Only in the baseline: 1" in text
