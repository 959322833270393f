"""The reader alone, on the SQuAD articles that it was never trained on, paragraph by paragraph.

To hold beside it: 75.6 token F1 on the answerable questions, published for a MiniLM-L6 that was
trained on the whole of SQuAD 2.0 (some 130,000 questions).
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.reader import AnyReader
from app.reader.model import Reading, Window
from app.reader.training.examples import Example, load_squad
from app.reader.training.split import SQUAD_HELD_BACK
from eval.measures.answers import exact_match, token_f1
from eval.measures.refusal import auroc
from eval.measures.stats import Interval, interval, mean, mean_of
from ingest.errors import EvaluationError

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over n questions, with its 95 % interval."""

    name: str
    value: float
    interval: Interval | None
    n: int


def run_reader(data: Path, reader: AnyReader) -> list[Figure]:
    """HasAns F1 and exact match, evidence sentence, and answerable AUROC. data: folder of squad.jsonl.gz.
    Raises EvaluationError where that cannot be read, or has none of the articles held back."""
    groups = {f"squad:{title}" for title in SQUAD_HELD_BACK}
    try:
        examples = [e for e in load_squad(data) if e.group in groups]
    except (OSError, EOFError, zlib.error, ValueError, KeyError) as error:
        raise EvaluationError(f"{data}/squad.jsonl.gz cannot be read: {error}") from error
    if not examples:
        raise EvaluationError(f"{data}/squad.jsonl.gz has no question about {', '.join(SQUAD_HELD_BACK)}")
    said = [(e, reading) for e, reading in _read(examples, reader)]
    with_answer = [(e, reading) for e, reading in said if e.evidence]
    f1 = [token_f1(e.answer_texts, span_of(e, r)) for e, r in with_answer]
    exact = [exact_match(e.answer_texts, span_of(e, r)) for e, r in with_answer]
    sentence = [float(int(np.argmax(r.evidence)) in e.evidence) for e, r in with_answer]
    answerable = np.array([bool(e.evidence) for e, _ in said])
    return [
        _mean("HasAns token F1", f1),
        _mean("HasAns exact match", exact),
        _mean("evidence sentence right", sentence),
        *(
            _auroc(name, answerable, np.array([score(r) for _, r in said]))
            for name, score in (
                ("answerable AUROC, answerable head", lambda r: r.answerable),
                ("answerable AUROC, best span", best_span),
                ("answerable AUROC, best sentence", lambda r: max(r.evidence)),
            )
        ),
    ]


def _read(examples: Sequence[Example], reader: AnyReader) -> Iterator[tuple[Example, Reading]]:
    for example in examples:
        yield example, reader.read(example.question, [Window(example.heading, example.sentences)])[0]


def span_of(example: Example, reading: Reading) -> str:
    """The words of the best span of all sentences."""
    found = [(a.score, i, a) for i, a in enumerate(reading.answers) if a]
    _, i, answer = max(found, key=lambda one: one[0])
    return example.sentences[i][answer.start : answer.end]


def best_span(reading: Reading) -> float:
    """Score of the best span."""
    return max(a.score for a in reading.answers if a)


def _mean(name: str, values: Sequence[float]) -> Figure:
    return Figure(name, mean(values), interval(mean_of(values), len(values)), len(values))


def _auroc(name: str, answerable: np.ndarray, scores: np.ndarray) -> Figure:
    found = interval(lambda counts: auroc(answerable, scores, counts), len(scores))
    return Figure(name, float(auroc(answerable, scores)[0]), found, len(scores))


def print_figures(figures: Sequence[Figure]) -> None:
    """A table on standard output."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", "value", "95 %", "n", title="SQuAD articles held back: " + ", ".join(SQUAD_HELD_BACK))
    for figure in figures:
        between = f"{figure.interval[0]:.3f} – {figure.interval[1]:.3f}" if figure.interval else ""
        table.add_row(figure.name, f"{figure.value:.3f}", between, str(figure.n))
    Console(width=110).print(table)
