"""Answer a set's questions and grade the answers. Deterministic apart from the timings; no judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.answer import Answer, Answerer
from eval import measures
from eval.questions import HALVES, Question
from index.library import Progress, untold
from ingest.document import Document, Span

RESAMPLES = 2000
"""Of the bootstrap, by question; the seed is fixed, so that figures repeat."""


@dataclass(frozen=True, slots=True)
class Graded:
    """One question with its answer's figures; those over evidence are None where they do not apply."""

    question: Question
    answer: Answer
    exact: bool
    recall: float | None
    precision: float | None
    char_recall: float | None
    char_precision: float | None
    facts: float | None


def grade(question: Question, answer: Answer, documents: Mapping[str, Document]) -> Graded:
    """Grade one answer. documents: by id. A refusal of an answerable question has recall 0 and
    facts 0; its precision does not count."""
    cited = [(c.passage.document_id, Span(c.start, c.end)) for c in answer.citations]
    exact = all(
        documents[c.passage.document_id].text[c.start : c.end] == c.cited_text for c in answer.citations
    )
    needed = [[(p.document_id, Span(p.start, p.end)) for p in item] for item in question.evidence]
    if not needed:
        return Graded(question, answer, exact, None, None, None, None, None)
    quoted = " ".join(c.cited_text for c in answer.citations)
    return Graded(
        question,
        answer,
        exact,
        measures.span_recall(needed, cited),
        measures.span_precision(needed, cited) if cited else None,
        measures.char_recall(needed, cited),
        measures.char_precision(needed, cited) if cited else None,
        measures.facts_present(question.facts, quoted) if question.facts else None,
    )


def run(
    answerer: Answerer,
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    progress: Progress = untold,
) -> list[Graded]:
    """Answer and grade every question. documents: by id."""
    graded = []
    for done, question in enumerate(questions, 1):
        answer = answerer.answer(question.question)
        graded.append(grade(question, answer, documents))
        progress(done, len(questions))
    return graded


FIGURES: dict[str, Callable[[Graded], float | None]] = {
    "evidence_recall": lambda g: g.recall,
    "evidence_precision": lambda g: g.precision,
    "evidence_char_recall": lambda g: g.char_recall,
    "evidence_char_precision": lambda g: g.char_precision,
    "facts_present": lambda g: g.facts,
    "refusal_recall": lambda g: None if g.question.answerable else float(not g.answer.answered),
    "refusal_precision": lambda g: None if g.answer.answered else float(not g.question.answerable),
    "false_refusals": lambda g: float(not g.answer.answered) if g.question.answerable else None,
    "exact_quotes": lambda g: float(g.exact),
}
"""Each figure of one graded question, None where it does not apply; a run's figure is their mean."""


def summarise(graded: Sequence[Graded]) -> dict:
    """Figures with 95 % bootstrap intervals, and latency in milliseconds."""
    out: dict = {"questions": len(graded), "answerable": sum(g.question.answerable for g in graded)}
    for name, figure in FIGURES.items():
        values = [v for g in graded if (v := figure(g)) is not None]
        out[name] = {
            "value": round(measures.mean(values), 4),
            "interval": _interval(values),
            "n": len(values),
        }
    totals = [g.answer.timings["total"] for g in graded]
    out["latency_ms"] = {f"p{p}": round(measures.quantile(totals, p / 100), 1) for p in (50, 95)}
    return out


def _interval(values: Sequence[float]) -> list[float] | None:
    """95 % percentile bootstrap interval of the mean; None for fewer than two values."""
    if len(values) < 2:
        return None
    chance = np.random.default_rng(0)
    means = chance.choice(np.array(values), size=(RESAMPLES, len(values))).mean(axis=1)
    return [round(float(q), 4) for q in np.quantile(means, [0.025, 0.975])]


def by_half(graded: Sequence[Graded]) -> dict[str, dict]:
    """The summary of each half."""
    return {half: summarise([g for g in graded if g.question.half == half]) for half in HALVES}
