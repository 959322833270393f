"""Answers become figures: one answer's by `grade`, a run's by `summarise`.

Pure functions of the answer's JSON and of the results file's "answer" lines (`rows`): what is graded
is what every interface shows, and a stored run is graded again without a library.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from app.reader.model import MOST_HITS
from eval.measures import answers, citations, refusal, retrieval, spans, stats, writing
from eval.measures.answers import short_answer
from eval.questions import HALVES, Question
from ingest.document import Document, Span

Grades = dict[str, float | None]
Rows = Sequence[Mapping]

CURVE = range(1, MOST_HITS + 1)
"""The k of the curve of recall@k."""
QUANTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Figure:
    """of_set: computed from all questions at once; any other figure is a mean over those questions to
    which it applies, whose values are in their grades. of_model: only in runs with a language model."""

    description: str
    higher_is_better: bool = True
    of_set: bool = False
    of_model: bool = False


_K = retrieval.CUTOFFS
FIGURES: dict[str, Figure] = {
    "correct": Figure("questions answered with all the evidence cited, or rightly refused"),
    "evidence_recall": Figure("needed evidence that is cited"),
    "evidence_precision": Figure("citations that are needed evidence, where any is given"),
    "evidence_char_recall": Figure("needed characters that are cited"),
    "evidence_char_precision": Figure("cited characters that are needed, where any is cited"),
    "evidence_char_iou": Figure("needed and cited characters, intersection over union"),
    "footnote_recall": Figure("needed evidence in footnotes that is cited"),
    "facts_present": Figure("required facts that the answer states"),
    "short_answer_exact": Figure("short answers that match exactly, as in SQuAD 2.0"),
    "short_answer_f1": Figure("token F1 of the short answers, as in SQuAD 2.0"),
    "exact_quotes": Figure("citations whose text stands at their offsets"),
    "misattributed_quotes": Figure("citations whose text stands elsewhere", higher_is_better=False),
    "fabricated_quotes": Figure("citations whose text stands in no document", higher_is_better=False),
    "right_labels": Figure("citations that name the right footnote, or the body"),
    "exact_passages": Figure("retrieved passages whose text stands at their offsets"),
    "false_refusals": Figure("answerable questions that are refused", higher_is_better=False),
    "refusal_recall": Figure("unanswerable questions that are refused"),
    "refusal_precision": Figure("refused questions that are unanswerable", of_set=True),
    "refusal_f1": Figure("F1 of refusing", of_set=True),
    "aurc": Figure("area under the risk–coverage curve", higher_is_better=False, of_set=True),
    "auroc": Figure("confidence tells answerable from unanswerable", of_set=True),
    "calibration_error": Figure("expected calibration error of the confidence", False, of_set=True),
    **{f"recall_at_{k}": Figure(f"needed evidence held by the first {k} passages") for k in _K},
    "mrr": Figure("mean reciprocal rank of the needed evidence"),
    **{f"ndcg_at_{k}": Figure(f"nDCG@{k}, gain by new evidence") for k in _K},
    **{f"passage_recall_at_{k}": Figure(f"relevant passages among the first {k}") for k in _K},
    "passage_mrr": Figure("mean reciprocal rank of the first relevant passage"),
    **{f"passage_ndcg_at_{k}": Figure(f"nDCG@{k}, passages relevant or not") for k in _K},
    "sentences_shown": Figure("sentences of the model that an answer shows", of_model=True),
    "sentences_left_out": Figure("sentences of the model that an answer leaves out", False, of_model=True),
    "left_out_share": Figure("of the sentences of an answer, those left out", False, of_model=True),
    "unsupported_shown": Figure("sentences shown without a citation", False, of_model=True),
    "fell_back": Figure("answers in which quotations took the place of a written one", False, of_model=True),
}
"""Every figure by name, in the order in which a report shows them. All but the two counts of sentences lie
in [0, 1]."""


def grade(question: Question, answer: Mapping, documents: Mapping[str, Document]) -> Grades:
    """The figures of one answer that are not of the set, in the order of FIGURES; None where one does
    not apply. Those of a language model only of an answer in a run with one (see measures.writing).
    answer: its JSON. documents: by id, all that may be quoted.

    A refusal of an answerable question has recall, IoU and facts 0, and no precision.
    """
    cited = [citations.place(c) for c in answer["citations"]]
    needed = [[(p.document_id, Span(p.start, p.end)) for p in item] for item in question.evidence]
    answered = bool(answer["answered"])
    told = writing.writing_measures(answer) if writing.with_model(answer) else {}
    grades: Grades = dict.fromkeys(n for n, f in FIGURES.items() if not (f.of_set or f.of_model)) | told
    gold = question.short_answers
    if gold or not needed:
        grades["short_answer_exact"] = answers.exact_match(gold, short_answer(answer))
        grades["short_answer_f1"] = answers.token_f1(gold, short_answer(answer))
    grades |= _quotes(answer, documents)
    if not needed:
        return grades | {"correct": float(not answered), "refusal_recall": float(not answered)}
    recall = spans.span_recall(needed, cited)
    grades |= {
        "correct": float(answered and recall == 1),
        "evidence_recall": recall,
        "evidence_precision": spans.span_precision(needed, cited) if cited else None,
        "evidence_char_recall": spans.char_recall(needed, cited),
        "evidence_char_precision": spans.char_precision(needed, cited) if cited else None,
        "evidence_char_iou": spans.char_iou(needed, cited),
        "footnote_recall": citations.footnote_recall(needed, cited, documents),
        "facts_present": _facts(question, answer) if question.facts else None,
        "false_refusals": float(not answered),
    }
    return grades | _retrieval(retrieval.find(needed, [citations.place(p) for p in answer["passages"]]))


def _facts(question: Question, answer: Mapping) -> float:
    return answers.facts_present(question.facts, answers.stated(answer)) if answer["answered"] else 0.0


def _quotes(answer: Mapping, documents: Mapping[str, Document]) -> Grades:
    """Shares of the citations, and of the passages, by what they are worth."""
    cited, passages = answer["citations"], answer["passages"]
    worth = [citations.check_quote(c["cited_text"], citations.place(c), documents) for c in cited]
    found = [citations.check_quote(p["text"], citations.place(p), documents) for p in passages]
    labels = [citations.right_label(c, documents) for c in cited]
    return {
        "exact_quotes": worth.count("exact") / len(cited) if cited else None,
        "misattributed_quotes": worth.count("misattributed") / len(cited) if cited else None,
        "fabricated_quotes": worth.count("fabricated") / len(cited) if cited else None,
        "right_labels": sum(labels) / len(cited) if cited else None,
        "exact_passages": found.count("exact") / len(found) if found else None,
    }


def _retrieval(found: retrieval.Found) -> Grades:
    evidence: Grades = {f"recall_at_{k}": retrieval.evidence_recall(found, k) for k in _K}
    evidence["mrr"] = retrieval.evidence_mrr(found)
    evidence |= {f"ndcg_at_{k}": value for k, value in retrieval.evidence_ndcg(found).items()}
    return evidence | {f"passage_{n}": value for n, value in retrieval.passage_measures(found).items()}


def summarise(rows: Rows) -> dict:
    """The "figures" and the "curves" of the summary line. rows: the "answer" lines with their grades.

    figures: of "all", of each half, and "by_type" and "by_document"; in each, every one of FIGURES as
    {value, interval, n} and latency_ms. value and interval are None where the figure does not apply;
    figures of a language model are there only in a run with one.
    """
    halves = {half: [row for row in rows if row["half"] == half] for half in HALVES}
    return {
        "figures": {
            "all": _figures(rows),
            **{half: _figures(part) for half, part in halves.items()},
            "by_type": {name: _figures(part) for name, part in _parts(rows, "type").items()},
            "by_document": {name: _figures(part) for name, part in _parts(rows, "document").items()},
        },
        "curves": _curves(rows),
    }


def _parts(rows: Rows, field: str) -> dict[str, list[Mapping]]:
    names = dict.fromkeys(row[field] for row in rows)
    return {name: [row for row in rows if row[field] == name] for name in names}


def _figures(rows: Rows) -> dict:
    has_model = any(writing.with_model(row["answer"]) for row in rows)
    names = [name for name, figure in FIGURES.items() if has_model or not figure.of_model]
    return {**{name: figure(name, rows) for name in names}, "latency_ms": latency(rows)}


def figure(name: str, rows: Rows) -> dict:
    """One figure of some rows: its value, its 95 % interval, n questions to which it applies."""
    if not FIGURES[name].of_set:
        return _mean(values(name, rows))
    if name == "refusal_precision":  # over the refused questions it is a mean as well
        return _mean([float(not row["answerable"]) for row in rows if not row["answer"]["answered"]])
    statistic = set_statistic(name, rows)
    (value,) = statistic()
    if not np.isfinite(value):
        return _entry(None, None, 0)
    n = sum(row["answer"]["answered"] for row in rows) if name == "aurc" else len(rows)
    return _entry(float(value), stats.interval(statistic, len(rows)), n)


def _mean(graded: Sequence[float]) -> dict:
    return _entry(stats.mean(graded) if graded else None, stats.mean_interval(graded), len(graded))


def _entry(value: float | None, interval: stats.Interval | None, n: int) -> dict:
    """In full precision, for gates: one fabricated quote in 10,000 must not round to none."""
    return {"value": value, "interval": interval and list(interval), "n": n}


def values(name: str, rows: Rows) -> list[float]:
    """A figure's values in those rows to which it applies. A part of a set in which no question has
    short answers has no figures of them, though every refusal would score 1."""
    if name.startswith("short_answer_") and not any(row.get("short_answers") for row in rows):
        return []
    return [value for row in rows if (value := row["grades"].get(name)) is not None]


def set_statistic(name: str, rows: Rows) -> Callable[..., refusal.Floats]:
    """A figure of the set as a function of how often each row counts, for the bootstrap; called with
    nothing, every row counts once."""
    answerable, answered, correct, confidence = _columns(rows)
    return {
        "refusal_precision": partial(refusal.refusal_precision, answerable, answered),
        "refusal_f1": partial(refusal.refusal_f1, answerable, answered),
        "aurc": partial(refusal.aurc, confidence, answered, correct),
        "auroc": partial(refusal.auroc, answerable, confidence),
        "calibration_error": partial(refusal.calibration_error, answerable, confidence),
    }[name]


def _columns(rows: Rows) -> tuple[refusal.Bools, refusal.Bools, refusal.Bools, refusal.Floats]:
    """answerable, answered, correct and confidence of each row."""
    return (
        np.array([row["answerable"] for row in rows], dtype=bool),
        np.array([row["answer"]["answered"] for row in rows], dtype=bool),
        np.array([row["grades"]["correct"] == 1 for row in rows], dtype=bool),
        np.array([row["answer"]["confidence"] for row in rows], dtype=float),
    )


def latency(rows: Rows) -> dict[str, dict[str, float]]:
    """Milliseconds by stage as p50, p95 and p99, by nearest rank, over the answers that went through it."""
    took = [writing.timings(row["answer"]) for row in rows]
    stages = dict.fromkeys(stage for one in took for stage in one)
    times = {s: [one[s] for one in took if s in one] for s in stages}
    return {s: {f"p{q}": stats.quantile(ms, q / 100) for q in QUANTILES} for s, ms in times.items()}


def _curves(rows: Rows) -> dict:
    answerable, answered, correct, confidence = _columns(rows)
    found = [
        retrieval.find(
            [[citations.place(p) for p in item] for item in row["evidence"]],
            [citations.place(p) for p in row["answer"]["passages"]],
        )
        for row in rows
        if row["answerable"]
    ]
    return {
        "risk_coverage": [
            [round(x, 4) for x in point] for point in refusal.risk_coverage(confidence, answered, correct)
        ],
        "reliability": refusal.reliability(answerable, confidence),
        "recall_at_k": [
            [k, round(stats.mean([retrieval.evidence_recall(f, k) for f in found]), 4)]
            for k in (CURVE if found else ())
        ],
    }
