"""What the reader is trained on: the examples, their negatives, the loss."""

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest

from app.reader.training.epoch import epoch
from app.reader.training.examples import Example, load_written
from app.reader.training.negatives import hard_negatives
from app.reader.training.split import held_back_groups
from eval.held_back import held_back_articles

ROWS = [
    {
        "title": "Locks",
        "section": "Then",
        "footnote": False,
        "sentences": ["The first lock held eleven boats.", "It leaked."],
        "questions": [
            {
                "question": "How many boats did it hold?",
                "evidence": [0],
                "answer": "eleven boats",
                "also": [[1, 1]],
            },
            {"question": "Who built it?", "evidence": [], "answer": None},
        ],
    },
    {
        "title": "Locks",
        "section": "Now",
        "footnote": False,
        "sentences": ["The second lock is of concrete.", "Eleven boats fit into the first."],
        "questions": [{"question": "What is the new one made of?", "evidence": [0], "answer": "concrete"}],
    },
]


@pytest.fixture
def written(tmp_path: Path) -> list[Example]:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return load_written(tmp_path)


def test_an_article_is_one_group_and_evidence_elsewhere_is_an_example_of_its_own(written):
    assert {e.group for e in written} == {"article:Locks"}
    first, _, _, elsewhere = written
    assert (first.evidence, first.answers, first.heading) == ({0}, ((0, 20, 32),), "Locks. Then")
    assert first.sentences[0][20:32] == "eleven boats"
    assert (elsewhere.question, elsewhere.sentences, elsewhere.evidence) == (
        first.question,
        tuple(ROWS[1]["sentences"]),
        {1},
    )


def test_a_passage_that_answers_is_no_negative_of_its_question(written):
    found = hard_negatives(written, lambda texts: np.eye(99, dtype=np.float32)[: len(texts)], most=1)
    assert found[0] == []  # both passages answer it, each in its own words
    assert found[1] == [("Locks. Now", tuple(ROWS[1]["sentences"]))]
    assert found[2] == [("Locks. Then", tuple(ROWS[0]["sentences"]))]


def test_negatives_hold_no_evidence_and_every_question_comes_as_often_as_asked(written):
    negatives = {k: [("Locks. Now", tuple(ROWS[1]["sentences"]))] for k in (1,)}
    out = epoch(written, negatives, random.Random(0), {"written": 40})
    assert sum(bool(e.evidence) for e in out) == 40 * 3
    assert any(e.question == "Who built it?" and e.sentences[0] == ROWS[1]["sentences"][0] for e in out)


def test_the_listwise_loss_is_the_cross_entropy_against_the_other_sentences_and_none():
    import torch

    from app.reader.training.loss import listwise

    scores = torch.tensor([[1.0, 0.0, 9.0], [0.0, 2.0, 9.0]])
    real = torch.tensor([[True, True, False], [True, True, False]])
    labels = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    first = -math.log(math.e / (1 + math.e + 1))
    second = -math.log(1 / (1 + 1 + math.e**2))
    assert listwise(scores, real, labels).item() == pytest.approx((first + second) / 2, abs=1e-5)


def test_what_is_held_back_does_not_depend_on_what_else_there_is():
    groups = held_back_groups(load_written())
    assert groups
    some = [e for e in load_written() if e.group in groups or hash(e.group) % 2]
    assert held_back_groups(some) == groups


def test_the_articles_held_back_are_documents_whose_evidence_stands_where_it_should():
    for document, questions in held_back_articles():
        assert document.footnotes
        assert all(note.markers for note in document.footnotes)
        places = [place for q in questions for item in q.evidence for place in item]
        assert len(places) > 50
        assert all(document.text[p.start : p.end].strip() and p.document_id == document.id for p in places)
        assert any(not q.evidence for q in questions)


