"""Train the reader: python -m app.reader.training.train --data FOLDER --out FOLDER.

Starts from the packaged all-MiniLM-L6-v2 encoder (word embeddings frozen). Runs in the background on
two CPU cores in bfloat16: about 0.09 s an example of 190 tokens. Writes a checkpoint with the running
average of the weights every --every examples.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

from app.reader.encode import Encoded, encode
from app.reader.training.epoch import epoch
from app.reader.training.examples import Example, load, load_written
from app.reader.training.negatives import hard_negatives
from app.reader.training.network import ReaderNetwork
from index.embed import Embedder, packaged_model

HELD_BACK = ("Super_Bowl_50", "Oxygen", "Black_Death", "Warsaw", "1973_oil_crisis", "Huguenot")
"""SQuAD articles never trained on; the figures in the model card are over their questions."""
AVERAGE = 0.995
"""Decay per step of the running average of the weights."""


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


def loss_of(network: ReaderNetwork, batch: list[tuple[Example, Encoded]], chance: random.Random) -> Tensor:
    """Sum of the four losses: answerable, evidence by sentence, start and end ([CLS] for none)."""
    encoded = [e for _, e in batch]
    ids, mask, types = tensors(encoded)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        evidence, start, end, answerable = network(ids, mask, types)
    answered = torch.tensor([float(bool(x.evidence)) for x, _ in batch])
    total = nn.functional.binary_cross_entropy_with_logits(answerable, answered)

    logits, labels = [], []
    for row, (example, e) in enumerate(batch):
        owner = torch.from_numpy(e.sentence)
        for i in range(len(example.sentences)):
            tokens = (owner == i).nonzero().squeeze(-1)
            if len(tokens):
                logits.append(evidence[row, tokens].mean())
                labels.append(float(i in example.evidence))
    total = total + nn.functional.binary_cross_entropy_with_logits(
        torch.stack(logits), torch.tensor(labels), pos_weight=torch.tensor(2.0)
    )

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


@torch.no_grad()
def validate(network: nn.Module, examples: list[Example], tokenizer: Tokenizer) -> dict[str, float]:
    """Answerable AUROC, evidence-sentence accuracy, and share of answers whose span is exact."""
    network.eval()
    scores, truth, right, exact = [], [], [], []
    for batch in batches(examples, tokenizer, 6000):
        ids, mask, types = tensors([e for _, e in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            evidence, start, end, answerable = network(ids, mask, types)
        for row, (example, e) in enumerate(batch):
            scores.append(float(answerable[row]))
            truth.append(bool(example.evidence))
            if not example.evidence:
                continue
            owner = torch.from_numpy(e.sentence)
            pooled = [
                float(evidence[row, : len(owner)][owner == i].mean()) if (owner == i).any() else -99.0
                for i in range(len(example.sentences))
            ]
            best = int(np.argmax(pooled))
            right.append(best in example.evidence)
            if example.answers:
                inside = (owner == best).nonzero().squeeze(-1)
                s, t = start[row, inside], end[row, inside]
                pair = torch.triu(s[:, None] + t[None, :] + 1e4, 0) - torch.triu(
                    s.new_ones(len(s), len(s)) * 1e4, 24
                )
                a, b = divmod(int(pair.argmax()), len(s))
                chars = e.chars[inside.numpy()]
                text = example.sentences[best][chars[a, 0] : chars[b, 1]].lower()
                exact.append(text in {x.lower() for x in example.answer_texts})
    network.train()
    order = np.argsort(np.argsort(scores)) + 1
    good = np.array(truth)
    auroc = (order[good].sum() - good.sum() * (good.sum() + 1) / 2) / (good.sum() * (~good).sum())
    return {"auroc": float(auroc), "sentence": float(np.mean(right)), "exact": float(np.mean(exact))}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the question sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--start", type=Path, help="checkpoint to go on from, with a new schedule")
    parser.add_argument("--examples", type=int, default=50_000, help="examples in all")
    parser.add_argument("--rate", type=float, default=1.2e-4, help="peak learning rate")
    parser.add_argument("--tokens", type=int, default=3500, help="padded tokens a batch")
    parser.add_argument("--written", type=int, default=4, help="times the project's own questions an epoch")
    parser.add_argument("--public", type=float, default=1.0, help="share of the public questions an epoch")
    parser.add_argument("--every", type=int, default=4000, help="examples between checkpoints")
    parser.add_argument("--limit", type=int, help="train on so many questions only (a trial)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train(options)


def train(options: argparse.Namespace) -> None:
    """Train and leave `checkpoint.pt` and `log.jsonl` in options.out."""
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)
    folder = packaged_model()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    everything = [*load(options.data), *load_written()]
    held = [e for e in everything if e.source == "squad" and e.group.split(":", 1)[1] in HELD_BACK]
    held = random.Random(1).sample(held, min(600, len(held)))
    written = sorted({e.group for e in everything if e.source == "written"})
    unseen = set(written[::10])
    own = [e for e in everything if e.group in unseen]
    kept = [
        e
        for e in everything
        if e.group not in unseen and not (e.source == "squad" and e.group.split(":", 1)[1] in HELD_BACK)
    ]
    if options.limit:
        kept = random.Random(2).sample(kept, options.limit)
    embedder = Embedder()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        negatives = hard_negatives(kept, embedder.passages)
    print(f"{len(kept)} questions to train on, {len(held)} and {len(own)} held back", flush=True)

    network = ReaderNetwork(AutoModel.from_pretrained(folder, add_pooling_layer=False))
    if options.start:
        network.load_state_dict(torch.load(options.start, weights_only=True))
    for weights in network.encoder.get_submodule("embeddings").parameters():
        weights.requires_grad_(False)
    seen = 0
    open_weights = [p for p in network.parameters() if p.requires_grad]
    heads = [*network.tokens.parameters(), *network.passage.parameters()]
    body = [p for p in open_weights if not any(p is h for h in heads)]
    optimiser = torch.optim.AdamW(
        [{"params": body}, {"params": heads, "lr": options.rate * 5}], lr=options.rate, weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda _: factor(seen / options.examples))
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
    )
    options.out.mkdir(parents=True, exist_ok=True)
    next_save, begun, running = options.every, time.monotonic(), 0.0
    while seen < options.examples:
        for batch in batches(
            epoch(kept, negatives, chance, options.written, options.public), tokenizer, options.tokens
        ):
            loss = loss_of(network, batch, chance)
            loss.backward()
            nn.utils.clip_grad_norm_(open_weights, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            seen += len(batch)
            schedule.step()
            average.update_parameters(network)
            running = 0.99 * running + 0.01 * loss.item() if running else loss.item()
            if seen >= next_save or seen >= options.examples:
                next_save += options.every
                figures = validate(average.module, held, tokenizer)
                torch.save(average.module.state_dict(), options.out / "checkpoint.pt")
                row = {"seen": seen, "loss": running, "seconds": time.monotonic() - begun, **figures}
                if own:
                    row |= {f"own_{k}": v for k, v in validate(average.module, own, tokenizer).items()}
                with (options.out / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
            if seen >= options.examples:
                break


def factor(done: float) -> float:
    """Learning rate over training: up for the first 6 %, then straight down to 2 %."""
    return min(done / 0.06, max(0.02, (1 - done) / 0.94)) if done < 1 else 0.02


if __name__ == "__main__":
    main()
