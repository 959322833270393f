"""What the reader is trained on, and what is held back from it, apart by article."""

import random
import zlib

from app.reader.training.examples import Example

SQUAD_HELD_BACK = ("Super_Bowl_50", "Oxygen", "Black_Death", "Warsaw", "1973_oil_crisis", "Huguenot")
"""SQuAD articles never trained on; the figures in the model card are over 600 of their questions."""
OWN_HELD_BACK = 6
"""Of the project's own articles one in so many is never trained on."""


def split(everything: list[Example], limit: int | None) -> tuple[list[Example], list[Example], list[Example]]:
    """(to train on, SQuAD held back, own held back). limit: train on so many questions only."""
    squad_groups = {f"squad:{title}" for title in SQUAD_HELD_BACK}
    own_groups = held_back_groups(everything)
    squad = [e for e in everything if e.group in squad_groups]
    kept = [e for e in everything if e.group not in squad_groups | own_groups]
    return (
        random.Random(2).sample(kept, limit) if limit else kept,
        random.Random(1).sample(squad, min(600, len(squad))),
        [e for e in everything if e.group in own_groups],
    )


def held_back_groups(everything: list[Example]) -> set[str]:
    """Groups of the project's own examples that are never trained on."""
    groups = {e.group for e in everything if e.group.startswith("article:")}
    return {g for g in groups if zlib.crc32(g.encode()) % OWN_HELD_BACK == 0}