@pytest.mark.filterwarnings("ignore")  # of torch, about this way of exporting
def test_an_encoder_is_read_out_of_its_int8_file(tmp_path):
    """A small BERT, exported and quantised as packages do, is the same afterwards but for the rounding; and a
    reader begun with it is read from its checkpoint with as many layers."""
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import BertModel

    from app.reader.training.encoder import read_encoder
    from app.reader.training.network import ReaderNetwork, bert, network_of

    class Called(BertModel):
        """torch's export cannot call it as it is."""

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return super().forward(input_ids=ids, attention_mask=mask)[0]

    torch.manual_seed(0)
    whole = Called(bert(2).config, add_pooling_layer=False).eval()
    for weights in whole.parameters():  # those that are equal are exported once
        weights.data += 0.01 * torch.randn_like(weights)
    ids = torch.tensor([[101, 2043, 2001, 1996, 2958, 2441, 102]])
    exported, int8 = tmp_path / "whole.onnx", tmp_path / "int8.onnx"
    torch.onnx.export(whole, (ids, torch.ones_like(ids)), str(exported), dynamo=False)
    kind = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    quantize_dynamic(exported, int8, weight_type=QuantType.QInt8, extra_options=kind)
    read = read_encoder(int8).eval()
    with torch.no_grad():
        before, after = whole(ids, torch.ones_like(ids)), read(input_ids=ids)[0]
    assert torch.nn.functional.cosine_similarity(before, after, dim=-1).min() > 0.99
    reader = ReaderNetwork(read)
    again = network_of(reader.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(reader.parameters(), again.parameters(), strict=True))


def test_dropout_from_masks_drawn_once_drops_as_many_and_keeps_the_mean_and_the_names_of_the_weights():
    import torch

    from app.reader.training.network import QuickDropout, ReaderNetwork, bert, quicken

    torch.manual_seed(0)
    network = ReaderNetwork(bert(1))
    names = list(network.state_dict())
    quicken(network, rate=0.2)
    assert list(network.state_dict()) == names
    assert not [m for m in network.modules() if isinstance(m, torch.nn.Dropout) and m.p]
    drop = next(m for m in network.modules() if isinstance(m, QuickDropout))
    ones = torch.ones(40, 50, 60)
    first, second = drop(ones), drop(ones)
    assert (first == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert first.mean().item() == pytest.approx(1, abs=0.01)
    assert not torch.equal(first, second)
    network.eval()
    assert torch.equal(drop(ones), ones)


def test_training_goes_on_from_the_weights_that_are_shipped():
    """Read back from their int8 file they judge as the file does."""
    from app.reader.model import WEIGHTS, Reader, Window
    from app.reader.training.unquantised import UnquantisedReader

    asked = "How many boats did the first lock hold?"
    windows = [Window("Locks. Then", ("It rained all day.", "The first lock, of 1811, held eleven boats."))]
    before = Reader().read(asked, windows)[0]
    after = UnquantisedReader(WEIGHTS / "reader.onnx").read(asked, windows)[0]
    assert after.answerable == pytest.approx(before.answerable, abs=0.5)
    assert after.evidence == pytest.approx(before.evidence, abs=1)
    ((begins, ends),) = {
        (a.start, min(a.end, b.end)) for a, b in zip(after.answers[1:], before.answers[1:], strict=True)
    }
    # With its boats or without: the two are nearly equal.
    assert windows[0].sentences[1][begins:ends].startswith("eleven")


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore")  # of torch, about this way of exporting
def test_an_exported_reader_judges_as_its_weights_do_and_nothing_in_it_can_be_cut_off(tmp_path):
    """Two products of weights to 64 fit the 16 bits that processors without VNNI add in."""
    import onnx
    from onnx import numpy_helper

    from app.reader.model import WEIGHTS, Reader, Window
    from app.reader.training.export import export

    export([WEIGHTS / "reader.onnx"], tmp_path)
    graph = onnx.load(tmp_path / "reader.onnx").graph
    assert "SkipLayerNormalization" not in {node.op_type for node in graph.node}
    matrices = [numpy_helper.to_array(t) for t in graph.initializer if t.data_type == onnx.TensorProto.INT8]
    assert max(int(np.abs(m.astype(int)).max()) for m in matrices) == 64
    windows = [Window("Locks. Then", ("It rained all day.", "The first lock, of 1811, held eleven boats."))]
    asked = "How many boats did the first lock hold?"
    before, after = Reader().read(asked, windows)[0], Reader(tmp_path).read(asked, windows)[0]
    assert after.answerable == pytest.approx(before.answerable, abs=0.5)
    assert after.evidence == pytest.approx(before.evidence, abs=1)
