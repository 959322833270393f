"""Hard disagreements: what a claim says that its source says otherwise, or does not say, in plain words.

A disagreement refuses a claim whatever its wording. The order is that of the reasons' worth to a reader.
"""

from collections.abc import Iterator

from app.check.align import Weight, affinity, matches, reversed_roles, swapped
from app.check.exclusive import exclusive, units, unsure
from app.check.facts import Number, agrees, lists, rivals
from app.check.names import SIDES, Name, same, spelled_by
from app.check.number_words import MONTHS
from app.check.polarity import AXIS, SHOULD, denies, negated, open_verbs, opposite, unassured
from app.check.quotations import misquoted
from app.check.source import Claim, Source
from app.suggest.verbs import words

RIVAL = 1.6
"""How much better the surroundings of another value must fit before the claim's is taken for misattached."""
SIGN = 1.3
"""The same of a word that says the opposite, where the source has one that agrees, too."""
VERBATIM = 2.0
"""How much more the very word counts than another of its axis, but where the claim has both ends of it."""


def disagreements(claim: Claim, source: Source, weight: Weight) -> Iterator[str]:
    """Why the source does not say this, the most telling reason first; nothing where nothing speaks
    against."""
    matched = matches(claim.tokens, source.tokens, {})
    yield from misquoted(claim, source)
    yield from _numbers(claim, source, matched, weight)
    yield from _names(claim, source, matched, weight)
    yield from units(claim, source)
    yield from _turned(claim, source, matched, weight)
    if word := unassured(claim.tokens, source.assured):
        yield f"the source does not say “{word}”"
    yield from _open(claim, source)
    yield from exclusive(claim, source)
    yield from unsure(claim, source)


def _numbers(claim: Claim, source: Source, matched: dict[int, list[int]], weight: Weight) -> Iterator[str]:
    pairs: list[tuple[int, int]] = []
    listed: set[int] | None = None
    for n in claim.numbers:
        own = [s for s in source.numbers if agrees(n, s)]
        at_first = [s for s in own if s.last < source.first_ends]
        others = [s for s in source.numbers if s not in own and rivals(n, s)]
        if not own:
            if n.kind in ("year", "span", "label", "ordinal") and any(
                agrees(n, s) for s in source.around_numbers
            ):
                continue
            listed = lists(source.text) if listed is None else listed
            if n.small_word and int(n.value) in listed and not _counted(n, others):
                continue
            if n.kind == "ordinal" and not others:
                continue
            yield _wrong_number(n, others, claim, source, matched, weight)
            continue
        fit = {
            s: affinity(claim.tokens, n.first, source.tokens, s.first, matched, weight) for s in own + others
        }
        best = max(own, key=lambda s: fit[s])
        rival = max(others, key=lambda s: fit[s], default=None)
        taken = rival and any(agrees(m, rival) for m in claim.numbers)
        if not at_first and (
            instead := [s for s in others if s.last < source.first_ends and s.unit == n.unit]
        ):
            yield f"the source says {instead[0].text} there, not {n.text}"
        if rival and not taken and fit[rival] > RIVAL * fit[best] + 0.1:
            yield f"the source says {rival.text} there, not {n.text}"
        pairs.append((n.first, best.first))
    for kind in ("year", "count", "label", "span"):
        same_kind = [p for p in pairs if any(n.first == p[0] and n.kind == kind for n in claim.numbers)]
        if crossed := swapped(claim.tokens, source.tokens, same_kind, matched, weight):
            one, other = (claim.tokens[i].text for i in crossed)
            yield f"the source gives {one} and {other} the other way round"


def _counted(n: Number, others: list[Number]) -> bool:
    return any(s.unit == n.unit for s in others)


def _wrong_number(
    n: Number,
    others: list[Number],
    claim: Claim,
    source: Source,
    matched: dict[int, list[int]],
    weight: Weight,
) -> str:
    near = [s for s in others if s.unit == n.unit or n.kind != "count"]
    if near:
        fit = [affinity(claim.tokens, n.first, source.tokens, s.first, matched, weight) for s in near]
        return f"the source says {near[fit.index(max(fit))].text}, not {n.text}"
    return f"the source does not say {n.text}"


def bears(name: Name, there: list[Name], source: Source, words: frozenset[str]) -> bool:
    """Whether a text with these names and words bears the claim's name."""
    if any(same(name.form, other.form) for other in there) or name.form in words:
        return True
    if any(name.form in source.acronyms.get(other.form, ()) for other in there):
        return True
    long = source.acronyms.get(name.form.removesuffix("s"))
    if long and len(long & words) >= len(long) - 1:
        return True
    if name.text.isupper() and len(name.text) > 1:
        order = [t.low for t in (*source.tokens, *source.around)]
        return spelled_by(order, name.text.casefold())
    return False


