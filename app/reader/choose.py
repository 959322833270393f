"""Judged sentences become quotes and a confidence: how sure is enough, and how many sentences.

The probabilities come from a logistic regression on the judged features, fitted on the tuning
halves of the evaluation sets (eval/fit.py) and stored beside the reader's weights.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from app.reader.judge import FEATURES, Judged
from ingest.document import Span
from ingest.errors import ModelError
from ingest.passages import Passage

MOST_QUOTES = 4
LEAST = 0.05
"""Probability that every sentence after the best one must have. It raised evidence precision from 0.59 to
0.61 on the article's tuning half at the same recall; 0.1 cost 0.05 of recall (LOG.md)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """weights, bias: of the features, for the probability that a sentence is evidence. temperature,
    shift: of the confidence's log odds, which are divided and then raised by them. threshold: the least
    confidence for an answer. share, share_several: of the best sentence's odds that a further sentence
    must reach, where the question asks for one thing and for several. short: the least score of a
    short answer."""

    weights: tuple[float, ...]
    bias: float
    threshold: float
    share: float
    share_several: float
    short: float
    temperature: float = 1.0
    shift: float = 0.0

    @staticmethod
    def load(path: Path, threshold: float | None = None) -> "Decision":
        """The decision stored with a reader. Raises ModelError where it is damaged."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            weights = tuple(float(stored["weights"][name]) for name in FEATURES)
            numbers = {name: float(stored[name]) for name in NUMBERS}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} cannot be used ({error}); restore it, or run eval/fit.py") from error
        return Decision(weights, **numbers | ({} if threshold is None else {"threshold": threshold}))

    def probability(self, judged: Judged) -> float:
        """Probability that the sentence is evidence."""
        return _logistic(self.bias + sum(w * x for w, x in zip(self.weights, judged.features, strict=True)))

    def confidence(self, probabilities: Sequence[float]) -> float:
        """Probability that the documents answer, from that of each sentence."""
        return _logistic(math.log(_odds(any_of(probabilities))) / self.temperature + self.shift)


NUMBERS = tuple(field.name for field in fields(Decision) if field.name != "weights")


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


@dataclass(frozen=True, slots=True)
class Quote:
    """One span to cite: a sentence, or neighbours joined. score: of its best sentence."""

    passage: Passage
    span: Span
    score: float
    short: Span | None


@dataclass(frozen=True, slots=True)
class Choice:
    """confidence: probability that the documents answer. quotes: in reading order, none for a refusal."""

    confidence: float
    quotes: tuple[Quote, ...]


def choose(judged: Sequence[Judged], decision: Decision, several: bool = False) -> Choice:
    """The sentences worth quoting: the best, and those whose odds come near it. several: whether the
    question asks for more than one thing (app/reader/expect.py)."""
    ranked = sorted(((decision.probability(j), j) for j in judged), key=lambda pair: -pair[0])
    confidence = decision.confidence([p for p, _ in ranked]) if ranked else 0.0
    if not ranked or confidence < decision.threshold:
        return Choice(confidence, ())
    floor = (decision.share_several if several else decision.share) * _odds(ranked[0][0])
    further = [(p, j) for p, j in ranked[1:MOST_QUOTES] if p >= LEAST and _odds(p) >= floor]
    return Choice(confidence, tuple(_in_reading_order([ranked[0], *further], decision)))


def any_of(probabilities: Sequence[float]) -> float:
    """Probability that at least one sentence is evidence, taking them for independent.

    Against the best sentence's alone it raised the AUROC for «the documents answer» from 0.80 to 0.82
    and the refusals at 10 % false ones from 0.56 to 0.60 (tuning halves, cross-validated; LOG.md).
    """
    return 1 - math.prod(1 - p for p in probabilities)


def _odds(probability: float) -> float:
    return max(1e-9, probability) / max(1e-9, 1 - probability)


def _in_reading_order(chosen: Sequence[tuple[float, Judged]], decision: Decision) -> list[Quote]:
    """Documents in the order of their best sentence, sentences in the order of the text; sentences
    that follow each other in one passage are one quote."""
    documents = list(dict.fromkeys(j.passage.document_id for _, j in chosen))
    ordered = sorted(
        chosen, key=lambda pair: (documents.index(pair[1].passage.document_id), pair[1].sentence.start)
    )
    quotes: list[Quote] = []
    for p, j in ordered:
        short = j.short if j.short_score >= decision.short else None
        if quotes and quotes[-1].passage.id == j.passage.id and _adjacent(j, quotes[-1].span):
            last = quotes.pop()
            better = short if p > last.score else last.short
            span = Span(last.span.start, j.sentence.end)
            quotes.append(Quote(j.passage, span, max(p, last.score), better))
        else:
            quotes.append(Quote(j.passage, j.sentence, p, short))
    return quotes


def _adjacent(judged: Judged, before: Span) -> bool:
    """Whether nothing stands between, and no paragraph ends."""
    between = judged.passage.text[
        before.end - judged.passage.start : judged.sentence.start - judged.passage.start
    ]
    return not between.strip() and between.count("\n") < 2
