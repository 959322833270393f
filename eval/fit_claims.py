"""Fit how surely a source supports a claim: python -m eval.fit_claims [--article FILE] [--data FOLDER].

A logistic regression on the claims of the tuning halves that no hard disagreement refuses; the threshold
is the lowest with MOST_WRONG of the claims shown being changed ones, by cross-validation in which a claim
and its changed versions stay together. With --data, the odd rows of WiCE too. Writes app/check/support.json.
The reporting halves are not looked at. The weights stored were fitted before the set «development» was
written: fitted on it, too, they were no better on its article kept unseen (LOG.md).
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from app.check.checker import Checker, plain
from app.check.source import Claim
from app.check.support import FEATURES, STORED
from eval.bench.claims import Case, every_passage, hits_of, library_of, load_wice, sets_of_claims
from index.embed import Embedder

STRENGTH = 0.3
"""C of the regression."""
MOST_WRONG = 0.05
"""Share of the claims shown that may be wrong, on the tuning halves: one shown with a source that does not
say it is worse than a true one left out."""
LEAST_RECALL = 0.6
"""Share of the true claims that must be shown all the same."""


@dataclass(frozen=True)
class Seen:
    """A claim of the tuning half as the checker sees it. group: what stays together in cross-validation."""

    case: Case
    features: tuple[float, ...] | None
    refused: bool
    group: str


def seen(article: Path | None, data: Path | None) -> list[Seen]:
    """Every claim that may be fitted on."""
    embedder = Embedder()
    found: list[Seen] = []
    for name, documents, cases in sets_of_claims(article):
        with library_of(documents, embedder) as library:
            checker = Checker(library)
            for case in cases:
                if case.half == "tuning":
                    weighed = checker.weigh(Claim(plain(case.claim)), hits_of(library, case.claim))
                    place = f"{name}:{case.evidence.start if case.evidence else case.id}"
                    features, reason = (weighed.features, weighed.reason) if weighed else (None, "nothing")
                    found.append(Seen(case, features, reason is not None, place))
    for case, document in load_wice(data) if data else ():
        if case.half == "tuning":
            with library_of([document], embedder) as library:
                hits = every_passage(library, document.id)
                weighed = Checker(library).weigh(Claim(plain(case.claim)), hits)
                if weighed:
                    found.append(Seen(case, weighed.features, weighed.reason is not None, case.id))
    return found


def fit(claims: list[Seen]) -> dict:
    """Weights, bias and threshold; prints what cross-validation gives."""
    free = [c for c in claims if not c.refused and c.features is not None]
    x = np.array([c.features for c in free])
    y = np.array([c.case.supported for c in free])
    groups = np.array([c.group for c in free])
    center, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=5000)
    held_out = cross_val_predict(
        model, (x - center) / scale, y, groups=groups, cv=GroupKFold(10), method="predict_proba"
    )[:, 1]
    true = sum(c.case.supported for c in claims)
    print(f"{len(claims)} claims, {true} of them true; refused by a hard disagreement: "
          f"{sum(c.refused and not c.case.supported for c in claims)} changed and "
          f"{sum(c.refused and c.case.supported for c in claims)} true ones; AUROC of the others "
          f"{roc_auc_score(y, held_out):.3f}")  # fmt: skip
    threshold = _threshold(held_out, y, true)
    model.fit((x - center) / scale, y)
    weights = model.coef_[0] / scale
    for name, weight, scaled in zip(FEATURES, weights, model.coef_[0], strict=True):
        print(f"  {name:<16}{weight:8.3f}  ({scaled:+.2f} a standard deviation)")
    bias = float(model.intercept_[0] - weights @ center)
    return {
        "weights": dict(zip(FEATURES, (round(float(w), 5) for w in weights), strict=True)),
        "bias": round(bias, 5),
        "threshold": round(threshold, 3),
    }


def _threshold(held_out: np.ndarray, y: np.ndarray, true: int) -> float:
    """The lowest threshold with MOST_WRONG, or else the most precise one that keeps LEAST_RECALL."""
    table = []
    for threshold in np.arange(0.2, 0.95, 0.01):
        shown = held_out >= threshold
        precision, recall = float(y[shown].mean()) if shown.any() else 0.0, float(y[shown].sum() / true)
        table.append((float(threshold), precision, recall))
    kept = [row for row in table if row[2] >= LEAST_RECALL] or table[:1]
    good = [row for row in kept if row[1] >= 1 - MOST_WRONG]
    chosen = good[0] if good else max(kept, key=lambda row: row[1])
    print(f"threshold {chosen[0]:.2f}: precision {chosen[1]:.3f}, recall {chosen[2]:.3f} (cross-validated)")
    return chosen[0]


def main() -> None:
    """Fit and store the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--article", type=Path, help="the article, whose set is left out without it")
    parser.add_argument("--data", type=Path, help="folder of wice.jsonl.gz, which is left out without it")
    parser.add_argument("--out", type=Path, default=STORED)
    options = parser.parse_args()
    fitted = fit(seen(options.article, options.data))
    options.out.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
