"""What the encoder of questions has learned: the changes to all-MiniLM-L6-v2's layers, in int8.

Passages keep that model's own vectors; only questions go through the changed layers, so that libraries stay
as they are (app/reader/training/questions.py).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ingest.errors import ModelError

WEIGHTS = Path(__file__).parent / "questions.safetensors"


def write(path: Path, changes: Mapping[str, np.ndarray]) -> None:
    """Store changes by the name of the parameter, each row of a matrix with a scale of its own."""
    stored = {}
    for name, change in changes.items():
        scale = np.maximum(np.abs(change).max(axis=-1, keepdims=True), 1e-12) / 127
        stored[name] = np.round(change / scale).astype(np.int8)
        stored[f"{name}.scale"] = scale.astype(np.float32)
    save_file(stored, path)


def changes(path: Path = WEIGHTS) -> dict[str, np.ndarray]:
    """The changes, float32, by the name of the parameter. Raises ModelError."""
    try:
        stored = load_file(path)
        names = [name for name in stored if not name.endswith(".scale")]
        return {name: stored[name] * stored[f"{name}.scale"] for name in names}
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"the weights for questions in {path} cannot be loaded: {error}. Install Cited again"
        ) from error
