"""The source of a claim: one to three sentences chosen for it, with what stands around them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.check.facts import Number, agrees, numbers_of
from app.check.names import Name, names_of
from app.check.tokens import Token, tokens_of
from ingest.document import Span
from ingest.passages import Passage

Words = Callable[[str, str], float]
"""How alike two words are, in [0, 1], by their vectors."""


@dataclass(frozen=True)
class Candidate:
    """A sentence that may support. text: markers blanked out. before: the sentence before it, or the one
    that refers to its footnote. cosine: to the claim."""

    passage: Passage
    span: Span
    text: str
    before: str
    cosine: float

    @property
    def key(self) -> tuple[str, int]:
        """Where it is."""
        return self.passage.document_id, self.span.start

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Its tokens."""
        return tokens_of(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        """Their stems."""
        return frozenset(t.stem for t in self.tokens)


@dataclass(frozen=True)
class Source:
    """Sentences taken together. acronyms: as the documents explain them."""

    sentences: tuple[Candidate, ...]
    acronyms: Mapping[str, frozenset[str]]

    @cached_property
    def text(self) -> str:
        """The sentences one behind the other."""
        return " . ".join(c.text for c in self.sentences)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Its tokens."""
        return tokens_of(self.text)

    @cached_property
    def first_ends(self) -> int:
        """Index of the token behind the first sentence's last."""
        return len(self.sentences[0].tokens)

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words in lower case and their stems."""
        return frozenset(w for t in self.tokens for w in (t.low, t.stem))

    @cached_property
    def assured(self) -> frozenset[str]:
        """Its words but for those behind «not»: «not solely» assures nothing."""
        pairs = zip((None, *self.tokens), self.tokens, strict=False)
        return frozenset(
            w for before, t in pairs if not (before and before.low == "not") for w in (t.low, t.stem)
        )

    @cached_property
    def numbers(self) -> list[Number]:
        """Its numbers."""
        return numbers_of(self.tokens)

    @cached_property
    def names(self) -> list[Name]:
        """Its names."""
        return names_of(self.tokens)

    @cached_property
    def around(self) -> tuple[Token, ...]:
        """Heading and the sentences before, where names and years may stand that a pronoun takes up."""
        return tokens_of(" . ".join(part for c in self.sentences for part in (c.passage.heading, c.before)))

    @cached_property
    def around_numbers(self) -> list[Number]:
        """Numbers of what stands around."""
        return numbers_of(self.around)

    @cached_property
    def around_names(self) -> list[Name]:
        """Names of what stands around."""
        return names_of(self.around)


@dataclass(frozen=True)
class Claim:
    """A sentence to be checked, without markers."""

    text: str

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Its tokens."""
        return tokens_of(self.text)

    @cached_property
    def numbers(self) -> list[Number]:
        """Its numbers."""
        return numbers_of(self.tokens)

    @cached_property
    def names(self) -> list[Name]:
        """Its names."""
        return names_of(self.tokens)

    @cached_property
    def telling(self) -> list[int]:
        """Indices of its telling words that are no part of a number."""
        inside = {i for n in self.numbers for i in range(n.first, n.last + 1)}
        return [i for i, t in enumerate(self.tokens) if t.content and i not in inside]


def found_numbers(claim: Claim, tokens: Sequence[Token]) -> set[int]:
    """Indices of the claim's numbers that these tokens bear out."""
    there = numbers_of(tokens)
    return {k for k, n in enumerate(claim.numbers) if any(agrees(n, s) for s in there)}


def near(first: Candidate, other: Candidate) -> bool:
    """Whether a sentence stands next to the other, or one is of a footnote that the other refers to."""
    one, two = first.passage, other.passage
    if one.document_id != two.document_id:
        return False
    for note, span in ((one, other.span), (two, first.span)):
        if note.kind == "footnote" and any(span.start <= at < span.end for at in note.marked_at):
            return True
    gap = max(first.span.start, other.span.start) - min(first.span.end, other.span.end)
    return one.kind == two.kind and 0 <= gap <= BESIDE


BESIDE = 3
"""Characters between sentences that follow each other."""


def marked_sentences(passage: Passage) -> Iterator[tuple[str, Span]]:
    """The sentences that refer to a footnote, with its label."""
    for label in passage.notes:
        at = passage.text.find(f"[{label}]") + passage.start
        for span in passage.sentences:
            if span.start <= at < span.end:
                yield label, span
