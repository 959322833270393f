"""Grades of one answer and figures of a run, by hand; and planted faults show by name."""

import copy
import json
from dataclasses import replace

import pytest

import app.answer
from app.reader.model import MOST_HITS
from eval.gates import check
from eval.grade import FIGURES, figure, grade, latency, set_statistic, short_answer, summarise, values
from eval.measures import writing
from eval.questions import Place, Question
from ingest.document import Document
from ingest.read import read_bytes

FIRST = b"# One\n\nThe cat sat in 1957.[^1] The dog ran.[^2]\n\n[^1]: On the mat.\n[^2]: To the park.\n"
SECOND = b"# Two\n\nA bird sang. It was May.\n"
REFUSAL = {
    "question": "?", "answer": "I could not find this in the documents.", "answered": False,
    "confidence": 0.1, "citations": [], "passages": [], "mode": "quote",
    "timings_ms": {"search": 1.0, "read": 2.0, "total": 3.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    read = [read_bytes(content, name=n, source=n) for n, content in (("a.md", FIRST), ("b.md", SECOND))]
    return {document.id: document for document in read}


def at(documents: dict[str, Document], words: str) -> Place:
    name, start = next((d.id, d.text.index(words)) for d in documents.values() if words in d.text)
    return Place(start, start + len(words), name)


def quoted(documents: dict[str, Document], words: str, label: str | None = None, **more: object) -> dict:
    place = at(documents, words)
    return {
        "document_id": place.document_id, "start_char_index": place.start, "end_char_index": place.end,
        "kind": "footnote" if label else "body", "footnote": label, "cited_text": words, "text": words,
        "score": 0.9, "short_answer": None, **more,
    }  # fmt: skip


@pytest.fixture
def question(documents) -> Question:
    evidence = ((at(documents, "The cat sat in 1957"),), (at(documents, "On the mat."),))
    return Question(
        "1", "When and where did the cat sit?", "several", "tuning", evidence, (("1957",), ("mat",))
    )


@pytest.fixture
def answer(documents) -> dict:
    year = at(documents, "1957")
    short = {"start_char_index": year.start, "end_char_index": year.end}
    cat = quoted(documents, "The cat sat in 1957", short_answer=short, marker=1)
    mat = quoted(documents, "On the mat.", "1", marker=2)
    bird = quoted(documents, "A bird sang.")
    return {
        **REFUSAL, "answer": "“The cat sat in 1957.” [1]\n“On the mat.” [2]", "answered": True,
        "confidence": 0.9, "citations": [cat, mat], "passages": [bird, cat, mat],
    }  # fmt: skip


def test_a_perfect_answer(question, answer, documents):
    grades = grade(question, answer, documents)
    ones = ("correct", "evidence_recall", "evidence_precision", "evidence_char_recall", "footnote_recall")
    ones += ("evidence_char_precision", "evidence_char_iou", "facts_present", "exact_quotes", "right_labels")
    assert {name: grades[name] for name in ones} == dict.fromkeys(ones, 1.0)
    zeros = ("misattributed_quotes", "fabricated_quotes", "false_refusals", "recall_at_1")
    assert {name: grades[name] for name in zeros} == dict.fromkeys(zeros, 0.0)
    assert grades["refusal_recall"] is None
    assert grades["short_answer_f1"] is None
    assert grades["recall_at_3"] == 1.0
    assert grades["mrr"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert grades["passage_mrr"] == 0.5


def test_grades_have_the_names_and_the_order_of_the_figures(question, answer, documents):
    names = [name for name, one in FIGURES.items() if not one.of_set and not one.of_model]
    unanswerable = Question("2", "Why?", "off-topic", "tuning", (), ())
    for asked, given in ((question, answer), (question, REFUSAL), (unanswerable, answer)):
        grades = grade(asked, given, documents)
        assert list(grades) == names
        assert all(value is None or 0 <= value <= 1 for value in grades.values())


def test_refusing_what_the_documents_answer(question, documents):
    grades = grade(question, REFUSAL, documents)
    zeros = ("correct", "evidence_recall", "evidence_char_iou", "facts_present", "footnote_recall", "mrr")
    assert {name: grades[name] for name in zeros} == dict.fromkeys(zeros, 0.0)
    assert grades["false_refusals"] == 1.0
    assert grades["evidence_precision"] is grades["exact_quotes"] is grades["exact_passages"] is None


def test_the_number_of_a_citation_is_no_fact(question, answer, documents):
    asked = replace(question, facts=(("1957",), ("[2]", "2")))
    assert grade(asked, answer, documents)["facts_present"] == 0.5


def test_what_the_documents_do_not_answer(answer, documents):
    asked = Question("2", "Why?", "off-topic", "tuning", (), ())
    right, wrong = grade(asked, REFUSAL, documents), grade(asked, answer, documents)
    for name in ("correct", "refusal_recall", "short_answer_exact", "short_answer_f1"):
        assert (right[name], wrong[name]) == (1.0, 0.0)
    assert right["evidence_recall"] is right["facts_present"] is right["mrr"] is None
    assert wrong["exact_quotes"] == 1.0


def test_the_short_answer_is_the_marked_one_else_the_first_citation(answer):
    assert short_answer(answer) == "1957"
    assert short_answer({**answer, "citations": answer["citations"][1:]}) == "On the mat."
    assert short_answer(REFUSAL) == ""


@pytest.mark.parametrize(
    ("field", "change", "grades"),
    [
        ("start_char_index", lambda c: c["start_char_index"] + 1, {"misattributed_quotes": 1}),
        ("end_char_index", lambda c: c["end_char_index"] + 1, {"exact_quotes": 0, "fabricated_quotes": 0}),
        ("cited_text", lambda c: "No " + c["cited_text"], {"exact_quotes": 0, "fabricated_quotes": 1}),
        ("footnote", lambda c: "2" if c["footnote"] else None, {"right_labels": 0.5}),
        ("document_id", lambda _: "other", {"evidence_recall": 0, "exact_quotes": 0, "correct": 0}),
    ],
)  # fmt: skip
def test_a_planted_fault_shows_by_name(question, answer, documents, field, change, grades):
    broken = copy.deepcopy(answer)
    for citation in broken["citations"]:
        citation[field] = change(citation)
    found = grade(question, broken, documents)
    assert {name: found[name] for name in grades} == grades


def test_swapped_footnotes_and_foreign_passages_show(question, answer, documents):
    park = quoted(documents, "To the park.", "2", marker=2)
    swapped = {**answer, "citations": [answer["citations"][0], park]}
    found = grade(question, swapped, documents)
    assert (found["footnote_recall"], found["evidence_recall"], found["correct"]) == (0.0, 0.5, 0.0)
    other = at(documents, "It was May.").document_id
    foreign = {**answer, "passages": [{**p, "document_id": other} for p in answer["passages"]]}
    found = grade(question, foreign, documents)
    assert found["recall_at_5"] == 0.0
    assert found["exact_passages"] == pytest.approx(1 / 3)


def test_the_grade_is_a_function_of_the_json_alone(question, answer, documents):
    before = copy.deepcopy(answer)
    first = grade(question, answer, documents)
    assert answer == before
    assert grade(question, json.loads(json.dumps(answer)), documents) == first


def row(question: Question, answer: dict, documents: dict[str, Document], **more: object) -> dict:
    evidence = [
        [{"document_id": p.document_id, "start_char_index": p.start, "end_char_index": p.end} for p in item]
        for item in question.evidence
    ]
    return {
        "kind": "answer", "id": question.id, "type": question.type, "half": question.half, "document": "a.md",
        "answerable": question.answerable, "evidence": evidence, "answer": answer,
        "grades": grade(question, answer, documents), **more,
    }  # fmt: skip


@pytest.fixture
def rows(question, answer, documents) -> list[dict]:
    off = Question("2", "Why?", "off-topic", "reporting", (), ())
    slow = {**REFUSAL, "timings_ms": {"search": 10.0, "read": 20.0, "total": 30.0}}
    return [
        row(question, answer, documents),
        row(question, slow, documents),
        row(off, REFUSAL, documents, document="b.md"),
        row(off, {**answer, "confidence": 0.95}, documents, document="b.md"),
    ]


def test_a_run_by_hand(rows):
    figures = summarise(rows)["figures"]
    all_of_it = {name: found["value"] for name, found in figures["all"].items() if name in FIGURES}
    assert all_of_it["correct"] == 0.5
    assert all_of_it["evidence_recall"] == 0.5
    assert all_of_it["evidence_precision"] == 1.0
    assert all_of_it["refusal_recall"] == all_of_it["refusal_precision"] == all_of_it["refusal_f1"] == 0.5
    assert all_of_it["auroc"] == 0.375  # of 0.9, 0.1 against 0.1, 0.95: one pair in order, one tie, of four
    assert all_of_it["aurc"] == 0.75  # the surest answer is wrong (1), then one of two (1/2)
    # (0.0, 0.1]: accuracy 1/2; (0.8, 0.9]: 1; (0.9, 1.0]: 0
    assert all_of_it["calibration_error"] == pytest.approx((2 * 0.4 + 0.1 + 0.95) / 4, abs=1e-4)
    assert [figures["all"][name]["n"] for name in ("correct", "evidence_precision", "aurc")] == [4, 1, 2]
    assert figures["all"]["refusal_precision"]["n"] == 2
    assert figures["all"]["correct"]["interval"] == pytest.approx([0.15, 0.85], abs=1e-3)  # Wilson's
    assert figures["all"]["evidence_precision"]["interval"] is None


def test_every_part_has_every_figure(rows):
    figures = summarise(rows)["figures"]
    assert set(figures) == {"all", "tuning", "reporting", "by_type", "by_document"}
    assert set(figures["by_type"]) == {"several", "off-topic"}
    assert set(figures["by_document"]) == {"a.md", "b.md"}
    parts = [
        figures["all"],
        figures["tuning"],
        *figures["by_type"].values(),
        *figures["by_document"].values(),
    ]
    names = [name for name, one in FIGURES.items() if not one.of_model]
    assert all(list(part) == [*names, "latency_ms"] for part in parts)
    assert figures["by_type"]["off-topic"]["evidence_recall"] == {"value": None, "interval": None, "n": 0}
    assert figures["by_type"]["several"]["auroc"] == {"value": None, "interval": None, "n": 0}


def test_curves_by_hand(rows):
    curves = summarise(rows)["curves"]
    assert curves["risk_coverage"] == [[0.25, 1.0], [0.5, 0.5]]
    assert [entry["n"] for entry in curves["reliability"]] == [2, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    assert curves["recall_at_k"][:3] == [[1, 0.0], [2, 0.25], [3, 0.5]]
    assert [k for k, _ in curves["recall_at_k"]] == list(range(1, MOST_HITS + 1))


def test_there_is_no_curve_of_recall_where_nothing_is_to_be_found(rows):
    assert summarise(rows[2:])["curves"]["recall_at_k"] == []


def test_one_quote_in_thousands_breaks_a_gate_that_allows_none():
    rows = [{"id": str(share), "grades": {"exact_quotes": share}} for share in (1.0, 1.0, 0.9999)]
    run = {"answers": rows, "summary": {"figures": {"all": {"exact_quotes": figure("exact_quotes", rows)}}}}
    (verdict,) = check(["exact_quotes >= 1"], run, None)
    assert not verdict.kept


def test_refusals_that_are_all_right_are_not_certain_to_be(rows):
    refused = [rows[2], *rows[2:], rows[0]]
    found = figure("refusal_precision", refused)
    assert (found["value"], found["n"]) == (1.0, 2)
    assert found["interval"] == pytest.approx([0.342, 1.0], abs=1e-3)  # 2 / (2 + 1.96²)


def test_short_answers_count_only_where_the_set_has_some(rows):
    assert values("short_answer_f1", rows) == []
    with_some = [{**rows[0], "short_answers": ["1957"]}, *rows[1:]]
    assert values("short_answer_f1", with_some) == [1.0, 0.0]


def test_latency_is_by_stage(rows):
    assert latency(rows)["total"] == {"p50": 3.0, "p95": 30.0, "p99": 30.0}
    assert list(latency(rows)) == ["search", "read", "total"]


def test_a_summary_repeats_and_is_json(rows):
    first = json.dumps(summarise(rows), allow_nan=False)
    assert json.dumps(summarise(rows), allow_nan=False) == first


def test_a_run_without_questions_has_no_figures():
    summary = summarise([])
    names = [name for name, one in FIGURES.items() if not one.of_model]
    assert all(summary["figures"]["all"][name]["value"] is None for name in names)
    assert summary["curves"]["risk_coverage"] == []


def test_every_figure_of_the_set_has_its_statistic(rows):
    of_set = [name for name, one in FIGURES.items() if one.of_set]
    assert {set_statistic(name, rows)().shape for name in of_set} == {(1,)}
    assert all(figure(name, rows)["value"] is not None for name in of_set)


# Answers that a language model wrote


LEFT_OUT = {"text": "The cat sat in 1967.", "reason": "the source says 1957, not 1967"}
NAME = "tiny-model"


@pytest.fixture
def written(answer) -> dict:
    """Two sentences shown, one left out."""
    parts = [
        {"text": "In 1957 the cat sat.", "markers": [1], "begins": True},
        {"text": "It was on a mat.", "markers": [1, 2], "begins": False},
    ]
    timings = {"search": 1.0, "read": 2.0, "first_token": 40.0, "check": 30.0, "write": 90.0, "total": 93.0}
    text = "In 1957 the cat sat. [1] It was on a mat. [1][2]"
    told = {"unsupported": [LEFT_OUT], "notice": None, "mode": NAME, "timings_ms": timings}
    return {**answer, **told, "answer": text, "parts": parts}


@pytest.fixture
def fallen_back(answer) -> dict:
    parts = [{"text": "“The cat sat in 1957.”", "markers": [1], "begins": True}]
    return {**answer, "parts": parts, "unsupported": [LEFT_OUT], "notice": "These are quotations instead."}


@pytest.fixture
def never_asked() -> dict:
    return {**REFUSAL, "parts": [], "unsupported": [], "notice": None}


OF_MODEL = ("sentences_shown", "sentences_left_out", "left_out_share", "unsupported_shown", "fell_back")


def of_model(grades: dict) -> list[float | None]:
    return [grades[name] for name in OF_MODEL]


def test_what_a_language_model_wrote_is_counted(question, written, fallen_back, never_asked, documents):
    assert of_model(grade(question, written, documents)) == [2.0, 1.0, 1 / 3, 0.0, 0.0]
    assert of_model(grade(question, fallen_back, documents)) == [0.0, 1.0, 1.0, None, 1.0]
    assert of_model(grade(question, never_asked, documents)) == [None, None, None, None, 0.0]


def test_a_sentence_shown_without_a_citation_would_be_seen(question, written, documents):
    written["parts"][1]["markers"] = []
    assert grade(question, written, documents)["unsupported_shown"] == 0.5


def test_a_written_answer_is_graded_as_any_other_beside(question, answer, written, documents):
    quoted, told = grade(question, answer, documents), grade(question, written, documents)
    assert list(told) == [name for name, one in FIGURES.items() if not one.of_set]
    assert {name: told[name] for name in quoted} == quoted
    assert set(OF_MODEL).isdisjoint(quoted)


def test_a_written_run_by_hand(question, written, fallen_back, never_asked, documents):
    given = (written, fallen_back, never_asked)
    figures = summarise([row(question, one, documents) for one in given])["figures"]["all"]
    assert list(figures) == [*FIGURES, "latency_ms"]
    assert figures["left_out_share"]["value"] == pytest.approx((1 / 3 + 1) / 2, abs=1e-4)
    assert [figures[name]["n"] for name in OF_MODEL] == [2, 2, 2, 1, 3]
    assert figures["fell_back"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["unsupported_shown"]["value"] == 0.0


def test_a_stage_is_timed_over_the_answers_that_went_through_it(question, written, never_asked, documents):
    took = latency([row(question, one, documents) for one in (written, never_asked)])
    assert took["first_token"] == {"p50": 40.0, "p95": 40.0, "p99": 40.0}
    assert took["check_per_sentence"]["p50"] == 10.0  # 30 ms for three sentences
    assert took["total"] == {"p50": 3.0, "p95": 93.0, "p99": 93.0}
    assert "first_token" not in latency([row(question, never_asked, documents)])


def test_the_mode_of_quotations_is_the_one_of_answers():
    assert writing.QUOTE == app.answer.QUOTE
