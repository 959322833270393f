"""Reads passages for a question: which sentences answer it, with which words, or none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from app.reader.model import Reader, Reading, Window

__all__ = ["AnyReader", "Reader", "load_reader"]


class AnyReader(Protocol):
    """What reads. decision: file of the decision that was fitted with it."""

    decision: Path

    @property
    def fingerprint(self) -> str:
        """Name and content."""

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """Read every window against the question."""


def load_reader(name: str | None = None) -> AnyReader:
    """Our own reader (None), another folder of its weights or a checkpoint of its training (*.pt), or
    else a question-answering model of transformers, by name or folder.

    A checkpoint is loaded at once, the others at first use; they may raise ModelError then.
    """
    if name is None:
        return Reader()
    if (Path(name).expanduser() / "reader.onnx").is_file():
        return Reader(Path(name).expanduser())
    if name.endswith(".pt"):
        from app.reader.training.unquantised import UnquantisedReader

        return UnquantisedReader(Path(name))
    from app.reader.extractive import ExtractiveReader

    return ExtractiveReader(name)
