"""How surely a source supports a claim, where no hard fact speaks against it: features and their regression.

The weights come from `python -m eval.fit_claims`, fitted on the tuning halves of the sets of claims.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from app.check.align import longest_run, matches
from app.check.polarity import NEGATORS, SHOULD
from app.check.source import Claim, Source, Words
from ingest.errors import ModelError

STORED = Path(__file__).parent / "support.json"
FEATURES = ("cosine", "covered", "unseen", "run", "disorder", "negated", "modals", "item", "length")
"""cosine: of the best sentence to the claim. covered: share of the claim's telling words, by weight, that the
source has, words of like meaning in part. unseen: share that stands in no sentence shown. run: longest run of
words in common, as a share of the claim. disorder: share of the pairs of shared words that stand in another
order. negated: 1 where only the claim has a negation. modals: how many more or fewer the claim has. item: 1
where a thing in a list of the claim has no word in the source and its neighbour has. length: logarithm of the
number of telling words.

Left out, since cross-validation was as good or better without them: what stands around the source, the two
words covered least, names in another order or of the sentence before, the number of sentences (LOG.md)."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """weights: of FEATURES. threshold: the least probability that counts as support."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def probability(self, features: Sequence[float]) -> float:
        """Probability that the claim is supported."""
        score = self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


@cache
def load_weighing(path: Path = STORED) -> Weighing:
    """The stored weights. Raises ModelError where they are damaged."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        weights = tuple(float(stored["weights"][name]) for name in FEATURES)
        return Weighing(weights, float(stored["bias"]), float(stored["threshold"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} cannot be used ({error}); restore it, or run eval/fit_claims.py") from error


def features_of(
    claim: Claim, source: Source, seen: frozenset[str], weight: Mapping[str, float], alike: Words,
) -> tuple[float, ...]:  # fmt: skip
    """The features, in the order of FEATURES. seen: stems of everything shown. weight: of a stem. alike: how
    alike two words are."""
    tokens = [claim.tokens[i] for i in claim.telling]
    weights = [weight.get(t.stem, 1.0) for t in tokens]
    total = sum(weights) or 1.0
    inside = {t.stem for t in source.tokens}
    telling = {t.low for t in source.tokens if t.content}
    credit = [
        1.0 if t.stem in inside else max((alike(t.low, word) for word in telling), default=0.0)
        for t in tokens
    ]
    return (
        max(c.cosine for c in source.sentences),
        sum(w * c for w, c in zip(weights, credit, strict=True)) / total,
        sum(w for t, w in zip(tokens, weights, strict=True) if t.stem not in seen) / total,
        longest_run(claim.tokens, source.tokens) / max(1, len(claim.tokens)),
        _disorder(claim, source),
        float(_count(claim, NEGATORS) > 0 and not _count(source, NEGATORS)),
        abs(_count(claim, SHOULD) - _count(source, SHOULD)),
        float(_lonely_item(claim, dict(zip((t.start for t in tokens), credit, strict=True)))),
        math.log(1 + len(tokens)),
    )


def strange(claim: Claim, source: Source, alike: Words) -> str | None:
    """A reason where the claim ends with a word that the source has nothing like, for what is new in a
    sentence stands at its end; or has MOST_STRANGE such words in a row.

    Of the tuning halves' claims without another disagreement the first refuses 9 changed ones and 2 true
    ones, the second 3 and none (LOG.md)."""
    around = {t.stem for t in source.around}
    run: list[str] = []
    for i in claim.telling:
        token = claim.tokens[i]
        near = (
            1.0
            if token.stem in source.words or token.stem in around
            else max((alike(token.low, t.low) for t in source.tokens if t.content), default=0.0)
        )
        if (
            near < STRANGE_END
            and i == claim.telling[-1]
            and i >= len(claim.tokens) - 2
            and token.low not in ENDS
        ):
            return f"no source has “{token.text}”"
        run = [*run, token.text] if near < UNLIKE else []
        if len(run) == MOST_STRANGE:
            return f"no source has “{'”, “'.join(run)}”"
    return None


ENDS = frozenset(("away", "far", "ahead", "back", "apart", "alike", "together", "instead"))
"""Last words that carry nothing new."""
STRANGE_END = 0.3
"""Likeness below which the last word counts as new."""
MOST_STRANGE = 3


def _count(text: Claim | Source, words: frozenset[str]) -> float:
    return float(min(2, sum(t.low in words or t.low.endswith("n't") for t in text.tokens)))


def _disorder(claim: Claim, source: Source) -> float:
    """Share of pairs of shared words, each at its first place, in another order than the claim's."""
    order = [places[0] for _, places in sorted(matches(claim.tokens, source.tokens, {}).items())]
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :] if a != b]
    return sum(a > b for a, b in pairs) / len(pairs) if pairs else 0.0


def _lonely_item(claim: Claim, credit: Mapping[int, float]) -> bool:
    """Whether a list has an item without a word of the source, beside one with all of them. credit: of the
    telling words, by where they begin."""
    items: list[list[float]] = [[]]
    last = None
    for token in claim.tokens:
        if token.low in ("and", "or") or (last is not None and token.at > last.at + 1):
            items.append([])
        if token.start in credit:
            items[-1].append(credit[token.start])
        last = token
    pairs = list(pairwise(item for item in items if item))
    return any(
        (max(b[:2]) < UNLIKE and a[-1] == 1.0) or (max(a[-2:]) < UNLIKE and b[0] == 1.0) for a, b in pairs
    )


UNLIKE = 0.4
"""Likeness below which a word has none like it."""
