"""The reader: (question, windows of sentences) to evidence, short answers, and whether a window answers.

A small BERT with four heads, trained by app/reader/training, run in int8 by onnxruntime. Knows nothing of
documents or offsets into them: it sees sentences.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from app.reader.encode import WINDOW_TOKENS, Encoded, encode
from index.cores import cores
from index.embed import packaged_model
from index.network import load_network
from ingest.errors import ModelError

WEIGHTS = Path(__file__).parent / "weights"
MOST_HITS = 7
"""Passages read for a question; each costs some 10 ms on two cores."""
LONGEST_ANSWER = 20
"""Tokens of a short answer."""
NEAR = np.triu(np.tri(WINDOW_TOKENS, k=LONGEST_ANSWER - 1, dtype=bool))
"""Which token may end a short answer that begins at which: bool, shape (begins, ends)."""
UNREAD = -20.0
"""Logit of a sentence that lies past the window's limit."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences read together; heading is context. Markers in the sentences are blanked out."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """Half-open character offsets into its sentence. score: logit against «no answer here»."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says of one window. answerable: logit. evidence: a logit a sentence.
    answers: the best short answer inside each sentence."""

    answerable: float
    evidence: tuple[float, ...]
    answers: tuple[ShortAnswer | None, ...]


class Reader:
    """The shipped reader, loaded at first use. Raises ModelError where its weights are damaged."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self.folder = folder
        self.decision = folder / "decision.json"

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        """A window a core: five windows of 60 to 200 tokens took 51 ms so, in one padded batch 82, one
        after the other on two threads each 57; under load 19.6 questions a second went through, not 12."""
        return ThreadPoolExecutor(cores(), thread_name_prefix="reader")

    @cached_property
    def fingerprint(self) -> str:
        """Content of the weights."""
        return f"reader@{self._about['sha256'][:12]}"

    @cached_property
    def _about(self) -> dict:
        try:
            return json.loads((self.folder / "reader.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._damaged(error) from error

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        try:
            weights = (self.folder / "reader.onnx").read_bytes()
        except OSError as error:
            raise self._damaged(error) from error
        if hashlib.sha256(weights).hexdigest() != self._about["sha256"]:
            raise self._damaged("its content has changed")
        return load_network(weights)

    def _damaged(self, reason: object) -> ModelError:
        return ModelError(
            f"the reader's weights in {self.folder} cannot be used ({reason}); install Cited again, "
            "or restore reader.onnx and reader.json from its repository"
        )

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """Read every window against the question, as many at a time as there are cores, the longest first, so
        that no core is left with one at the end."""
        order = sorted(range(len(windows)), key=lambda i: -sum(map(len, windows[i].sentences)))
        readings = self._pool.map(partial(self._read, question), [windows[i] for i in order])
        found = dict(zip(order, readings, strict=True))
        return [found[i] for i in range(len(windows))]

    def _read(self, question: str, window: Window) -> Reading:
        e = encode(self._tokenizer, question, window.heading, window.sentences)
        ids, types = (np.array([row], dtype=np.int64) for row in (e.ids, e.type_ids))
        evidence, start, end, answerable = self._session.run(
            None, {"ids": ids, "mask": np.ones_like(ids), "type_ids": types}
        )
        return decode(e, len(window.sentences), evidence[0], start[0], end[0], float(answerable[0]))


def decode(
    e: Encoded, count: int, evidence: np.ndarray, start: np.ndarray, end: np.ndarray, answerable: float
) -> Reading:
    """What the logits of one window, float32 of shape (tokens,), say of its `count` sentences."""
    scores: list[float] = []
    answers: list[ShortAnswer | None] = []
    nothing = float(start[0] + end[0])
    for i in range(count):
        tokens = np.flatnonzero(e.sentence == i)
        if not len(tokens):
            scores.append(UNREAD)
            answers.append(None)
            continue
        scores.append(float(evidence[tokens].mean()))
        pairs = start[tokens][:, None] + end[tokens][None, :]
        allowed = NEAR[: len(tokens), : len(tokens)]
        first, last = divmod(int(np.where(allowed, pairs, -np.inf).argmax()), len(tokens))
        answers.append(
            ShortAnswer(
                int(e.chars[tokens[first], 0]),
                int(e.chars[tokens[last], 1]),
                float(pairs[first, last]) - nothing,
            )
        )
    return Reading(answerable, tuple(scores), tuple(answers))
