"""Batches of encoded examples, and the loss over them."""

import random
from collections.abc import Iterator

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from app.reader.encode import Encoded, encode
from app.reader.training.examples import Example
from app.reader.training.network import ReaderNetwork


def batches(
    examples: list[Example], tokenizer: Tokenizer, most_tokens: int
) -> Iterator[list[tuple[Example, Encoded]]]:
    """Examples encoded and grouped by length, at most `most_tokens` padded tokens a batch."""
    for at in range(0, len(examples), 2000):
        chunk = [(e, encode(tokenizer, e.question, e.heading, e.sentences)) for e in examples[at : at + 2000]]
        chunk.sort(key=lambda pair: len(pair[1].ids))
        groups: list[list[tuple[Example, Encoded]]] = [[]]
        for pair in chunk:
            if groups[-1] and len(pair[1].ids) * (len(groups[-1]) + 1) > most_tokens:
                groups.append([])
            groups[-1].append(pair)
        random.Random(at).shuffle(groups)
        yield from groups


def tensors(encoded: list[Encoded]) -> tuple[Tensor, Tensor, Tensor]:
    """ids, mask, type_ids, int64 of shape (batch, longest), padded with 0."""
    longest = max(len(e.ids) for e in encoded)
    ids, mask, types = (torch.zeros(len(encoded), longest, dtype=torch.long) for _ in range(3))
    for row, e in enumerate(encoded):
        n = len(e.ids)
        ids[row, :n], mask[row, :n], types[row, :n] = (
            torch.from_numpy(e.ids),
            1,
            torch.from_numpy(e.type_ids),
        )
    return ids, mask, types


def answer_tokens(example: Example, encoded: Encoded, chance: random.Random) -> tuple[int, int] | None:
    """First and last token of one of the example's short answers; None where it has none in view."""
    if not example.answers:
        return None
    sentence, start, end = chance.choice(example.answers)
    inside = np.flatnonzero(
        (encoded.sentence == sentence) & (encoded.chars[:, 0] < end) & (encoded.chars[:, 1] > start)
    )
    return (int(inside[0]), int(inside[-1])) if len(inside) else None


def by_sentence(evidence: Tensor, batch: list[tuple[Example, Encoded]]) -> tuple[Tensor, Tensor, Tensor]:
    """(mean evidence logit, whether the sentence is in view, label), each of shape (batch, sentences)."""
    most = max(len(example.sentences) for example, _ in batch)
    owner = torch.full(evidence.shape, most, dtype=torch.long)
    labels = torch.zeros(len(batch), most)
    for row, (example, e) in enumerate(batch):
        sentence = torch.from_numpy(e.sentence)
        owner[row, : len(e.ids)] = torch.where(sentence >= 0, sentence, most)
        labels[row, list(example.evidence)] = 1.0
    sums = torch.zeros(len(batch), most + 1).scatter_add(1, owner, evidence)[:, :most]
    counts = torch.zeros(len(batch), most + 1).scatter_add(1, owner, torch.ones_like(evidence))[:, :most]
    return sums / counts.clamp(min=1), counts > 0, labels


def listwise(scores: Tensor, real: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy over a window's sentences and «none of them» (logit 0); of several right sentences
    their sum counts."""
    none = torch.zeros(len(scores), 1)
    everything = torch.cat([none, scores.masked_fill(~real, -1e4)], dim=1)
    right = real & (labels > 0)
    wanted = torch.cat([~right.any(dim=1, keepdim=True), right], dim=1)
    return (everything.logsumexp(1) - everything.masked_fill(~wanted, -1e4).logsumexp(1)).mean()


def loss_of(network: ReaderNetwork, batch: list[tuple[Example, Encoded]], chance: random.Random) -> Tensor:
    """Sum of the losses: answerable, evidence by sentence (each alone, and against each other), start and
    end ([CLS] for none)."""
    encoded = [e for _, e in batch]
    ids, mask, types = tensors(encoded)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        evidence, start, end, answerable = network(ids, mask, types)
    answered = torch.tensor([float(bool(x.evidence)) for x, _ in batch])
    total = nn.functional.binary_cross_entropy_with_logits(answerable, answered)

    scores, real, labels = by_sentence(evidence, batch)
    weights = torch.where(labels > 0, 2.0, 1.0)[real]
    bce = nn.functional.binary_cross_entropy_with_logits
    total = total + bce(scores[real], labels[real], weight=weights) + listwise(scores, real, labels)

    rows, firsts, lasts = [], [], []
    for row, (example, e) in enumerate(batch):
        place = answer_tokens(example, e, chance)
        if place or not example.evidence:
            rows.append(row)
            firsts.append(place[0] if place else 0)
            lasts.append(place[1] if place else 0)
    if rows:
        closed = (mask == 0) | ((types == 0) & (torch.arange(ids.shape[1]) > 0))
        start, end = start.masked_fill(closed, -1e4)[rows], end.masked_fill(closed, -1e4)[rows]
        cross = nn.functional.cross_entropy
        total = total + 0.5 * (cross(start, torch.tensor(firsts)) + cross(end, torch.tensor(lasts)))
    return total
