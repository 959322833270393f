"""The centre: a question becomes an answer made of quotations, or a refusal.

Search, read, choose, cite; and, where a language model is to write, write and check. Every interface calls
`Answerer.answer` or `Answerer.stream`; none has logic of its own.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from app.cite import Citation, cite, in_words, position
from app.conversation import mentions, standalone
from app.parts import LeftOut, Part, Unsupported, Written
from app.reader import AnyReader, Reader
from app.reader.choose import Choice, Decision, choose
from app.reader.expect import asks_several, in_other_script, is_small_talk
from app.reader.judge import judge
from app.reader.model import MOST_HITS
from app.tracing import span
from index.library import Library
from index.search import Hit, search
from ingest.document import Span
from ingest.errors import LanguageModelError, QuestionError, SettingsError

if TYPE_CHECKING:
    from app.check import Checker
    from app.llm import LanguageModel
    from app.write import Draft

REFUSAL = "I could not find this in the documents."
OTHER_LANGUAGE = "Cited learned to read English: see yourself whether these quotations answer."
QUOTE = "quote"
"""The mode of an answer made without a language model."""
MODEL = "model"
"""The mode to ask for where the language model is to write; the answer's mode is then the model's name."""
MODES = (QUOTE, MODEL)
LONGEST_QUESTION = 2000
"""Characters. Longer ones are no questions, and only their first 64 tokens would be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """text: the answer with markers [1] [2], or REFUSAL. confidence: probability in [0, 1] that the
    documents answer. parts: the text's sentences with their markers. passages: what was found, best first.
    asked: the question as it was understood, with the conversation before it. timings: milliseconds by
    stage. unsupported: what a language model wrote and no document supports. notice: what the reader must
    be told beside the answer, such as that the model could not be asked."""

    question: str
    asked: str
    text: str
    answered: bool
    confidence: float
    citations: tuple[Citation, ...]
    passages: tuple[Hit, ...]
    mode: str
    timings: dict[str, float]
    parts: tuple[Part, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    notice: str | None = None

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
            "unsupported": [{"text": u.text, "reason": u.reason} for u in self.unsupported],
            "notice": self.notice,
            "timings_ms": {stage: round(ms, 1) for stage, ms in self.timings.items()},
        }


Event = Written | LeftOut | Answer


