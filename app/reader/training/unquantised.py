"""A checkpoint read with torch in fp32: what the exported int8 weights are held against."""

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from app.reader.encode import encode
from app.reader.model import WEIGHTS, Reading, Window, decode
from app.reader.training.encoder import read_network
from app.reader.training.loss import tensors
from index.embed import packaged_model


class UnquantisedReader:
    """Reads as app.reader.model.Reader does, with the weights of a checkpoint."""

    def __init__(self, checkpoint: Path) -> None:
        self.fingerprint = f"{checkpoint.name}, torch fp32"
        self.decision = WEIGHTS / "decision.json"
        self._network = read_network(checkpoint)
        self._network.eval()
        self._tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @torch.no_grad()
    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """Read every window against the question, in one batch."""
        if not windows:
            return []
        encoded = [encode(self._tokenizer, question, w.heading, w.sentences) for w in windows]
        evidence, start, end, answerable = (t.numpy() for t in self._network(*tensors(encoded)))
        return [
            decode(e, len(w.sentences), evidence[row], start[row], end[row], float(answerable[row]))
            for row, (e, w) in enumerate(zip(encoded, windows, strict=True))
        ]
