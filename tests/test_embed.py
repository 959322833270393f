import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import ClassVar

import numpy as np
import pytest

from index.embed import PACKAGED, REMEMBERED, Embedder, packaged_model
from index.encoder import Encoder
from index.words import WORD
from ingest.errors import ModelError

DIMENSIONS = 12


class WordLengths(Embedder):
    """A toy with an embedder's interface: how many words of 1, 2, … DIMENSIONS letters a text has,
    as a unit vector; a text without words points along the first axis."""

    fingerprint = "word-lengths@1"

    def __init__(self, model: str = "word-lengths") -> None:
        super().__init__(model)

    def passages(self, texts, batch=32):
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in WORD.findall(text) or ["x"]:
                vectors[row, min(len(word), DIMENSIONS) - 1] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def test_the_toy_counts_words_by_length():
    vector = WordLengths().question("a bb cc dddd")
    assert vector[[0, 1, 2, 3]] == pytest.approx([1 / 6**0.5, 2 / 6**0.5, 0, 1 / 6**0.5])


def test_vectors_are_float32_of_unit_length_in_the_order_of_the_texts(embedder):
    texts = ["A ship at sea.", "Coffee is roasted.", "A short one", "The moon pulls the sea. " * 20]
    vectors = embedder.passages(texts)
    assert (vectors.dtype, vectors.shape) == (np.float32, (4, 384))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert (embedder.questions(texts) @ vectors.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_packaged_model_gives_the_vectors_of_sentence_transformers_but_for_the_rounding(embedder):
    from sentence_transformers import SentenceTransformer

    texts = [
        "The watch lost five seconds.",
        "…",
        "",
        "Ж 中文 ü",
        "sea " * 700,
        "A note on tides, [3] of 1884.",
    ]
    theirs = SentenceTransformer(str(packaged_model()), device="cpu", local_files_only=True).encode(texts)
    assert np.sum(embedder.passages(texts) * theirs, axis=1) == pytest.approx(np.ones(len(texts)), abs=0.03)


def test_a_vector_is_its_text_s_own(embedder):
    texts = [f"Ship number {n} " + "sailed on " * (n % 5) for n in range(20)]
    assert (embedder.passages(texts, batch=3) == embedder.passages(texts)).all()
    assert (embedder.passages(texts[7:8]) == embedder.passages(texts)[7]).all()


def test_a_question_is_answered_without_torch():
    code = (
        "import sys; from index.embed import Embedder; Embedder().question('a question'); "
        "sys.exit('torch' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("damage", ["cut", "foreign", "gone"])
def test_damaged_weights_are_told_with_what_to_do(tmp_path, damage):
    folder = tmp_path / "model"
    shutil.copytree(packaged_model(), folder)
    weights = folder / "model.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:50_000_000])
    elif damage == "foreign":
        weights.write_bytes(b"no weights at all")
    else:
        weights.unlink()
    with pytest.raises(ModelError, match="Install it again") as raised:
        Encoder(folder).encode(["text"])
    assert str(folder) in str(raised.value)


def test_a_text_is_nearer_to_its_question_than_to_another(embedder):
    ship, roast = embedder.passages(["The watch lost five seconds at sea.", "The beans are roasted brown."])
    question = embedder.question("How well did the ship's clock keep time?")
    assert question @ ship > question @ roast


def test_no_texts_are_no_vectors(embedder):
    assert embedder.passages([]).shape == (0, 384)


def test_questions_are_remembered_and_only_so_many(embedder):
    toy = WordLengths()
    first = toy.question("question 0")
    assert toy.question("question 0") is first
    for n in range(REMEMBERED):
        toy.question(f"question {n + 1}")
    assert len(toy._questions) == REMEMBERED
    assert toy.question("question 0") is not first


def test_the_fingerprint_names_the_model_and_its_content(tmp_path):
    packaged = Embedder().fingerprint
    assert packaged.startswith(f"{PACKAGED}@")
    assert Embedder().fingerprint == packaged
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    first = Embedder(str(folder)).fingerprint
    (folder / "config.json").write_text('{"a": 1}')
    second = Embedder(str(folder)).fingerprint
    assert first.startswith("mine@")
    assert first != second


@pytest.mark.parametrize("name", ["no-such-model-anywhere", ""])
def test_a_model_that_cannot_be_loaded_is_a_model_error_that_says_so(name, tmp_path):
    model = name or str(tmp_path)  # an empty folder
    with pytest.raises(ModelError, match="cannot be loaded") as raised:
        Embedder(model).passages(["text"])
    assert model in str(raised.value)


def test_questions_that_wait_for_the_model_go_through_it_together():
    class Counting(WordLengths):
        calls: ClassVar[list[list[str]]] = []
        busy = Event()

        def passages(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
            self.calls.append(list(texts))
            self.busy.wait(10)
            return super().passages(texts, batch)

    toy = Counting()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(toy.question, "the first one")
        while not toy.calls:
            time.sleep(0.001)
        others = [pool.submit(toy.question, f"question {i}") for i in range(7)] + [
            pool.submit(toy.question, "question 0")
        ]
        while len(toy._asked) < 7:
            time.sleep(0.001)
        toy.busy.set()
    assert [sorted(call) for call in toy.calls] == [["the first one"], [f"question {i}" for i in range(7)]]
    alone = WordLengths()
    assert np.array_equal(first.result(), alone.question("the first one"))
    for i, other in enumerate(others):
        assert np.array_equal(other.result(), alone.question(f"question {i % 7}"))


def test_a_model_that_fails_fails_for_everybody_who_waits():
    class Broken(WordLengths):
        def passages(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
            raise ModelError("it is broken")

    toy = Broken()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(toy.question, "the same one") for _ in range(4)]
    assert all(isinstance(one.exception(), ModelError) for one in asked)
