"""Reads passages for a question: which sentences answer it, with which words, or none."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from app.reader.model import Reader

if TYPE_CHECKING:
    from app.reader.extractive import ExtractiveReader

__all__ = ["AnyReader", "Reader", "load_reader"]

AnyReader: TypeAlias = "Reader | ExtractiveReader"


def load_reader(name: str | None = None) -> "Reader | ExtractiveReader":
    """Our own reader (None), another folder of its weights, or else a question-answering model of
    transformers, by name or folder. Each loads at first use and may raise ModelError then."""
    if name is None:
        return Reader()
    if (Path(name).expanduser() / "reader.onnx").is_file():
        return Reader(Path(name).expanduser())
    from app.reader.extractive import ExtractiveReader

    return ExtractiveReader(name)
