"""Which word of the source stands for a word of the claim, and whether things are attached to the right ones.

A word's surroundings tell which of two numbers it goes with: what stands near it in the claim should stand
near it in the source, on the same side.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from app.check.tokens import Token
from app.suggest.verbs import BASE, BASE_OF_PARTICIPLE, PAST, words

REACH = 4.0
"""Words over which the pull of a neighbour falls to 1/e."""
OTHER_SIDE = 0.5
"""Weight of a neighbour that stands on the other side in the source."""
BY = frozenset(("by",))
BE = words("was were is are been be being")

Weight = Callable[[str], float]


def matches(claim: Sequence[Token], source: Sequence[Token], same: Mapping[str, str]) -> dict[int, list[int]]:
    """For each telling token of the claim, the source's tokens of the same stem. same: stems of the claim
    that another stem of the source stands for."""
    places: dict[str, list[int]] = {}
    for j, token in enumerate(source):
        if token.content:
            places.setdefault(token.stem, []).append(j)
    return {
        i: places[key]
        for i, token in enumerate(claim)
        if token.content
        and (key := token.stem if token.stem in places else same.get(token.stem, "")) in places
    }


def affinity(
    claim: Sequence[Token], i: int, source: Sequence[Token], j: int, matched: Mapping[int, Sequence[int]],
    weight: Weight, leaving: frozenset[int] = frozenset(),
) -> float:  # fmt: skip
    """How alike the surroundings of the claim's token i and the source's token j are; 0 where they share no
    word. leaving: tokens of the claim that do not count."""
    total = 0.0
    for k, places in matched.items():
        if k == i or k in leaving:
            continue
        near = math.exp(-(abs(claim[k].at - claim[i].at) - 1) / REACH)
        best = max(
            (
                math.exp(-(abs(source[p].at - source[j].at) - 1) / REACH)
                * (1.0 if (p > j) == (k > i) else OTHER_SIDE)
                for p in places
                if p != j
            ),
            default=0.0,
        )
        total += weight(claim[k].stem) * near * best
    return total


def swapped(
    claim: Sequence[Token], source: Sequence[Token], pairs: Sequence[tuple[int, int]],
    matched: Mapping[int, Sequence[int]], weight: Weight, margin: float = 1.1, least: float = 0.05,
) -> tuple[int, int] | None:  # fmt: skip
    """Two of the claim's things that the source attaches the other way round: (i, i'), or None. pairs: (token
    of the claim, the source's token that it agrees with), all of one kind. margin, least: how much better,
    as a
    factor and beside it, they must fit in each other's places."""
    own = frozenset(i for i, _ in pairs)
    for a, (i, j) in enumerate(pairs):
        for k, m in pairs[a + 1 :]:
            if j == m or _beside(claim, i, k) or _beside(source, j, m):
                continue
            kept = affinity(claim, i, source, j, matched, weight, own) + affinity(
                claim, k, source, m, matched, weight, own
            )
            turned = affinity(claim, i, source, m, matched, weight, own) + affinity(
                claim, k, source, j, matched, weight, own
            )
            if turned > margin * kept + least:
                return i, k
    return None


def _beside(tokens: Sequence[Token], i: int, k: int) -> bool:
    """Whether only «and», «or» or a comma stands between two tokens."""
    low, high = sorted((i, k))
    return tokens[high].at - tokens[low].at <= 3 and all(
        t.low in ("and", "or", "to", "the", "between") for t in tokens[low + 1 : high]
    )


def reversed_roles(
    claim: Sequence[Token], source: Sequence[Token], pairs: Sequence[tuple[int, int]],
    matched: Mapping[int, Sequence[int]],
) -> tuple[int, int] | None:  # fmt: skip
    """Two names that stand round a shared verb the other way round: «A praised B» and «B praised A», passive
    voice counted. pairs: (token of the claim, token of the source) of the names."""
    names = {i for i, _ in pairs}
    for i, j in pairs:
        for k, m in pairs:
            if not claim[i].at < claim[k].at <= claim[i].at + 12 or j == m:
                continue
            for v in range(i + 1, k):
                if v in names or v not in matched or not is_verb(claim[v].low):
                    continue
                for w in matched[v]:
                    low, high = sorted((j, m))
                    if not low < w < high or source[high].at - source[low].at > 14:
                        continue
                    passive = _passive(claim, v, k) != _passive(source, w, high)
                    if (j > m) != passive:
                        return i, k
                    return None
    return None


def is_verb(low: str) -> bool:
    """Whether a word is a form of a verb that app/suggest/verbs.py knows."""
    return low in BASE or low in BASE_OF_PARTICIPLE or low in PAST or low.removesuffix("s") in PAST


def _passive(tokens: Sequence[Token], verb: int, until: int) -> bool:
    before = {t.low for t in tokens[max(0, verb - 3) : verb]}
    return any(t.low in BY for t in tokens[verb + 1 : until]) and bool(before & BE | {"by"})


def longest_run(claim: Sequence[Token], source: Sequence[Token]) -> int:
    """Words of the longest run that both have, by stem."""
    best, row = 0, [0] * (len(source) + 1)
    for token in claim:
        last = 0
        for j, other in enumerate(source, 1):
            above, row[j] = row[j], last + 1 if token.stem == other.stem else 0
            last = above
            best = max(best, row[j])
    return best
