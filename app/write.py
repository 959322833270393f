"""A language model writes, and every sentence is checked before it is shown.

What the model says of its sources is a hint and no more: a sentence is kept where a span of a passage
supports it, and is cited with that span; whatever else it writes is left out, and told with the reason.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.check import Checker, Support
from app.check.dependent import bare, depends
from app.cite import Citation, cite
from app.conversation import points_back, standalone
from app.llm import LanguageModel
from app.llm.prompt import (
    REFUSING,
    answer_tokens,
    condensing_messages,
    shown_passages,
    writing_messages,
)
from app.llm.sentences import Sentence, sentences
from app.parts import LeftOut, Part, Unsupported, Written
from app.tracing import span
from index.search import Hit
from ingest.errors import LanguageModelError
from ingest.passages import Passage

LONGEST_TOLD = 400
"""Characters of an unsupported sentence that are told."""
LEAST_KEPT = 1 / 3
"""Share of the sentences that must be supported; of less, an answer is not what the model meant."""
MOST_REPEATED = 3
"""Repeated sentences after which the model is stopped: it will not find out of its loop."""
CONDENSED_TOKENS = 80
LONGEST_CONDENSED = 300
"""Characters of a condensed question."""


@dataclass
class Draft:
    """One answer being written. evidence: what the reader would quote. After `events` has ended: parts and
    citations as far as they are supported, unsupported sentences, refused where the model found no answer,
    and milliseconds by stage."""

    model: LanguageModel
    checker: Checker
    question: str
    hits: Sequence[Hit]
    order: dict[str, int]
    evidence: Sequence[Citation]
    parts: list[Part] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)
    refused: bool = False
    timings: dict[str, float] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _repeated: int = 0
    _paragraph: bool = True

    @property
    def survives(self) -> bool:
        """Whether enough is supported to be shown as the answer."""
        left_out = len(self.unsupported) - self._repeated
        return len(self.parts) > LEAST_KEPT * (len(self.parts) + left_out)

    def events(self) -> Iterator[Written | LeftOut]:
        """Each sentence as it is checked; closing this stops the model. Raises LanguageModelError."""
        begun = time.perf_counter()
        context = self.model.context
        messages, shown = writing_messages(
            self.question, shown_passages(self.hits), self.model.count, context
        )
        stream = self.model.stream(messages, answer_tokens(context))
        try:
            for sentence in sentences(self._timed(stream, begun)):
                if _same(sentence.text) == _same(REFUSING):
                    self.refused = not self.parts
                    break
                checking = time.perf_counter()
                event = self._checked(
                    sentence, [shown[n - 1] for n in sentence.markers if 0 < n <= len(shown)]
                )
                self._add("check", checking)
                yield event
                if self._repeated >= MOST_REPEATED:
                    break
        finally:
            stream.close()
            self._add("write", begun)

    def _timed(self, pieces: Iterator[str], begun: float) -> Iterator[str]:
        for piece in pieces:
            if "first_token" not in self.timings:
                self._add("first_token", begun)
            yield piece

    def _add(self, stage: str, since: float) -> None:
        self.timings[stage] = self.timings.get(stage, 0.0) + (time.perf_counter() - since) * 1000

    def _checked(self, sentence: Sentence, marked: Sequence[Passage]) -> Written | LeftOut:
        self._paragraph = self._paragraph or sentence.begins
        if _same(sentence.text) in self._said:
            self._repeated += 1
            return self._left_out(sentence, "it was said before")
        self._said.add(_same(sentence.text))
        with span("check"):
            verdict = self.checker.check(bare(sentence.text), self.hits, marked)
        if not verdict.supports:
            return self._left_out(sentence, verdict.reason or "nothing in the documents says this")
        if depends(sentence.text) and not self._in_context(verdict.supports):
            return self._left_out(sentence, "the documents say this of something else")
        new: list[Citation] = []
        markers = sorted({self._cited(support, new).marker for support in verdict.supports})
        part = Part(sentence.text, tuple(markers), self._paragraph)
        self._paragraph = False
        self.parts.append(part)
        return Written(part, tuple(new))

    def _in_context(self, supports: Sequence[Support]) -> bool:
        """Whether a support is what the reader would quote, or stands in a passage that was cited before: «It
        was Arnold» is borne out by any sentence about Arnold, whatever the question was."""
        spans = [(c.passage.document_id, c.start, c.end) for c in self.evidence]
        cited = {c.passage.id for c in self.citations}
        return any(
            s.passage.id in cited
            or any(s.passage.document_id == d and s.span.start < e and a < s.span.end for d, a, e in spans)
            for s in supports
        )

    def _left_out(self, sentence: Sentence, reason: str) -> LeftOut:
        text = sentence.text if len(sentence.text) <= LONGEST_TOLD else f"{sentence.text[:LONGEST_TOLD]}…"
        self.unsupported.append(Unsupported(text, reason))
        return LeftOut(self.unsupported[-1])

    def _cited(self, support: Support, new: list[Citation]) -> Citation:
        """The citation of a span, a new one unless it has been cited before."""
        name, span = support.passage.document_id, support.span
        for citation in self.citations:
            if (citation.passage.document_id, citation.start, citation.end) == (name, span.start, span.end):
                return citation
        made = cite(support.passage, span, len(self.citations) + 1, self.order[name], support.score)
        self.citations.append(made)
        new.append(made)
        return made


def condensed(model: LanguageModel, question: str, history: Sequence[str]) -> str:
    """A follow-up question as one that stands alone, by the model; where it makes something else of it, or
    cannot be reached, by rules."""
    if not history or not points_back(question):
        return question
    try:
        told = "".join(model.stream(condensing_messages(question, history[-3:]), CONDENSED_TOKENS))
    except LanguageModelError:
        return standalone(question, history)  # Writing meets the same error, and tells it.
    lines = told.strip().splitlines()
    rewritten = lines[0].strip(" \"“”'") if lines else ""
    kept = {word for word in _same(question).split() if len(word) > 3} <= set(_same(rewritten).split())
    if kept and rewritten.endswith("?") and len(rewritten) <= LONGEST_CONDENSED:
        return rewritten
    return standalone(question, history)


def _same(text: str) -> str:
    """A text's words, for comparison."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
