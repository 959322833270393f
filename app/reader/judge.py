"""Hits become judged sentences: which are evidence for the question, and how surely.

Reads every hit with its linked footnotes in one batch. This is the one way from search to evidence;
what chooses and cites sees only `Judged`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.reader import AnyReader
from app.reader.expect import allowance, has_short_answer, lacks_expected
from app.reader.model import Reading, ShortAnswer, Window
from index.search import Hit
from index.words import ENDING, WORD, telling_words
from ingest.document import Span
from ingest.passages import Passage

FOOTNOTES_OF = 3
"""Linked footnotes of so many of the best hits are read too."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence of a passage. features: see FEATURES. short: its short answer, offsets in the document."""

    passage: Passage
    sentence: Span
    features: tuple[float, ...]
    short: Span | None
    short_score: float


FEATURES = (
    "evidence", "answerable", "span", "sentence", "passage", "rank", "overlap", "missing", "lacking",
    "footnote", "named", "evidence_lead", "span_lead", "sentence_lead",
)  # fmt: skip
LEADS = {"evidence_lead": "evidence", "span_lead": "span", "sentence_lead": "sentence"}
"""evidence, answerable, span: the reader's logits. sentence, passage: cosine to the question. rank:
1 / rank of the hit. overlap: share of the question's words in the sentence; missing: share that stand
nowhere in the window. lacking: 1 where the question asks for a number, date or name and the sentence
has none. footnote: 1 for a sentence of a footnote. named: share of the question's names and numbers
that stand nowhere in the window. A lead is what a sentence has more than the best of the others."""


def judge(reader: AnyReader, question: str, hits: Sequence[Hit]) -> list[Judged]:
    """Every sentence of the hits and of their linked footnotes, each once, in no particular order; of those
    that say the same in the same words, in two copies of a document, say, the likeliest."""
    views = _views(hits)
    readings = reader.read(question, [view.window for view in views])
    best: dict[str, Judged] = {}
    asked = telling_words(question)
    for view, reading in zip(views, readings, strict=True):
        around = _words(f"{view.window.heading} {' '.join(view.window.sentences)}")
        missing, unnamed = 1 - _share(asked, around), _unnamed(question, around)
        for i in range(len(view.sentences)):
            judged = _judged(question, asked, view, reading, i, missing, unnamed)
            key = " ".join(view.window.sentences[i].split()).casefold()
            if key not in best or judged.features[0] > best[key].features[0]:
                best[key] = judged
    return with_leads(list(best.values()))


def with_leads(judged: Sequence[Judged]) -> list[Judged]:
    """The same with their leads over each other."""
    rows = np.array([j.features for j in judged]).reshape(-1, len(FEATURES))
    for name, of in LEADS.items():
        values = rows[:, FEATURES.index(of)]
        ranked = np.sort(values)[::-1]
        others = np.where(values == ranked[:1], ranked[1:2] if len(ranked) > 1 else values, ranked[:1])
        rows[:, FEATURES.index(name)] = values - others
    return [replace(j, features=tuple(map(float, row))) for j, row in zip(judged, rows, strict=True)]


@dataclass(frozen=True, slots=True)
class _View:
    """A window with the passage and span of each of its sentences."""

    hit: Hit
    rank: int
    sentences: tuple[tuple[Passage, Span], ...]
    window: Window


def _views(hits: Sequence[Hit]) -> list[_View]:
    views: list[_View] = []
    seen = {hit.passage.id for hit in hits}
    for rank, hit in enumerate(hits):
        views.append(_view(hit, rank, hit.passage, hit.linked))
        for note in hit.linked if rank < FOOTNOTES_OF else ():
            if note.kind == "footnote" and note.id not in seen:
                seen.add(note.id)
                views.append(_view(hit, rank, note, (hit.passage,)))
    return views


