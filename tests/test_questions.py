"""Evaluation sets: fragments resolve to one place, and what is wrong is named with its line."""

import json
from pathlib import Path

import pytest

from eval.questions import SETS, Question, halves, load_set, resolve
from ingest.document import Document, Span
from ingest.errors import EvaluationError
from ingest.read import read_bytes, read_file
from tests.conftest import SAMPLES

TEXT = "The cat sat on the\nmat. The dog sat on the mat. The end."


def test_a_fragment_is_the_span_from_its_first_words_to_its_last_whatever_the_white_space():
    assert resolve(TEXT, "The cat", "the mat.") == Span(0, 23)
    assert resolve(TEXT, "The dog", "mat.") == Span(24, 47)


def test_of_several_beginnings_before_an_end_the_nearest_counts():
    assert resolve(TEXT, "The", "end.") == Span(48, 56)


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("A bird", "mat.", "«A bird» is not in the document"),
        ("The end", "mat.", "«mat.» does not follow «The end»"),
        ("sat", "mat.", "is in the document 2 times; take more words"),
    ],
)
def test_a_fragment_that_is_missing_or_not_unique_is_an_error(first: str, last: str, message: str):
    with pytest.raises(ValueError, match=message):
        resolve(TEXT, first, last)


@pytest.fixture(scope="module")
def document() -> Document:
    return read_bytes(b"The cat sat. The dog ran.", name="a.txt", source="a.txt")


GOOD = {
    "id": "1", "question": "Who sat?", "type": "single", "half": "tuning", "document": "a.txt",
    "evidence": [{"start": "The cat", "end": "sat."}], "facts": [["cat"]],
}  # fmt: skip


def load(tmp_path: Path, document: Document, *rows: object) -> list[Question]:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows), encoding="utf-8")
    return load_set(path, {"a.txt": document})


def test_a_set_becomes_questions_with_places(tmp_path: Path, document: Document):
    (question,) = load(tmp_path, document, GOOD, "")
    place = question.evidence[0][0]
    assert (place.document_id, place.start, place.end) == (document.id, 0, 12)
    assert question.answerable


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "line 2: Expecting"),
        ({**GOOD, "id": "1"}, "line 2: the id 1 is there twice"),
        ({**GOOD, "id": "2", "extra": 1}, "line 2: unknown field extra"),
        ({k: v for k, v in GOOD.items() if k != "evidence"}, "line 2: the field 'evidence' is missing"),
        ([GOOD], "line 2: a line is one JSON object"),
        ({**GOOD, "id": "2", "evidence": [{"quote": "The"}]}, "line 2: «The» is in the document 2 times"),
        ({**GOOD, "id": "2", "evidence": [{"quote": ""}]}, "line 2: «» is not in the document"),
        (
            {**GOOD, "id": "2", "evidence": [{"start_char_index": 20, "end_char_index": 99}]},
            "line 2: .20, 99. does not lie in the 25 characters of a.txt",
        ),
        ({**GOOD, "id": "2", "half": "third"}, "line 2: half is one of tuning, reporting"),
        ({**GOOD, "id": "2", "document": "b.txt"}, "line 2: the document b.txt is not among a.txt"),
        (
            {**GOOD, "id": "2", "evidence": [{"start": "No", "end": "such."}]},
            "line 2: «No» is not in the document",
        ),
        ({**GOOD, "id": "2", "question": " "}, "line 2: the question is empty"),
        (
            {**GOOD, "id": "2", "question": "Who? " * 500},
            "line 2: the question has 2499 characters; .*question 2",
        ),
        ({**GOOD, "id": "2", "question": "Who? \ud83d"}, "line 2: '.ud83d' is half a character"),
        ({**GOOD, "id": None}, "line 2: id is a name or a number"),
        ({**GOOD, "id": "2", "type": None}, "line 2: type is a name"),
        ({**GOOD, "id": "2", "facts": "2391"}, 'line 2: facts is a list.*, not "2391" .question 2.'),
        ({**GOOD, "id": "2", "facts": [[1932]]}, "line 2: facts is a list"),
        ({**GOOD, "id": "2", "facts": [""]}, "line 2: facts is a list"),
        ({**GOOD, "id": "2", "facts": [[]]}, "line 2: facts is a list"),
        ({**GOOD, "id": "2", "short_answers": "1932"}, "line 2: short_answers is a list of strings"),
        ({**GOOD, "id": "2", "short_answers": [1932]}, "line 2: short_answers is a list of strings"),
        ({**GOOD, "id": "2", "document": ["x"]}, "line 2: document is a file name"),
        ({**GOOD, "id": "2", "document": "nope.txt", "evidence": []}, "line 2: the document nope.txt is not"),
        ({**GOOD, "id": "2", "evidence": ["The cat sat."]}, "line 2: evidence is {"),
        ({**GOOD, "id": "2", "evidence": [{"any": []}]}, "line 2: evidence is {"),
        ({**GOOD, "id": "2", "evidence": [{"start": "The cat", "end": ""}]}, "line 2: start and end are"),
        ({**GOOD, "id": "2", "evidence": [{"qoute": "The cat"}]}, 'line 2: evidence is {.*, not {"qoute"'),
        (
            {**GOOD, "id": "2", "evidence": [{"quote": "The cat", "documnt": "a.txt"}]},
            "line 2: evidence is {",
        ),
        ("[" * 100_000, "line 2: brackets in brackets without end"),
        ({"gates": "evidence_recall >= 0.9"}, "line 2: gates is a list of strings"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    tmp_path: Path, document: Document, row: object, message: str
):
    with pytest.raises(EvaluationError, match=f"set.jsonl, {message}"):
        load(tmp_path, document, GOOD, row)


