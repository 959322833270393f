"""First questions to ask of a document, each known to be answered by the place it was made from.

No language model: sentences of safe form are turned into questions (app/suggest/drafts.py), and each
question is asked of the real answerer, in its document alone. It is kept where the answer is sure and
quotes that very place.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from app.suggest.drafts import LATIN, drafts
from app.suggest.parse import Draft
from app.suggest.phrases import Vocabulary
from index.library import Library
from index.search import search
from ingest.document import Document, Span
from ingest.errors import DocumentUnknown
from ingest.passages import Passage

if TYPE_CHECKING:  # What answers follow-ups uses the verbs of this package.
    from app.answer import Answer, Answerer

SURE = 0.6
"""Least confidence of the answer to a suggested question."""
VERY_SURE = 0.85
"""The same where the answer has no few words that could be held against those taken out of the sentence."""
MOST_ASKED = 12
"""Questions tried for a document; each costs about 0.1 s."""
LOOKED_AT = 400
"""Passages of a document that are looked at, from its beginning: some hundred pages."""
FEWEST_CHARACTERS, MOST_CHARACTERS = 25, 450
"""Of a sentence that a question is made from."""
HANDFUL = 4
"""Documents worked on for one list of suggestions."""
REMEMBERED = 256
"""Documents whose suggestions are kept."""
WORTH = {
    "heading": 0.6, "should": 0.3, "why": 0.3, "how": 0.25, "what is": 0.22, "what": 0.2, "said": 0.2,
    "who": 0.2, "involves": 0.2, "when": 0.15, "how many": 0.15, "made": 0.12, "where": 0.1,
    "stands for": -0.2,
}  # fmt: skip
"""What a kind of question is worth, beside the cosine of its sentence to the whole document."""
AGAIN = 0.2
"""What a question is worth less for each one of its kind that is suggested already, and half of it for each
one of its section."""
NOTED = 0.1
"""What a question is worth more that a footnote answers, until one is suggested."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question and the half-open offsets of the text that answers it. confidence: of its answer,
    a probability in [0, 1]."""

    question: str
    document_id: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that was not asked yet. place: what must answer it. worth: higher is better."""

    draft: Draft
    place: Span
    section: str
    noted: bool
    worth: float


def suggest(answerer: "Answerer", document_id: str, most: int = 4) -> list[Suggestion]:
    """At most so many questions that a document answers, the best first; none is better than a bad one.

    Raises DocumentUnknown.
    """
    document = answerer.library.document(document_id)
    waiting = candidates(answerer.library, document)
    kept: list[tuple[Candidate, Suggestion]] = []
    for _ in range(MOST_ASKED):
        if not waiting or len(kept) >= most:
            break
        best = max(waiting, key=lambda c: _worth_now(c, [k for k, _ in kept]))
        waiting.remove(best)
        answer = answerer.answer(best.draft.question, documents=(document_id,))
        if answers(answer, best, document.version):
            place = best.place
            suggestion = Suggestion(
                best.draft.question, document_id, place.start, place.end, answer.confidence
            )
            kept.append((best, suggestion))
            waiting = [c for c in waiting if c.place.end <= place.start or c.place.start >= place.end]
    return [suggestion for _, suggestion in kept]


def _worth_now(candidate: Candidate, kept: Sequence[Candidate]) -> float:
    alike = sum(k.draft.kind == candidate.draft.kind for k in kept)
    near = sum(k.section == candidate.section for k in kept)
    noted = candidate.noted and not any(k.noted for k in kept)
    return candidate.worth - AGAIN * (alike + near / 2) + NOTED * noted


def answers(answer: "Answer", candidate: Candidate, version: str) -> bool:
    """Whether an answer is sure, and its best quotation lies in the candidate's place of this version
    of the document and gives what was taken out of the sentence."""
    best = max(answer.citations, key=lambda c: c.score, default=None)
    if best is None or answer.confidence < SURE or best.passage.id.split(":")[-2] != version[:12]:
        return False
    if best.start >= candidate.place.end or best.end <= candidate.place.start:
        return False
    if not candidate.draft.answer:
        return True
    if best.short_answer is None:
        return answer.confidence >= VERY_SURE
    return bool(_words(best.passage.plain(best.short_answer)) & _words(candidate.draft.answer))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2 or word.isdigit()}


