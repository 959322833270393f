"""Fit the decision: python -m eval.fit [--article FILE] [--reader NAME].

On every sentence read for the tuning halves of both sets and for our own articles that the reader
never saw, by logistic regression: first for «this sentence is evidence», then for «the documents
answer». The threshold comes from cross-validation over the same questions, a document at a time; the
shares (app/reader/choose.py) are chosen with the weights fitted to all of them. Writes decision.json
beside the reader's weights. The reporting halves are not looked at.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from app.ingesting import samples_folder
from app.reader import AnyReader, load_reader
from app.reader.choose import MOST_QUOTES, Decision, any_of, choose
from app.reader.expect import asks_several
from app.reader.extractive import by_spans
from app.reader.judge import FEATURES, Judged, judge
from app.reader.model import MOST_HITS, WEIGHTS, Reading, Window
from eval.held_back import held_back_articles
from eval.measures.spans import same_place, span_precision, span_recall
from eval.measures.stats import mean
from eval.questions import SETS, Question, load_set
from index.embed import Embedder
from index.library import Library
from index.search import search
from ingest.document import Document, Span
from ingest.folders import look
from ingest.read import read_file

FALSE_REFUSALS = 0.05
"""Share of answerable questions that the threshold may refuse."""
SHARES = (0.02, 0.03, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
SHORT = 2.0
"""Least score of a short answer that is shown; below it, on the tuning halves, too many read oddly."""
STRENGTH = 1.0
"""C of the regression; 0.1 to 3 change no figure beyond its noise."""


@dataclass(frozen=True)
class Case:
    """A question with the sentences read for it. origin: the set, or "own" of our own articles."""

    origin: str
    question: Question
    judged: list[Judged]

    @property
    def document(self) -> str:
        """What is held out together in cross-validation: a document of our own, or a whole set."""
        return self.question.document if self.origin == "own" else self.origin

    def needed(self) -> list[list[tuple[str, Span]]]:
        """Evidence as the measures take it."""
        return [[(p.document_id, Span(p.start, p.end)) for p in item] for item in self.question.evidence]

    def label(self, judged: Judged) -> bool:
        """Whether a sentence is evidence."""
        place = (judged.passage.document_id, judged.sentence)
        return any(same_place(gold, place) for item in self.needed() for gold in item)


def material(article: Path) -> Iterator[tuple[str, list[Document], list[Question]]]:
    """(origin, documents of one library, questions about them) of everything that may be fitted on."""
    for name, source in (("article", article), ("samples", samples_folder())):
        documents = {file.path.name: read_file(file.path) for file in look(source).files}
        questions = load_set(SETS / f"{name}.jsonl", documents)
        yield name, list(documents.values()), [q for q in questions if q.half == "tuning"]
    for document, questions in held_back_articles():
        yield "own", [document], questions


def cases(article: Path, reader: AnyReader, embedder: Embedder, most_hits: int = MOST_HITS) -> list[Case]:
    """Read every question of the material."""
    found = []
    for origin, documents, questions in material(article):
        with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder) as library:
            for document in documents:
                library.add(document)
            for q in questions:
                judged = judge(reader, q.question, search(library, q.question, most_hits, distinct=True))
                found.append(Case(origin, q, judged))
    return found


def fit(found: Sequence[Case]) -> Decision:
    """Fit weights, temperature, threshold and shares on the cases; prints what cross-validation gives for
    all but the shares."""
    x = np.array([j.features for case in found for j in case.judged])
    y = np.array([case.label(j) for case in found for j in case.judged])
    groups = np.array([i for i, case in enumerate(found) for _ in case.judged])
    documents = np.array([case.document for case in found])
    center, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=5000)
    held_out = cross_val_predict(
        model, (x - center) / scale, y, groups=documents[groups], cv=GroupKFold(10), method="predict_proba"
    )[:, 1]
    of_case = [held_out[groups == i] for i in range(len(found))]
    evidence = [y[groups == i] for i in range(len(found))]
    answerable = np.array([case.question.answerable for case in found])

    plain = Decision((0.0,) * len(FEATURES), 0.0, 0.0, 1.0, 1.0, SHORT)
    odds = np.array([np.log(1e-9 + any_of(p) / max(1e-9, 1 - any_of(p))) for p in of_case])
    platt = LogisticRegression(C=1e6).fit(odds[:, None], answerable)
    plain = replace(plain, temperature=1 / float(platt.coef_[0, 0]), shift=float(platt.intercept_[0]))
    confidence = np.array([plain.confidence(p.tolist()) for p in of_case])
    threshold = float(np.quantile(confidence[answerable], FALSE_REFUSALS))
    for origin in ("article", "samples", "own"):
        _print_figures(origin, found, confidence, of_case, evidence, answerable, threshold)

    model.fit((x - center) / scale, y)
    weights = model.coef_[0] / scale
    for name, weight, scaled in zip(FEATURES, weights, model.coef_[0], strict=True):
        print(f"  {name:<14}{weight:8.3f}  ({scaled:+.2f} a standard deviation)")
    fitted = replace(
        plain,
        weights=tuple(map(float, weights)),
        bias=float(model.intercept_[0] - weights @ center),
        threshold=threshold,
    )
    single = [c for c in found if c.question.answerable and not asks_several(c.question.question)]
    several = [c for c in found if c.question.answerable and asks_several(c.question.question)]
    share = max(SHARES, key=lambda s: _balance(single, replace(fitted, share=s)))
    return replace(
        fitted,
        share=share,
        share_several=max(SHARES, key=lambda s: _balance(several, replace(fitted, share_several=s))),
    )


def _print_figures(
    origin: str,
    found: Sequence[Case],
    confidence: np.ndarray,
    of_case: Sequence[np.ndarray],
    evidence: Sequence[np.ndarray],
    answerable: np.ndarray,
    threshold: float,
) -> None:
    here = np.array([case.origin == origin for case in found])
    if not here.any():
        return
    first = [bool(evidence[i][of_case[i].argmax()]) for i in np.flatnonzero(here & answerable).tolist()]
    read = [bool(evidence[i].any()) for i in np.flatnonzero(here & answerable).tolist()]
    yes, no = confidence[here & answerable], confidence[here & ~answerable]
    print(
        f"{origin:<8} {here.sum():4} questions: evidence read {np.mean(read):.3f}, right sentence first "
        f"{np.mean(first):.3f}, AUROC {roc_auc_score(answerable[here], confidence[here]):.3f}, refused at "
        f"{threshold:.2f}: {np.mean(no < threshold):.3f} of the unanswerable, {np.mean(yes < threshold):.3f} "
        f"of the others; at its own 5 %: {np.mean(no < np.quantile(yes, 0.05)):.3f}"
    )


def _balance(found: Sequence[Case], decision: Decision) -> float:
    """Sum of evidence recall and precision over answerable cases that are answered."""
    recall, precision = [], []
    for case in found:
        quotes = choose(case.judged, decision, asks_several(case.question.question)).quotes
        cited = [(q.passage.document_id, q.span) for q in quotes]
        recall.append(span_recall(case.needed(), cited))
        if cited:
            precision.append(span_precision(case.needed(), cited))
    r, p = mean(recall), mean(precision)
    print(f"  shares {decision.share:.2f} {decision.share_several:.2f}: recall {r:.3f}, precision {p:.3f}, "
          f"most {MOST_QUOTES}")  # fmt: skip
    return r + p


class SpansOnly:
    """A reader that marks spans only, made of one that does more: what the decision for models of
    transformers is fitted with, for none of them is at hand."""

    def __init__(self, reader: AnyReader) -> None:
        self.reader = reader
        self.decision = WEIGHTS / "decision-extractive.json"
        self.fingerprint = f"spans of {reader.fingerprint}"

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """Read, and forget all but the spans."""
        return [by_spans(reading) for reading in self.reader.read(question, windows)]


def main() -> None:
    """Fit and store the decision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--article", type=Path, default=Path("../shared/article/security-cooperation.txt"))
    parser.add_argument("--reader", help="reader, by name or folder")
    parser.add_argument("--out", type=Path, help="where to write [default: beside the reader's weights]")
    parser.add_argument("--spans-only", action="store_true", help="for models of transformers")
    options = parser.parse_args()
    reader = load_reader(options.reader)
    if options.spans_only:
        reader = SpansOnly(reader)
    stored = asdict(fit(cases(options.article, reader, Embedder())))
    weights = dict(zip(FEATURES, (round(w, 5) for w in stored.pop("weights")), strict=True))
    numbers = {name: round(value, 5) for name, value in stored.items()}
    text = json.dumps({"weights": weights, **numbers}, indent=1) + "\n"
    (options.out or reader.decision).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