def _names(claim: Claim, source: Source, matched: dict[int, list[int]], weight: Weight) -> Iterator[str]:
    around = frozenset(w for t in source.around for w in (t.low, t.stem))
    pairs: list[tuple[int, int]] = []
    strange = [
        s for s in source.names if s.form not in MONTHS and not any(same(n.form, s.form) for n in claim.names)
    ]
    for name in claim.names:
        if bears(name, source.names, source, source.words):
            own = [s for s in source.names if same(name.form, s.form)]
            if own:
                best = max(own, key=lambda s: affinity(claim.tokens, name.first, source.tokens, s.first,
                                                       matched, weight))  # fmt: skip
                pairs.append((name.first, best.first))
                kept = affinity(claim.tokens, name.first, source.tokens, best.first, matched, weight)
                for other in source.names:
                    if same(name.form, other.form) or _partly(name, other):
                        continue
                    if affinity(claim.tokens, name.first, source.tokens, other.first, matched, weight) > (
                        RIVAL_NAME * kept + 0.6
                    ):
                        yield f"the source says {other.text} there, not {name.text}"
                        break
            continue
        if not name.sure and claim.tokens[name.first].stem in source.words | around:
            continue
        if bears(name, source.around_names, source, around):
            if found := _in_place_of(name, strange, claim, source, matched, weight, SUBSTITUTE):
                yield f"the source says {found.text}, not {name.text}"
        elif found := _in_place_of(
            name, strange, claim, source, matched, weight, 0.3 if name.sure else UNSURE
        ):
            yield f"the source says {found.text}, not {name.text}"
        elif name.sure:
            yield f"the source does not name {name.text}"
    if (crossed := reversed_roles(claim.tokens, source.tokens, pairs, matched)) or (
        crossed := swapped(claim.tokens, source.tokens, pairs, matched, weight, TURNED, 0.6)
    ):
        a, b = (claim.tokens[i].text for i in crossed)
        yield f"the source says it of {a} and {b} the other way round"


RIVAL_NAME = 3.0
"""How much better another name's surroundings must fit."""
TURNED = 2.2
"""How much better two names must fit in each other's places."""
MISPLACED = 0.3
"""Fit of a name of the source from which on the reason says it in place of the claim's."""
UNSURE = 1.0
"""Fit of a name of the sentence from which on a first word, which may be none, is taken for put in its
place."""
SUBSTITUTE = 0.8
"""Fit of another name of the sentence from which on a name of the sentence before is taken for put in its
place."""


def _in_place_of(
    name: Name, strange: list[Name], claim: Claim, source: Source, matched: dict[int, list[int]],
    weight: Weight,
    least: float,
) -> Name | None:  # fmt: skip
    """The one of these names of the source whose surroundings fit the claim's name best, `least` at least."""
    fit = [affinity(claim.tokens, name.first, source.tokens, s.first, matched, weight) for s in strange]
    return strange[fit.index(max(fit))] if fit and max(fit) > least else None


def _partly(name: Name, other: Name) -> bool:
    """Whether one name has the other in it: Korea in South Korea."""
    return bool(set(name.form.split("_")) & set(other.form.split("_")))


def _turned(claim: Claim, source: Source, matched: dict[int, list[int]], weight: Weight) -> Iterator[str]:
    ours, theirs = negated(claim.tokens), negated(source.tokens)
    explained = any(denies(t) for t in source.tokens)
    for i, token in enumerate(claim.tokens):
        if (
            not token.low[0].isalpha()
            or (not token.content and token.low not in AXIS)
            or (token.capital and token.low in SIDES)
        ):
            continue
        fits: dict[bool, tuple[float, int]] = {}
        both_ends = any(opposite(token, other) for other in claim.tokens)
        for j, other in enumerate(source.tokens):
            against = opposite(token, other)
            if against is None:
                continue
            turned = against != (ours[i] != theirs[j] and _alone(claim, i, ours[i], source, j))
            if turned and token.low in ORDERED and _exchanged(claim, i, source, j):
                continue
            fit = affinity(claim.tokens, i, source.tokens, j, matched, weight) + 0.05
            if token.stem == other.stem and not turned and not both_ends:
                fit *= VERBATIM
            if turned not in fits or fit > fits[turned][0]:
                fits[turned] = fit, j
        explained = explained or (ours[i] and False in fits)
        if True in fits and fits[True][0] > SIGN * fits.get(False, (0.0, 0))[0] and fits[True][0] > 0.15:
            j = fits[True][1]
            said = f"not {source.tokens[j].text}" if theirs[j] else source.tokens[j].text
            mine = f"not {token.text}" if ours[i] else token.text
            yield f"the source says “{said}” where this says “{mine}”"
            return
    if any(ours) and not explained:
        yield "this denies something, and the source does not"


ORDERED = words("before after prior following")
"""What says the same with its two sides exchanged: «A after B» is «B before A»."""


NEARBY = 7
"""Words around a word in which another word may deny it, in other terms."""


def _alone(claim: Claim, i: int, ours: bool, source: Source, j: int) -> bool:
    """Whether the side that does not negate a word has nothing near it that may deny it. The word itself is
    no denial beside it: «not likely» is «unlikely», which is one end of an axis already."""
    tokens, at = (source.tokens, source.tokens[j].at) if ours else (claim.tokens, claim.tokens[i].at)
    return not any(denies(t) for t in tokens if 0 < abs(t.at - at) <= NEARBY)


def _exchanged(claim: Claim, i: int, source: Source, j: int) -> bool:
    right = [t.stem for t in claim.tokens[i + 1 :] if t.content][:2]
    left = [t.stem for t in source.tokens[:j] if t.content][-2:]
    return bool(set(right) & set(left))


def _open(claim: Claim, source: Source) -> Iterator[str]:
    done = {
        claim.tokens[k + 1].stem
        for k, t in enumerate(claim.tokens[:-1])
        if t.low in ("have", "has", "had") and not (k and claim.tokens[k - 1].low in SHOULD)
    }
    for stem in sorted(done & open_verbs(source.tokens)):
        yield f"the source does not say that this has happened (“{stem}…”)"
