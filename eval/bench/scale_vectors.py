"""Stand-ins for the embedding model's vectors, thousands of times as fast, in the same space.

A stand-in is the mean of the vectors that the model gives to a sentence's tokens one by one, mapped by ridge
regression to the vectors of whole sentences, plus normal noise with the covariance of what that leaves. They
are for filling large libraries; what they are worth is measured on sentences held back (`Fit`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from index.embed import Embedder, packaged_model

RIDGE = 0.01
"""Penalty. With 10, 1, 0.1 and 0.01 the cosine was 0.45, 0.64, 0.716 and 0.724; weighting tokens by their
rarity gave less (LOG.md)."""
HELD_BACK = 5
"""One sentence in so many is not fitted on."""
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Fit:
    """Mean cosine to the model's vectors on sentences held back, of the regression alone and with noise, and
    how many sentences those were."""

    mapped: float
    noisy: float
    sentences: int


class StandIns(Embedder):
    """An embedder of stand-ins. table: float32, shape (tokens, d), mapped already; offset: shape (d,); noise:
    shape (d, d), a root of the covariance."""

    def __init__(self, table: np.ndarray, offset: np.ndarray, noise: np.ndarray, fit: Fit) -> None:
        super().__init__()
        self.table, self.offset, self.noise, self.fit = table, offset, noise, fit
        self._tokens = tokenizer()
        self._random = np.random.default_rng(SEED)

    def passages(self, texts: Sequence[str], batch: int = 0) -> np.ndarray:
        """Unit vectors, float32, shape (n, d), in the order of the texts, all in one batch."""
        del batch
        mapped = means(self._tokens, self.table, texts) + self.offset
        drawn = self._random.standard_normal(mapped.shape, dtype=np.float32)
        return unit(mapped + drawn @ self.noise.T)


def tokenizer() -> Tokenizer:
    """The model's own, without its marks of beginning and end."""
    made = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(256)
    return made


def means(tokens: Tokenizer, table: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """Mean row of the table over each text's tokens, float32, shape (n, d); zero where it has none."""
    encoded = [e.ids for e in tokens.encode_batch(list(texts), add_special_tokens=False)]
    lengths = np.array([len(ids) for ids in encoded])
    total = np.zeros((len(texts), table.shape[1]), dtype=np.float32)
    filled = lengths > 0
    if filled.any():
        starts = np.cumsum(lengths[filled]) - lengths[filled]
        total[filled] = np.add.reduceat(table[np.concatenate([ids for ids in encoded if ids])], starts)
    return total / np.maximum(lengths, 1)[:, None].astype(np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    """The same directions, each of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def fit(embedder: Embedder, sentences: Sequence[str], file: Path) -> StandIns:
    """Fit stand-ins of a model on sentences; kept in a file, and taken from there if it is there already."""
    if not file.exists():
        part = file.with_suffix(".part")
        with part.open("wb") as beside:
            np.savez(beside, **_fitted(embedder, sentences))  # type: ignore[arg-type]  # the keys are names
        part.rename(file)
    with np.load(file) as kept:
        told = Fit(float(kept["mapped"]), float(kept["noisy"]), int(kept["sentences"]))
        return StandIns(kept["table"], kept["offset"], kept["noise"], told)


def _fitted(embedder: Embedder, sentences: Sequence[str]) -> dict[str, np.ndarray | float]:
    tokens = tokenizer()
    names = [str(tokens.id_to_token(i)) for i in range(tokens.get_vocab_size())]
    table = embedder.passages([name.removeprefix("##") for name in names])
    return regress(table, means(tokens, table, sentences), embedder.passages(sentences))


def regress(table: np.ndarray, bare: np.ndarray, real: np.ndarray) -> dict[str, np.ndarray | float]:
    """What StandIns are made of. table: the tokens' vectors; bare: their means over each sentence; real: the
    sentences' vectors; each of width d."""
    back = np.arange(len(real)) % HELD_BACK == 0
    middle, goal = bare[~back].mean(axis=0), real[~back].mean(axis=0)
    x, y = bare[~back] - middle, real[~back] - goal
    weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y).astype(np.float32)
    offset = (goal - middle @ weights).astype(np.float32)
    mapped = bare[back] @ weights + offset
    left = real[back] - mapped
    values, axes = np.linalg.eigh(left.T @ left / len(left))
    noise = (axes * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    drawn = np.random.default_rng(SEED).standard_normal(mapped.shape).astype(np.float32) @ noise.T
    return {
        "table": (table @ weights).astype(np.float32),
        "offset": offset,
        "noise": noise,
        "mapped": float((unit(mapped) * real[back]).sum(axis=1).mean()),
        "noisy": float((unit(mapped + drawn) * real[back]).sum(axis=1).mean()),
        "sentences": int(back.sum()),
    }
