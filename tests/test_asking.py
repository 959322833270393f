"""The encoder of questions: its weights' file, and how it is trained."""

import json

import numpy as np
import pytest

from app.reader.training.examples import load_written
from app.reader.training.places import places
from index.asking import WEIGHTS, changes, write
from index.embed import packaged_model
from index.encoder import Encoder
from ingest.errors import ModelError
from tests.test_embed import WordLengths
from tests.test_training import ROWS


def test_changes_are_kept_to_half_a_step_of_their_row(tmp_path):
    change = np.random.default_rng(0).normal(size=(4, 300)).astype(np.float32) * [[1], [1e-3], [0], [50]]
    write(tmp_path / "changes", {"layer": change})
    kept = changes(tmp_path / "changes")["layer"]
    assert (kept.shape, kept.dtype) == (change.shape, np.float32)
    step = np.abs(change).max(axis=1, keepdims=True) / 127
    assert (np.abs(kept - change) <= step / 2 + 1e-12).all()


@pytest.mark.parametrize("damage", ["cut", "foreign", "gone", "half"])
def test_damaged_weights_for_questions_are_told_with_what_to_do(tmp_path, damage):
    path = tmp_path / "questions.safetensors"
    if damage == "cut":
        path.write_bytes(WEIGHTS.read_bytes()[:100_000])
    elif damage == "foreign":
        path.write_bytes(b"no weights")
    elif damage == "half":
        from safetensors.numpy import save_file

        save_file({"layer": np.zeros((2, 2), dtype=np.int8)}, path)
    with pytest.raises(ModelError, match="Install Cited again") as raised:
        changes(path)
    assert str(path) in str(raised.value)


def test_passages_keep_the_vectors_of_the_packaged_model_and_questions_have_others(embedder):
    text = "Who paid for the second watch?"
    (passage,), asked = embedder.passages([text]), embedder.question(text)
    assert passage == pytest.approx(Encoder(packaged_model()).encode([text])[0], abs=1e-5)
    assert 0.5 < passage @ asked < 0.99
    assert asked == pytest.approx(embedder.questions([text, "Another one?"])[0], abs=1e-5)


def test_another_model_has_one_encoder_for_both():
    toy = WordLengths()
    assert toy.questions(["a bb"]) == pytest.approx(toy.passages(["a bb"]))


def test_a_question_is_placed_beside_every_passage_and_sentence_that_answers_it(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    where, asked = places(load_written(tmp_path), WordLengths())
    assert (len(where.passages), len(where.sentences)) == (2, 4)
    assert {one.question: (one.passages, one.sentences) for one in asked} == {
        "How many boats did it hold?": ((0, 1), (0, 3)),
        "What is the new one made of?": ((1,), (2,)),
    }
    assert {one.article for one in asked} == set(where.passage_article.tolist()) == {0}


@pytest.mark.heavy
def test_training_starts_from_the_packaged_model_and_lessens_its_loss(tmp_path, embedder):
    import torch

    from app.reader.training.questions import QuestionNetwork, loss_of

    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    where, asked = places(load_written(tmp_path), embedder)
    questions = [one.question for one in asked]
    network = QuestionNetwork()
    before = network(questions)
    assert (before.detach().numpy() * embedder.passages(questions)).sum(axis=1).min() > 0.999
    optimiser = torch.optim.SGD(network.encoder.encoder.parameters(), lr=0.01)
    losses = []
    for _ in range(3):
        loss = loss_of(network(questions), asked, where)
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[0] > losses[1] > losses[2]