def candidates(library: Library, document: Document) -> list[Candidate]:
    """The questions that could be asked of a document, each once."""
    found = {c.draft.question: c for c in _of_headings(document)}
    passages = library.catalog.passages_of(document.id)[:LOOKED_AT]
    vectors = library.catalog.sentence_vectors([p.id for p in passages])
    if not vectors:
        return list(found.values())
    centre = np.concatenate(list(vectors.values())).mean(axis=0)
    centre /= np.linalg.norm(centre) or 1
    sentences = [(p, i, s, prose(p, s)) for p in passages for i, s in enumerate(p.sentences)]
    vocabulary = Vocabulary.of((text for *_, text in sentences), document.title)
    for passage, i, place, text in sentences:
        if not FEWEST_CHARACTERS <= len(text) <= MOST_CHARACTERS or not ENDED.search(text):
            continue
        if "\n" in document.text[place.start : place.end]:  # a term and what defines it
            continue
        for draft in drafts(text, vocabulary):
            worth = WORTH[draft.kind] + float(vectors[passage.id][i] @ centre)
            noted = passage.kind == "footnote"
            found.setdefault(draft.question, Candidate(draft, place, passage.section, noted, worth))
    return list(found.values())


ENDED = re.compile(r"[.!?…][”\"’)]*$")


def prose(passage: Passage, sentence: Span) -> str:
    """A sentence on one line, without footnote markers."""
    return re.sub(r" (?=[.,;:])", "", " ".join(passage.plain(sentence).split()))


LEANS = re.compile(r"\b(?:it|its|this|that|these|those|they|them|their|he|she|here|there)\b")
ASKS = re.compile(r"(?:\d+(?:\.\d+)*\.? )?(?P<question>(?:How|What|When|Where|Which|Who|Why) [^?]{12,120}\?)")


def _of_headings(document: Document) -> Iterator[Candidate]:
    """Headings that are questions; what stands below them answers."""
    for section in document.sections:
        asked = ASKS.fullmatch(" ".join(section.title.split()))
        if asked and LATIN.fullmatch(asked["question"]) and not LEANS.search(asked["question"]):
            place = Span(section.start, section.end)
            draft = Draft(asked["question"], "", "heading")
            yield Candidate(draft, place, section.title, False, WORTH["heading"])


class Suggestions:
    """Suggestions of a library's documents, made when they are first asked for and kept for each version."""

    def __init__(self, answerer: "Answerer") -> None:
        self.answerer = answerer
        self._kept: OrderedDict[tuple[str, str], list[Suggestion]] = OrderedDict()
        self._guard = Lock()
        self._work = Lock()

    def for_documents(self, ids: Sequence[str] = (), most: int = 4) -> list[Suggestion]:
        """At most so many suggestions, spread over these documents, or over the newest of the library.
        A document that is not there has none."""
        if not ids:
            entries = sorted(self.answerer.library.entries(), key=lambda e: e.added, reverse=True)
            ids = [entry.id for entry in entries]
        lists = [self._of(document_id) for document_id in list(dict.fromkeys(ids))[:HANDFUL]]
        turns = [
            found[i] for i in range(max(map(len, lists), default=0)) for found in lists if i < len(found)
        ]
        return turns[:most]

    def near(self, question: str, ids: Sequence[str] = (), most: int = 3) -> list[Suggestion]:
        """Suggestions of the document, of these or of all, with the passage nearest to the question, those
        first that are nearest to it themselves; those of another document would tell of something else."""
        library = self.answerer.library
        hits = search(library, question, 1, ids)
        found = [s for hit in hits for s in self._of(hit.passage.document_id) if s.question != question]
        if not found:
            return []
        vectors = np.stack([library.embedder.question(s.question) for s in found])
        nearest = np.argsort(-(vectors @ library.embedder.question(question)), kind="stable")
        return [found[i] for i in nearest[:most]]

    def _of(self, document_id: str) -> list[Suggestion]:
        version = self.answerer.library.catalog.version(document_id)
        if version is None:
            return []
        key = (document_id, version)
        if (kept := self._recall(key)) is not None:
            return kept
        with self._work:  # One document at a time: questions that people ask come first.
            if (kept := self._recall(key)) is not None:
                return kept
            asking = copy(self.answerer)
            asking.told = lambda _: None  # Nobody asks these questions.
            try:
                made = suggest(asking, document_id)
            except DocumentUnknown:  # It was deleted meanwhile.
                return []
            with self._guard:
                self._kept[key] = made
                while len(self._kept) > REMEMBERED:
                    self._kept.popitem(last=False)
            return made

    def _recall(self, key: tuple[str, str]) -> list[Suggestion] | None:
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)