class Answerer:
    """Answers questions from one library. threshold: confidence below which it refuses, None for
    the one fitted with the reader. model: what may write answers, and may be replaced at any time.
    ask_anyway: ask it even where the reader finds no answer. told: called with each answer."""

    def __init__(
        self,
        library: Library,
        reader: AnyReader | None = None,
        threshold: float | None = None,
        model: "LanguageModel | None" = None,
        ask_anyway: bool = False,
    ):
        self.library = library
        self.reader = reader or Reader()
        self.decision = Decision.load(self.reader.decision, threshold)
        self.model = model
        self.ask_anyway = ask_anyway
        self.told: Callable[[Answer], object] = lambda _: None

    @cached_property
    def checker(self) -> "Checker":
        """What checks the sentences of a language model."""
        from app.check import Checker

        return Checker(self.library)

    def warm_up(self) -> None:
        """Load the models and open the library's vectors: the first question need not wait for them."""
        self.answer("Is everything loaded?")
        if self.model:  # its sentences are embedded as passages are
            self.library.embedder.passages(["Is everything loaded?"])

    def answer(
        self, question: str, history: Sequence[str] = (), documents: Sequence[str] = (), mode: str = QUOTE
    ) -> Answer:
        """Answer from the library, or from some documents of it, by id. history: the questions of
        the conversation before this one. mode: "quote", or "model" to let the language model write.
        Raises QuestionError for an empty or overlong question, SettingsError where there is no model."""
        *_, answer = self.stream(question, history, documents, mode)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self, question: str, history: Sequence[str] = (), documents: Sequence[str] = (), mode: str = QUOTE
    ) -> Iterator[Event]:
        """The same, with every sentence that a model writes told as it is checked, and the answer last: it
        replaces what was told before. Closing this stops the model."""
        history = [earlier[:LONGEST_QUESTION] for earlier in history if not is_small_talk(earlier)]
        if mode not in MODES:
            raise QuestionError(f"there is no mode {mode!r}; there are {' and '.join(MODES)}")
        if mode == QUOTE:
            question = checked(question)
            events: Iterable[Event] = (self._quoted(question, standalone(question, history), documents),)
        else:
            events = self._written(checked(question), history, documents)
        for event in events:
            if isinstance(event, Answer):
                self.told(event)
            yield event

    def _quoted(self, question: str, asked: str, documents: Sequence[str]) -> Answer:
        begun = time.perf_counter()
        with span("search") as step:
            hits = search(self.library, asked, MOST_HITS, documents, distinct=True)
            step.set(passages=len(hits))
        found = time.perf_counter()
        with span("read", passages=len(hits)) as step:
            judged = [] if is_small_talk(asked) else judge(self.reader, asked, hits)
            if asked != question:
                judged = [
                    j for j in judged if mentions(question, j.passage.section, j.passage.plain(j.sentence))
                ]
            choice = choose(judged, self.decision, asks_several(asked))
            step.set(quotations=len(choice.quotes), confidence=float(choice.confidence))
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
            parts=tuple(Part(f"“{quotation(c)}”", (c.marker,)) for c in citations),
            notice=OTHER_LANGUAGE if citations and in_other_script(question) else None,
        )

    def _written(self, question: str, history: Sequence[str], documents: Sequence[str]) -> Iterator[Event]:
        from app.write import Draft, condensed

        model = self.model
        if model is None:
            raise SettingsError("there is no language model; name one with --model, or ask for quotations")
        begun = time.perf_counter()
        quoted = self._quoted(question, condensed(model, question, history), documents)
        if not quoted.passages or not (quoted.answered or self.ask_anyway):
            yield quoted
            return
        order = document_order(quoted.passages)
        draft = Draft(model, self.checker, quoted.asked, quoted.passages, order, quoted.citations)
        notice = None
        try:
            yield from draft.events()
        except LanguageModelError as error:
            notice = str(error)
        timings = quoted.timings | draft.timings | {"total": (time.perf_counter() - begun) * 1000}
        yield replace(_finished(draft, quoted, notice), timings=timings)


def _finished(draft: "Draft", quoted: Answer, notice: str | None) -> Answer:
    """What the model wrote as far as it is supported, or the quotations in its place."""
    unsupported = tuple(draft.unsupported)
    if draft.refused:
        return replace(
            quoted, text=REFUSAL, answered=False, citations=(), parts=(), mode=draft.model.name,
            unsupported=unsupported, notice=notice,
        )  # fmt: skip
    if not draft.survives:
        why = notice or "The documents do not support what the language model wrote."
        instead = "These are quotations instead." if quoted.answered else ""
        return replace(quoted, unsupported=unsupported, notice=f"{why} {instead}".strip())
    return replace(
        quoted, text=written(draft.parts), answered=True, citations=tuple(draft.citations),
        mode=draft.model.name, parts=tuple(draft.parts), unsupported=unsupported,
        notice=notice and f"{notice} What was written until then is shown.",
    )  # fmt: skip


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
        words = in_words(citations[0].passage, short)
        lines[0] = f"{words[:1].upper()}{words[1:]}. {lines[0]}"
    return "\n".join(lines)


def written(parts: Sequence[Part]) -> str:
    """Sentences with their markers, in paragraphs."""
    text = ""
    for part in parts:
        gap = "" if not text else "\n" if part.begins else " "
        text += gap + " ".join([part.text, "".join(f"[{marker}]" for marker in part.markers)])
    return text


def quotation(citation: Citation) -> str:
    """The cited text for reading."""
    return in_words(citation.passage, Span(citation.start, citation.end))


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
