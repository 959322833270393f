"""Train the reader: python -m app.reader.training.train --data FOLDER --encoder FILE --out FOLDER.

Starts from an encoder (see encoder.py; word embeddings frozen), a checkpoint or an exported reader.
Runs in the background on two CPU cores in bfloat16, some 8 examples a second. Writes a checkpoint with the
running average of the weights, and a line of figures, every --every examples.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from app.reader.training.encoder import read_encoder, read_network
from app.reader.training.epoch import epoch
from app.reader.training.examples import load, load_squad_training, load_written
from app.reader.training.loss import batches, loss_of
from app.reader.training.negatives import hard_negatives
from app.reader.training.network import ReaderNetwork, quicken
from app.reader.training.split import split
from app.reader.training.validate import validate
from index.embed import Embedder, packaged_model

AVERAGE = 0.995
"""Decay per step of the running average of the weights."""


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the question sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the log")
    begin = parser.add_mutually_exclusive_group(required=True)
    begin.add_argument("--encoder", type=Path, help="int8 ONNX file of an encoder to start from")
    begin.add_argument("--start", type=Path, help="checkpoint or reader.onnx to go on from; new schedule")
    parser.add_argument("--squad", type=Path, help="SQuAD's own training file, of which a part is read")
    parser.add_argument("--examples", type=int, default=50_000, help="examples in all")
    parser.add_argument("--minutes", type=float, help="end after so many, in place of so many examples")
    parser.add_argument("--rate", type=float, default=1.2e-4, help="peak learning rate")
    parser.add_argument("--tokens", type=int, default=3500, help="padded tokens a batch")
    parser.add_argument("--written", type=int, default=4, help="times the project's own questions an epoch")
    parser.add_argument("--world", type=int, default=4, help="times those of them about real subjects")
    parser.add_argument("--public", type=float, default=1.0, help="share of the public questions an epoch")
    parser.add_argument("--every", type=int, default=4000, help="examples between checkpoints")
    parser.add_argument("--limit", type=int, help="train on so many questions only (a trial)")
    parser.add_argument("--seed", type=int, default=0)
    train(parser.parse_args())


def train(options: argparse.Namespace) -> None:
    """Train and leave `checkpoint.pt` and `log.jsonl` in options.out."""
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)
    tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    further = load_squad_training(options.squad) if options.squad else []
    kept, squad, own = split([*load(options.data), *load_written(), *further], options.limit)
    negatives = hard_negatives(kept, Embedder().passages)
    print(f"{len(kept)} questions to train on, {len(squad)} and {len(own)} held back", flush=True)

    network = load_network(options.encoder, options.start)
    optimiser = make_optimiser(network, options.rate)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE))
    seen, next_save, begun, running = 0, options.every, time.monotonic(), 0.0

    def done() -> float:
        spent = (time.monotonic() - begun) / 60
        return spent / options.minutes if options.minutes else seen / options.examples

    schedule = LambdaLR(optimiser, lambda _: factor(done()))
    options.out.mkdir(parents=True, exist_ok=True)
    while done() < 1:
        own_times = {"written": options.written, "world": options.world}
        examples = epoch(kept, negatives, chance, own_times, options.public)
        for batch in batches(examples, tokenizer, options.tokens):
            loss = loss_of(network, batch, chance)
            step(network, optimiser, loss)
            seen += len(batch)
            schedule.step()
            average.update_parameters(network)
            running = 0.99 * running + 0.01 * loss.item() if running else loss.item()
            if seen // 500 > (seen - len(batch)) // 500:
                print(f"{seen} examples, loss {running:.3f}, {time.monotonic() - begun:.0f} s", flush=True)
            ended = done() >= 1
            if seen >= next_save or ended:
                next_save += options.every
                row = {"seen": seen, "loss": running, "seconds": time.monotonic() - begun}
                row |= validate(average.module, squad, tokenizer)
                row |= {f"own_{k}": v for k, v in validate(average.module, own, tokenizer).items()}
                torch.save(average.module.state_dict(), options.out / "checkpoint.pt")
                with (options.out / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
            if ended:
                break


def load_network(encoder: Path, checkpoint: Path | None) -> ReaderNetwork:
    """The network on an encoder, or with a checkpoint's or an exported reader's weights; word embeddings
    frozen."""
    network = read_network(checkpoint) if checkpoint else ReaderNetwork(read_encoder(encoder))
    quicken(network)
    for weights in network.encoder.get_submodule("embeddings").parameters():
        weights.requires_grad_(False)
    return network


def make_optimiser(network: ReaderNetwork, rate: float) -> Optimizer:
    """AdamW; the new heads learn five times as fast as the encoder."""
    heads = [*network.tokens.parameters(), *network.passage.parameters()]
    body = [p for p in network.encoder.parameters() if p.requires_grad]
    groups: list[dict] = [{"params": body}, {"params": heads, "lr": rate * 5}]
    return AdamW(groups, lr=rate, weight_decay=0.01)


def step(network: ReaderNetwork, optimiser: Optimizer, loss: torch.Tensor) -> None:
    """One step down the loss."""
    loss.backward()
    nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], 1.0)
    optimiser.step()
    optimiser.zero_grad()


def factor(done: float) -> float:
    """Learning rate over training: up for the first 6 %, then straight down to 2 %."""
    return min(done / 0.06, max(0.02, (1 - done) / 0.94)) if done < 1 else 0.02


if __name__ == "__main__":
    main()
