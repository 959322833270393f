"""The encoder of questions: its weights' file, and how it is trained."""

import json

import pytest

from app.reader.training.examples import load_written
from app.reader.training.places import places
from index.embed import packaged_model
from index.encoder import QUESTIONS, Encoder, packaged_parameters
from ingest.errors import ModelError
from tests.test_embed import WordLengths
from tests.test_training import ROWS


@pytest.mark.parametrize("damage", ["cut", "foreign", "gone"])
def test_damaged_weights_for_questions_are_told_with_what_to_do(tmp_path, damage):
    path = tmp_path / "questions.onnx"
    if damage == "cut":
        path.write_bytes(QUESTIONS.read_bytes()[:100_000])
    elif damage == "foreign":
        path.write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"or Cited") as raised:
        Encoder(packaged_model(), path).encode(["Who paid?"])
    assert str(path) in str(raised.value)


def test_passages_keep_the_vectors_of_the_packaged_model_and_questions_have_others(embedder):
    text = "Who paid for the second watch?"
    (passage,), asked = embedder.passages([text]), embedder.question(text)
    assert passage == pytest.approx(Encoder(packaged_model()).encode([text])[0], abs=1e-5)
    assert 0.5 < passage @ asked < 0.99
    assert (asked == embedder.questions(["Another one?", text, "A third one, rather longer?"])[1]).all()


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
    from index.encoder_graph import write_graph

    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    where, asked = places(load_written(tmp_path), embedder)
    questions = [one.question for one in asked]
    network = QuestionNetwork()
    before = network(questions)
    assert (before.detach().numpy() * embedder.passages(questions)).sum(axis=1).min() > 0.98
    optimiser = torch.optim.SGD(network.encoder.encoder.parameters(), lr=0.01)
    losses = []
    for _ in range(3):
        loss = loss_of(network(questions), asked, where)
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[0] > losses[1] > losses[2]
    write_graph(
        tmp_path / "q", packaged_parameters({n: v.numpy() for n, v in network.encoder.state_dict().items()})
    )
    after = network(questions).detach().numpy()
    assert (Encoder(packaged_model(), tmp_path / "q").encode(questions) * after).sum(axis=1).min() > 0.97