def _view(hit: Hit, rank: int, passage: Passage, linked: Sequence[Passage]) -> _View:
    """A footnote is read after the sentence that refers to it."""
    sentences = [(passage, s) for s in passage.sentences]
    if passage.kind == "footnote":
        sentences = [*_referring(passage, linked), *sentences]
    texts = tuple(p.plain(s) for p, s in sentences)
    return _View(hit, rank, tuple(sentences), Window(passage.heading, texts))


def _referring(note: Passage, linked: Sequence[Passage]) -> list[tuple[Passage, Span]]:
    """The first sentence that refers to a note, where its passage is at hand."""
    for body in linked:
        for sentence in body.sentences:
            if body.kind == "body" and any(sentence.start <= at < sentence.end for at in note.marked_at):
                return [(body, sentence)]
    return []


def _judged(
    question: str, asked: Sequence[str], view: _View, reading: Reading, i: int, missing: float, unnamed: float
) -> Judged:
    """The i-th sentence of a view. asked: the question's telling words. missing, unnamed: of the view."""
    passage, sentence = view.sentences[i]
    short = reading.answers[i]
    features = (
        reading.evidence[i],
        reading.answerable,
        short.score if short else -20.0,
        view.hit.sentences.get((passage.document_id, sentence.start), 0.0),
        view.hit.similarity or 0.0,
        1 / (1 + view.rank),
        _share(asked, _words(view.window.sentences[i])),
        missing,
        float(lacks_expected(question, view.window.sentences[i])),
        float(passage.kind == "footnote"),
        unnamed,
        *([0.0] * len(LEADS)),
    )
    place = _place(passage, sentence, short) if has_short_answer(question) else None
    likely = features[2] + (allowance(question, passage.plain(place)) if place else 0.0)
    return Judged(passage, sentence, features, place, likely)


def _words(text: str) -> str:
    """The text's words in lower case with a space before and behind each, to look words up in."""
    return f" {' '.join(WORD.findall(text.lower()))} "


def _stands(word: str, words: str) -> bool:
    """Whether a word is among `_words`; inflection is cut off at five letters, numbers and words of one or
    two letters must be whole."""
    inside = _words(word)
    stem = inside if len(word) < 3 or word[-1].isdigit() else inside[: max(6, len(inside) - 4)].rstrip()
    return stem in words


def _share(asked: Sequence[str], words: str) -> float:
    """Share of the words asked for that stand among `_words`."""
    return sum(_stands(w, words) for w in asked) / len(asked) if asked else 0.0


NAMED = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w’'-]*|\d[\d,.]*\d|\d")


def _unnamed(question: str, words: str) -> float:
    """Share of the question's names (its first word aside) and numbers that are not among `_words`."""
    named = NAMED.findall(ENDING.sub("", question))
    return sum(not _stands(word, words) for word in named) / len(named) if named else 0.0


def _place(passage: Passage, sentence: Span, short: ShortAnswer | None) -> Span | None:
    if not short:
        return None
    at = sentence.start - passage.start
    text = passage.text[at : sentence.end - passage.start]
    start, end = whole_words(text, short.start, short.end)
    return Span(sentence.start + start, sentence.start + end)


WITHIN_WORD = re.compile(r"[^\W_\u2e80-\U0010ffff]{2}")
"""Two letters or digits, but those of scripts that write no spaces."""
BEFORE_NUMBER = re.compile(r"(?<![\w.,])[+−-]?(?:[A-Z]{0,3}[$€£¥₩])?[+−-]?\.?$")
AFTER_NUMBER = re.compile(r"(?<=\d)\s?(?:[%‰€]|°(?:[CFK]\b)?)")
"""What belongs to a number and is easily left out of it."""


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """A part of a text with all of the words that it begins and ends in: the reader's tokens are pieces."""
    while start > 0 and WITHIN_WORD.match(text, start - 1):
        start -= 1
    while end > start and WITHIN_WORD.match(text, end - 1):
        end += 1
    if text[start : start + 1].isdigit() and (sign := BEFORE_NUMBER.search(text, max(0, start - 8), start)):
        start = sign.start()
    unit = AFTER_NUMBER.match(text, end)
    return start, unit.end() if unit else end