def test_a_set_with_a_byte_order_mark_is_read(tmp_path: Path, document: Document):
    assert [question.id for question in load(tmp_path, document, "\ufeff" + json.dumps(GOOD))] == ["1"]


def test_what_may_be_left_out_or_written_in_short(tmp_path: Path, document: Document):
    row = {"id": 7, "question": "Who sat?", "document": None, "facts": ["cat", ["sat", "sits"]], "note": {}}
    places = [{"quote": "The cat sat.", "document": "a.txt"}, {"start_char_index": 0, "end_char_index": 7}]
    (question,) = load(tmp_path, document, {**row, "evidence": [{"any": places}]})
    assert (question.id, question.document, question.type) == ("7", "a.txt", "single")
    assert question.facts == (("cat",), ("sat", "sits"))
    assert [(place.start, place.end) for place in question.evidence[0]] == [(0, 12), (0, 7)]


def test_a_set_that_is_missing_or_empty_is_an_error(tmp_path: Path, document: Document):
    with pytest.raises(EvaluationError, match="cannot be read"):
        load_set(tmp_path / "none.jsonl", {})
    with pytest.raises(EvaluationError, match="holds no question"):
        load(tmp_path, document, "")


def counts(questions: list[Question]) -> tuple[int, int]:
    return sum(q.answerable for q in questions), sum(not q.answerable for q in questions)


def test_the_set_of_the_samples_is_whole():
    questions = load_set(SETS / "samples.jsonl", {p.name: read_file(p) for p in SAMPLES.iterdir()})
    answerable, not_answerable = counts(questions)
    assert answerable >= 60
    assert not_answerable >= 30
    assert all(q.facts for q in questions if q.answerable)


def test_the_set_of_the_article_is_whole_and_its_halves_are_alike(article_path: Path):
    questions = load_set(SETS / "article.jsonl", {"security-cooperation.txt": read_file(article_path)})
    answerable, not_answerable = counts(questions)
    assert answerable >= 60
    assert not_answerable >= 40
    tuning, reporting = (counts(half) for half in halves(questions).values())
    assert abs(tuning[0] - reporting[0]) <= 4
    assert abs(tuning[1] - reporting[1]) <= 4
