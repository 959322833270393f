"""Fit the decision: python -m eval.fit [--article FILE].

A logistic regression on the judged features of every sentence read for the tuning halves of both
sets, then the threshold and the share (see app/reader/choose.py) by cross-validation over questions
of the same halves. Writes decision.json beside the reader's weights. The reporting halves are not
looked at.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from app.answer import MOST_HITS
from app.ingesting import samples_folder
from app.reader.choose import MOST_QUOTES, Decision, any_of, choose
from app.reader.judge import FEATURES, Judged, judge
from app.reader.model import WEIGHTS, Reader
from eval.measures.spans import same_place, span_precision, span_recall
from eval.measures.stats import mean
from eval.questions import SETS, Question, load_set
from index.embed import Embedder
from index.library import Library
from index.search import search
from ingest.document import Span
from ingest.folders import look
from ingest.read import read_file

FALSE_REFUSALS = 0.1
"""Share of answerable tuning questions that the threshold may refuse."""
SHARES = (0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
SHORT = 2.0
"""Least score of a short answer that is shown; below it, on the tuning halves, too many read oddly."""
STRENGTH = 1.0
"""C of the regression; 0.1 to 3 change no figure beyond its noise."""


@dataclass(frozen=True)
class Case:
    """A question with the sentences read for it."""

    question: Question
    judged: list[Judged]

    def needed(self) -> list[list[tuple[str, Span]]]:
        """Evidence as the measures take it."""
        return [[(p.document_id, Span(p.start, p.end)) for p in item] for item in self.question.evidence]

    def label(self, judged: Judged) -> bool:
        """Whether a sentence is evidence."""
        place = (judged.passage.document_id, judged.sentence)
        return any(same_place(gold, place) for item in self.needed() for gold in item)


def cases(name: str, sources: Sequence[Path], half: str, reader: Reader, embedder: Embedder) -> list[Case]:
    """Read every question of one half of a set."""
    files = [Path(found.shown) for source in sources for found in look(source).files]
    documents = {file.name: read_file(file) for file in files}
    questions = [q for q in load_set(SETS / f"{name}.jsonl", documents) if q.half == half]
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder) as library:
        for document in documents.values():
            library.add(document)
        return [Case(q, judge(reader, q.question, search(library, q.question, MOST_HITS))) for q in questions]


def fit(found: Sequence[Case]) -> Decision:
    """Fit weights, threshold and share on the cases; prints what cross-validation gives."""
    rows = [(i, j, case.label(j)) for i, case in enumerate(found) for j in case.judged]
    x = np.array([j.features for _, j, _ in rows])
    y = np.array([label for _, _, label in rows])
    groups = np.array([i for i, _, _ in rows])
    center, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=5000)
    held_out = cross_val_predict(
        model, (x - center) / scale, y, groups=groups, cv=GroupKFold(10), method="predict_proba"
    )[:, 1]
    best = np.array([any_of(held_out[groups == i].tolist()) for i in range(len(found))])
    answerable = np.array([case.question.answerable for case in found])
    threshold = float(np.quantile(best[answerable], FALSE_REFUSALS))
    first = [
        bool(y[groups == i][held_out[groups == i].argmax()])
        for i, c in enumerate(found)
        if c.question.answerable
    ]
    print(f"right sentence first {np.mean(first):.3f}, AUROC {roc_auc_score(answerable, best):.3f}")
    print(
        f"threshold {threshold:.3f}: refuses {np.mean(best[~answerable] < threshold):.3f} of the unanswerable"
    )

    model.fit((x - center) / scale, y)
    weights = model.coef_[0] / scale
    bias = float(model.intercept_[0] - weights @ center)
    for name, weight, scaled in zip(FEATURES, weights, model.coef_[0], strict=True):
        print(f"  {name:<12}{weight:8.3f}  ({scaled:+.2f} a standard deviation)")
    decisions = [Decision(tuple(map(float, weights)), bias, threshold, share, SHORT) for share in SHARES]
    return max(decisions, key=lambda decision: _balance(found, decision))


def _balance(found: Sequence[Case], decision: Decision) -> float:
    """Mean of evidence recall and precision over the answerable cases, recall counting more."""
    recall, precision = [], []
    for case in found:
        if not case.question.answerable:
            continue
        quotes = choose(case.judged, decision).quotes
        cited = [(q.passage.document_id, q.span) for q in quotes]
        recall.append(span_recall(case.needed(), cited))
        if cited:
            precision.append(span_precision(case.needed(), cited))
    r, p = mean(recall), mean(precision)
    print(f"  share {decision.share:.2f}: evidence recall {r:.3f}, precision {p:.3f}, most {MOST_QUOTES}")
    return r + p if p >= 0.6 else p


def main() -> None:
    """Fit and store the decision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--article", type=Path, default=Path("../shared/article/security-cooperation.txt"))
    parser.add_argument("--reader", type=Path, default=WEIGHTS, help="folder of the reader's weights")
    options = parser.parse_args()
    reader, embedder = Reader(options.reader), Embedder()
    found = [
        *cases("article", [options.article], "tuning", reader, embedder),
        *cases("samples", [samples_folder()], "tuning", reader, embedder),
    ]
    decision = fit(found)
    stored = {
        "weights": {name: round(w, 5) for name, w in zip(FEATURES, decision.weights, strict=True)},
        "bias": round(decision.bias, 5),
        "threshold": round(decision.threshold, 4),
        "share": decision.share,
        "short": decision.short,
    }
    (options.reader / "decision.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
