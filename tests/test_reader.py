"""The shipped reader on sentences that nobody can take wrong, and its damage."""

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from tokenizers import Tokenizer

from app.reader.encode import WINDOW_TOKENS, encode
from app.reader.model import UNREAD, WEIGHTS, Reader, Window
from index.embed import packaged_model
from ingest.errors import ModelError

BRIDGE = Window("The harbour", ("The bridge was opened in 1932.", "Rain fell all day.", "Nobody came."))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    found = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def test_the_reader_finds_the_sentence_and_the_words_that_answer(reader: Reader):
    (reading,) = reader.read("When was the bridge opened?", [BRIDGE])
    assert int(np.argmax(reading.evidence)) == 0
    answer = reading.answers[0]
    assert answer is not None
    assert "1932" in BRIDGE.sentences[0][answer.start : answer.end]


def test_a_question_about_something_else_is_less_answerable(reader: Reader):
    asked = reader.read("When was the bridge opened?", [BRIDGE])[0]
    strange = reader.read("Which composer wrote the requiem?", [BRIDGE])[0]
    assert asked.answerable > strange.answerable


def test_windows_read_together_and_alone_say_the_same(reader: Reader):
    other = Window("", ("A short one.",))
    together = reader.read("When was the bridge opened?", [BRIDGE, other])
    alone = reader.read("When was the bridge opened?", [other])
    assert together[1].evidence == pytest.approx(alone[0].evidence, abs=0.6)


def test_no_window_is_no_reading(reader: Reader):
    assert reader.read("Anything?", []) == []


def test_what_lies_past_the_window_is_unread(reader: Reader):
    window = Window("", tuple(f"Sentence number {i} has some words in it." for i in range(80)))
    (reading,) = reader.read("Which?", [window])
    assert reading.evidence[-1] == UNREAD
    assert reading.answers[-1] is None


def test_tokens_know_their_sentence_and_their_characters(tokenizer: Tokenizer):
    encoded = encode(tokenizer, "Who?", "Head", ["Ann ran.", "Bob sat."])
    words = [
        ("Ann ran.", "Bob sat.")[s][a:b]
        for s, (a, b) in zip(encoded.sentence, encoded.chars, strict=True)
        if s >= 0
    ]
    assert words == ["Ann", "ran", ".", "Bob", "sat", "."]
    assert list(encoded.type_ids) == [0] * 4 + [1] * (len(encoded.ids) - 4)


def test_a_window_is_cut_at_its_limit(tokenizer: Tokenizer):
    assert len(encode(tokenizer, "Who? " * 200, "", ["word " * 900]).ids) == WINDOW_TOKENS


def test_damaged_weights_say_what_to_do(tmp_path: Path):
    folder = copytree(WEIGHTS, tmp_path / "weights")
    (folder / "reader.onnx").write_bytes((folder / "reader.onnx").read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"its content has changed.*install Cited again"):
        Reader(folder).read("Who?", [BRIDGE])
    (folder / "reader.onnx").unlink()
    with pytest.raises(ModelError, match="install Cited again"):
        Reader(folder).read("Who?", [BRIDGE])
