"""The centre: a question becomes an answer made of quotations, or a refusal.

Search, read, choose, cite. Every interface calls `Answerer.answer`; none has logic of its own.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.cite import Citation, cite, position
from app.conversation import standalone
from app.reader import AnyReader, Reader
from app.reader.choose import Choice, Decision, choose
from app.reader.expect import asks_several
from app.reader.judge import judge
from index.library import Library
from index.search import Hit, search
from ingest.document import Span
from ingest.errors import QuestionError

REFUSAL = "I could not find this in the documents."
QUOTE = "quote"
"""The mode of an answer made without a language model."""
MOST_HITS = 5
"""Passages read for a question; each costs some 10 ms on two cores."""
LONGEST_QUESTION = 2000
"""Characters. Longer ones are no questions, and only their first 64 tokens would be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """text: the answer with markers [1] [2], or REFUSAL. confidence: probability in [0, 1] that the
    documents answer. passages: what was found, best first. asked: the question as it was understood,
    with the conversation before it. timings: milliseconds by stage."""

    question: str
    asked: str
    text: str
    answered: bool
    confidence: float
    citations: tuple[Citation, ...]
    passages: tuple[Hit, ...]
    mode: str
    timings: dict[str, float]

    def to_json(self) -> dict:
        """The answer's shape for every interface."""
        order = document_order(self.passages)
        return {
            "question": self.question,
            "answer": self.text,
            "answered": self.answered,
            "confidence": round(self.confidence, 4),
            "citations": [citation.to_json() for citation in self.citations],
            "passages": [hit_to_json(hit, order[hit.passage.document_id]) for hit in self.passages],
            "mode": self.mode,
            "timings_ms": {stage: round(ms, 1) for stage, ms in self.timings.items()},
        }


class Answerer:
    """Answers questions from one library. threshold: confidence below which it refuses, None for
    the one fitted with the reader."""

    def __init__(self, library: Library, reader: AnyReader | None = None, threshold: float | None = None):
        self.library = library
        self.reader = reader or Reader()
        self.decision = Decision.load(self.reader.decision, threshold)

    def warm_up(self) -> None:
        """Load the models and open the library's vectors: the first question need not wait for them."""
        self.answer("Is everything loaded?")

    def answer(self, question: str, history: Sequence[str] = (), documents: Sequence[str] = ()) -> Answer:
        """Answer from the library, or from some documents of it, by id. history: the questions of
        the conversation before this one. Raises QuestionError for an empty or overlong question."""
        begun = time.perf_counter()
        asked = standalone(checked(question), history)
        hits = search(self.library, asked, MOST_HITS, documents)
        found = time.perf_counter()
        choice = choose(judge(self.reader, asked, hits), self.decision, asks_several(asked))
        citations = _cite(choice, hits)
        done = time.perf_counter()
        timings = {"search": found - begun, "read": done - found, "total": done - begun}
        return Answer(
            question=question,
            asked=asked,
            text=_compose(citations) if citations else REFUSAL,
            answered=bool(citations),
            confidence=choice.confidence,
            citations=citations,
            passages=tuple(hits),
            mode=QUOTE,
            timings={stage: seconds * 1000 for stage, seconds in timings.items()},
        )


def checked(question: str) -> str:
    """The question without surrounding space. Raises QuestionError."""
    question = " ".join(question.encode("utf-8", "replace").decode("utf-8").split())
    if not any(character.isalnum() for character in question):
        raise QuestionError("the question is empty; ask something in words")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(question)} characters; ask in {LONGEST_QUESTION} or fewer"
        )
    return question


def _cite(choice: Choice, hits: Sequence[Hit]) -> tuple[Citation, ...]:
    order = document_order(hits)
    return tuple(
        cite(quote.passage, quote.span, marker, order[quote.passage.document_id], quote.score, quote.short)
        for marker, quote in enumerate(choice.quotes, 1)
    )


def _compose(citations: Sequence[Citation]) -> str:
    """Quotations, a line each, with their markers; a single fact has its short answer first."""
    lines = [f"“{quotation(c)}” [{c.marker}]" for c in citations]
    short = citations[0].short_answer
    if len(citations) == 1 and short is not None:
        words = citations[0].passage.plain(short).strip()
        lines[0] = f"{words[:1].upper()}{words[1:]}. {lines[0]}"
    return "\n".join(lines)


def quotation(citation: Citation) -> str:
    """The cited text on one line without the document's own footnote markers, for reading."""
    words = citation.passage.plain(Span(citation.start, citation.end))
    return " ".join(words.split()).replace(" .", ".").replace(" ,", ",")


def document_order(hits: Sequence[Hit]) -> dict[str, int]:
    """Each document's index, in the order in which the passages name them."""
    ids = [p.document_id for hit in hits for p in (hit.passage, *hit.linked)]
    return {name: i for i, name in enumerate(dict.fromkeys(ids))}


def hit_to_json(hit: Hit, document_index: int) -> dict:
    """A passage as it was found."""
    return {
        **position(hit.passage, document_index, hit.passage.start, hit.passage.end),
        "text": hit.passage.text,
        "score": round(hit.score, 4),
        "similarity": hit.similarity and round(hit.similarity, 4),
        "linked": [
            {"kind": p.kind, "footnote": p.label, "start_char_index": p.start, "end_char_index": p.end}
            for p in hit.linked
        ],
    }
