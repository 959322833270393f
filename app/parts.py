"""What an answer is made of, and what is told while a language model writes it."""

from dataclasses import dataclass

from app.cite import Citation


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence of the answer, or a quotation, with the markers that prove it. begins: a new paragraph."""

    text: str
    markers: tuple[int, ...]
    begins: bool = True


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A sentence of a language model that was left out, and why, in words."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """Told as soon as a sentence was checked. citations: those that are new with it."""

    part: Part
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Told as soon as a sentence was found to be unsupported."""

    unsupported: Unsupported
