"""A question-answering model of transformers as the reader: a real one, with heads that learnt nothing."""

from pathlib import Path

import pytest

from app.reader import load_reader
from app.reader.extractive import ExtractiveReader
from app.reader.model import Reader, Window
from index.embed import packaged_model
from ingest.errors import ModelError

BRIDGE = Window("Bridges. Old ones", ("The bridge was opened in 1932.", "Rain fell all day, it is said."))
QUESTION = "When was the bridge opened?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("extractive") / "model"
    AutoModelForQuestionAnswering.from_pretrained(packaged_model()).save_pretrained(path)
    AutoTokenizer.from_pretrained(packaged_model()).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def reader(folder: Path) -> ExtractiveReader:
    loaded = load_reader(str(folder))
    assert isinstance(loaded, ExtractiveReader)
    return loaded


def test_a_folder_of_our_own_weights_is_our_reader():
    assert isinstance(load_reader(), Reader)
    assert isinstance(load_reader(str(Reader().folder)), Reader)


def test_a_sentence_scores_what_its_best_span_scores_and_a_window_what_its_best_sentence(reader):
    (reading,) = reader.read(QUESTION, [BRIDGE])
    assert reading.evidence == tuple(answer.score for answer in reading.answers)
    assert reading.answerable == max(reading.evidence)


def test_spans_are_characters_of_their_sentence_and_the_models_own_best_ones(reader, folder):
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    (reading,) = reader.read(QUESTION, [BRIDGE])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    text = f"{BRIDGE.heading} | {' '.join(BRIDGE.sentences)}"
    batch = tokenizer(QUESTION.lower(), text, return_tensors="pt", return_offsets_mapping=True)
    offsets = batch.pop("offset_mapping")[0]
    with torch.no_grad():
        logits = model(**batch)
    start, end = logits.start_logits[0], logits.end_logits[0]
    first = text.index(BRIDGE.sentences[0])
    inside = [
        i
        for i, (a, b) in enumerate(offsets)
        if batch["token_type_ids"][0][i] and first <= a < b <= first + 30
    ]
    score, a, b = max((float(start[i] + end[j]), i, j) for i in inside for j in inside if i <= j)
    best = reading.answers[0]
    assert best.score == pytest.approx(score - float(start[0] + end[0]), abs=1e-4)
    assert BRIDGE.sentences[0][best.start : best.end] == text[offsets[a][0] : offsets[b][1]]


def test_windows_of_one_batch_are_read_as_each_alone(reader):
    other = Window("", ("A short one.",))
    together = reader.read(QUESTION, [BRIDGE, other])
    alone = [*reader.read(QUESTION, [BRIDGE]), *reader.read(QUESTION, [other])]
    for one, two in zip(together, alone, strict=True):
        assert one.evidence == pytest.approx(two.evidence, abs=1e-4)
    assert reader.read(QUESTION, []) == []


def test_what_lies_past_the_window_is_unread(reader):
    long = Window("", (*("word " * 30 for _ in range(20)), "The end."))
    (reading,) = reader.read(QUESTION, [long])
    assert reading.answers[-1] is None


def test_a_model_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match=r"cannot be loaded .* leave CITED_READER out"):
        load_reader(str(tmp_path / "nothing")).read(QUESTION, [BRIDGE])
