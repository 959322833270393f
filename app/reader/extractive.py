"""A question-answering model of transformers in place of our own reader.

Any model that AutoModelForQuestionAnswering loads, by name or folder, and that was trained with
unanswerable questions (as on SQuAD 2.0). It marks spans only: a sentence's evidence is its best span,
and a window answers as well as its best sentence does.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from app.reader.encode import QUESTION_TOKENS, WINDOW_TOKENS, Encoded, sentence_of_tokens, window_text
from app.reader.model import UNREAD, WEIGHTS, Reading, Window, decode
from ingest.errors import ModelError


class ExtractiveReader:
    """Reads with the model of that name or folder, loaded at first use. Raises ModelError."""

    def __init__(self, name: str) -> None:
        self.name = name
        own = Path(name).expanduser() / "decision.json"
        self.decision = own if own.is_file() else WEIGHTS / "decision-extractive.json"
        self._lock = Lock()

    @cached_property
    def fingerprint(self) -> str:
        """Name of the model and its configuration's hash."""
        _, model = self._parts
        digest = hashlib.sha256(model.config.to_json_string().encode()).hexdigest()
        return f"{Path(self.name).name}@{digest[:12]}"

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        try:
            # Whoever names a model chooses what is in it; no code of its own is run.
            tokenizer = AutoTokenizer.from_pretrained(self.name, use_fast=True)  # nosec B615
            model = AutoModelForQuestionAnswering.from_pretrained(self.name).eval()  # nosec B615
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelError(
                f"the reader {self.name} cannot be loaded ({reason}); give the name or folder of a "
                "question-answering model of transformers, or leave CITED_READER out for Cited's own"
            ) from error
        if not tokenizer.is_fast:
            raise ModelError(f"the reader {self.name} has no fast tokenizer, which offsets need")
        return tokenizer, model

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """Read every window against the question, in one batch."""
        if not windows:
            return []
        import torch

        tokenizer, model = self._parts
        texts = [window_text(window.heading, window.sentences) for window in windows]
        asked = tokenizer(question, add_special_tokens=False, truncation=True, max_length=QUESTION_TOKENS)
        short = tokenizer.decode(asked["input_ids"])
        batch = tokenizer(
            [short] * len(windows), texts, truncation="only_second", max_length=WINDOW_TOKENS,
            padding=True, return_offsets_mapping=True, return_tensors="pt",
        )  # fmt: skip
        offsets = batch.pop("offset_mapping").numpy()
        with self._lock, torch.no_grad():
            logits = model(**batch)
        return [
            self._reading(
                window, offsets[row], batch.sequence_ids(row), logits.start_logits[row].numpy(),
                logits.end_logits[row].numpy(),
            )
            for row, window in enumerate(windows)
        ]  # fmt: skip

    @staticmethod
    def _reading(
        window: Window, offsets: np.ndarray, parts: list[int | None], start: np.ndarray, end: np.ndarray
    ) -> Reading:
        inside = np.array([part == 1 for part in parts])
        owner, chars = sentence_of_tokens(window.heading, window.sentences, offsets)
        encoded = Encoded(
            ids=np.zeros(len(parts), dtype=np.int64),
            type_ids=inside.astype(np.int64),
            sentence=np.where(inside, owner, -1),
            chars=chars,
        )
        return by_spans(decode(encoded, len(window.sentences), start, start, end, 0.0))


def by_spans(reading: Reading) -> Reading:
    """The reading of which nothing but the spans counts."""
    scores = tuple(answer.score if answer else UNREAD for answer in reading.answers)
    return replace(reading, evidence=scores, answerable=max(scores, default=UNREAD))
