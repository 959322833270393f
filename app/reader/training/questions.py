"""Train the encoder of questions: python -m app.reader.training.questions --data FOLDER --out FILE.

The search's vectors of passages are those of all-MiniLM-L6-v2 as it is. A copy of its layers learns here
to put a question beside the sentences and passages that answer it, among the others of the same article and
all others (contrastive loss: Oord, Li and Vinyals, 2018). A library's vectors stay as they are. Writes the
encoder in int8 (index/encoder_graph.py). Two CPU cores take about half a second for 128 questions.
"""

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from app.reader.training.examples import Example, load, load_squad_training, load_written
from app.reader.training.network import bert
from app.reader.training.places import Asked, Places, article_of, places
from app.reader.training.split import split
from index.embed import Embedder, packaged_model
from index.encoder import LAYERS, QUESTIONS, packaged_parameters
from index.encoder_graph import write_graph

BATCH = 128
MOST_TOKENS = 64
TEMPERATURE = 0.05
AVERAGE = 0.98
"""Decay per step of the running average of the weights."""
OWN = ("written", "world")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the question sets")
    parser.add_argument("--squad", type=Path, help="SQuAD's own training file, of which a part is read")
    parser.add_argument("--out", type=Path, default=QUESTIONS, help="file to write")
    parser.add_argument("--steps", type=int, default=750, help="more learn the questions by heart (LOG.md)")
    parser.add_argument("--rate", type=float, default=5e-5, help="peak learning rate")
    parser.add_argument("--written", type=int, default=2, help="times the project's own questions an epoch")
    parser.add_argument("--public", type=float, default=0.7, help="share of the public articles")
    parser.add_argument("--seed", type=int, default=0)
    train(parser.parse_args())


def train(options: argparse.Namespace) -> None:
    """Train, and write the weights."""
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)
    further = load_squad_training(options.squad) if options.squad else []
    kept, _, _ = split([*load(options.data), *load_written(), *further], None)
    where, asked = places(some_of(kept, options.public, chance), Embedder())
    print(f"{len(asked)} questions about {len(where.passages)} passages", flush=True)
    network = QuestionNetwork()
    optimiser = AdamW(network.encoder.encoder.parameters(), lr=options.rate, weight_decay=0.01)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE))
    repeated = [one for one in asked for _ in range(options.written if one.source in OWN else 1)]
    begun, running = time.monotonic(), 0.0
    for step in range(options.steps):
        done = step / options.steps
        batch = chance.sample(repeated, min(BATCH, len(repeated)))
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(done / 0.06, max(0.02, (1 - done) / 0.94))
        loss = loss_of(network([one.question for one in batch]), batch, where)
        loss.backward()
        nn.utils.clip_grad_norm_(network.encoder.encoder.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        average.update_parameters(network)
        running = 0.98 * running + 0.02 * loss.item() if step else loss.item()
        if step % 50 == 49:
            print(f"{step + 1} steps, loss {running:.3f}, {time.monotonic() - begun:.0f} s", flush=True)
    learned = average.module.state_dict()
    values = {name.removeprefix("encoder."): value.numpy() for name, value in learned.items()}
    write_graph(options.out, packaged_parameters(values))


def some_of(examples: Sequence[Example], share: float, chance: random.Random) -> list[Example]:
    """The project's own examples, and those of a share of the public articles."""
    public = sorted({article_of(e) for e in examples if e.source not in OWN})
    drawn = set(chance.sample(public, round(share * len(public))))
    return [e for e in examples if e.source in OWN or article_of(e) in drawn]


class QuestionNetwork(nn.Module):
    """Questions to unit vectors; only the layers learn, not the word embeddings."""

    def __init__(self) -> None:
        super().__init__()
        folder = packaged_model()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.enable_padding()
        stored = load_file(folder / "model.safetensors")
        self.encoder = bert(LAYERS)
        self.encoder.load_state_dict({name: stored[name] for name in self.encoder.state_dict()})
        for weights in self.encoder.embeddings.parameters():
            weights.requires_grad_(False)
        self.eval()  # without dropout

    def forward(self, questions: Sequence[str]) -> Tensor:
        """Unit vectors, float32, shape (n, 384)."""
        encoded = self.tokenizer.encode_batch(list(questions))
        ids, mask = (torch.tensor([getattr(e, of) for e in encoded]) for of in ("ids", "attention_mask"))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.encoder(input_ids=ids, attention_mask=mask)[0]
        return nn.functional.normalize((hidden.float() * mask[..., None]).sum(1), dim=-1)


def loss_of(vectors: Tensor, batch: Sequence[Asked], where: Places) -> Tensor:
    """How far the questions are from what answers them: among the passages and the sentences of their own
    article, and at half weight among those of others, too."""
    article = torch.tensor([one.article for one in batch])
    near = torch.isin(where.sentence_article, article).nonzero()[:, 0]
    row = {sentence: i for i, sentence in enumerate(near.tolist())}
    passages = _loss(vectors, where.passages, where.passage_article, article, [one.passages for one in batch])
    sentences = _loss(
        vectors,
        where.sentences[near],
        where.sentence_article[near],
        article,
        [[row[i] for i in one.sentences] for one in batch],
    )
    return passages + sentences


def _loss(
    vectors: Tensor, others: Tensor, other_article: Tensor, article: Tensor, right: Sequence[Sequence[int]]
) -> Tensor:
    likeness = vectors @ others.T / TEMPERATURE
    answers = torch.zeros_like(likeness, dtype=torch.bool)
    for i, columns in enumerate(right):
        answers[i, list(columns)] = True
    inside = (other_article[None] == article[:, None]) | answers
    least = torch.finfo(likeness.dtype).min
    hit = torch.logsumexp(likeness.masked_fill(~answers, least), 1)
    within = torch.logsumexp(likeness.masked_fill(~inside, least), 1) - hit
    everywhere = torch.logsumexp(likeness, 1) - hit
    return (within + 0.5 * everywhere).mean()


if __name__ == "__main__":
    main()
