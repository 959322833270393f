"""Is a claim borne out by the passages shown, and by which sentences?

    candidates ─ choose one to three sentences ─ hard disagreements ─ weigh ─ Verdict

A claim is one sentence that a language model wrote. English in full; of other languages numbers, names in
Latin script and quotations are checked, and the rest rests on cosine and shared words.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from app.check.alike import Alike
from app.check.dependent import repeats
from app.check.disagree import bears, disagreements
from app.check.names import acronyms
from app.check.source import Candidate, Claim, Source, found_numbers, marked_sentences, near
from app.check.support import features_of, load_weighing, strange
from index.library import Library
from index.search import Hit
from ingest.document import Span
from ingest.passages import Passage

LONGEST = 1500
"""Characters of a claim; a longer one is no sentence."""
MOST_SENTENCES = 3
CLOSELY = 14
"""Candidates, by cosine and shared words, that are looked at closely."""
GAIN = 0.1
"""Share of the claim that a further sentence must add."""
OWN = 0.45
"""Share of the claim that a sentence from elsewhere must hold by itself: names and numbers must not be
borrowed from places that speak of other things."""
HINT = 0.03
"""What the model's own marker adds to a passage's sentences."""
VETOED = 0.25
"""By what the score of a claim with a hard disagreement is multiplied."""
REMEMBERED = 2000
"""Passages whose sentence vectors are kept."""
MARKERS = re.compile(r"\[\^?\d[\d,\s–-]*\]|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08]")

SAYS_NOTHING = "this says nothing that could be checked"
TOO_LONG = "this is too long to be checked as one sentence"
NOT_FOUND = "nothing in the documents says this"
IN_PART = "the documents say this in part only; no source has “{}”"


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence that supports the claim. span: offsets in the document. score: cosine to the claim."""

    passage: Passage
    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """score: probability that the claim is supported. supports: the sentences that do, the best first; none
    where it is not, and then reason says why in plain words."""

    score: float
    supports: tuple[Support, ...]
    reason: str | None


@dataclass(frozen=True)
class Weighed:
    """The source chosen for a claim. features: see app/check/support.py. reason: a hard disagreement."""

    source: Source
    features: tuple[float, ...]
    reason: str | None


class Checker:
    """Checks claims against passages of one library.

    The reader has no part in it: its logits on the chosen sentences, trained on questions, raised the AUROC
    of the claims without a hard disagreement from 0.704 to 0.708 (tuning halves), for 20 ms a claim.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._alike = Alike()
        self._vectors: OrderedDict[str, np.ndarray] = OrderedDict()
        self._guard = Lock()

    def check(self, claim: str, hits: Sequence[Hit], marked: Sequence[Passage] = ()) -> Verdict:
        """Whether a sentence of the hits or of their linked passages supports the claim.

        marked: passages that the model named for it, which is a hint for the order only.
        """
        text = plain(claim)
        if len(text) > LONGEST:
            return Verdict(0.0, (), TOO_LONG)
        asked = Claim(text)
        if repeats(text) or not (asked.telling or asked.numbers):
            return Verdict(0.0, (), SAYS_NOTHING)
        weighed = self.weigh(asked, hits, marked)
        if weighed is None:
            return Verdict(0.0, (), NOT_FOUND)
        weighing = load_weighing()
        score = weighing.probability(weighed.features)
        if weighed.reason is None and score >= weighing.threshold:
            supports = (Support(c.passage, c.span, c.cosine) for c in weighed.source.sentences)
            return Verdict(score, tuple(supports), None)
        missing = self._missing(asked, weighed.source)
        if weighed.reason is None:
            return Verdict(score, (), missing)
        return Verdict(score * VETOED, (), weighed.reason if score >= weighing.threshold / 4 else missing)

    def _missing(self, claim: Claim, source: Source) -> str:
        """What the nearest sentences lack of the claim."""
        gaps = [t.text for i in claim.telling if (t := claim.tokens[i]).stem not in source.words]
        covered = 1 - len(gaps) / max(1, len(claim.telling))
        return IN_PART.format("”, “".join(gaps[:3])) if gaps and covered >= 0.5 else NOT_FOUND

    def weigh(self, claim: Claim, hits: Sequence[Hit], marked: Sequence[Passage] = ()) -> Weighed | None:
        """The source chosen for the claim, with its features; None where nothing was shown."""
        passages = {p.id: p for hit in hits for p in (hit.passage, *hit.linked)}
        if not passages:
            return None
        (vector,) = self.library.embedder.passages([claim.text])
        every = list(self._candidates(vector, list(passages.values())))
        if not every:
            return None
        seen = frozenset(s for c in every for s in c.stems)
        weight = _weights(claim, every)
        hinted = {p.id for p in marked}
        known = acronyms(tuple(p.text for p in passages.values()))

        def first_look(c: Candidate) -> float:
            shared = sum(
                weight[claim.tokens[i].stem] for i in claim.telling if claim.tokens[i].stem in c.stems
            )
            whole = sum(weight[claim.tokens[i].stem] for i in claim.telling) or 1.0
            return c.cosine + 0.5 * shared / whole + HINT * (c.passage.id in hinted)

        close = sorted(every, key=first_look, reverse=True)[:CLOSELY]
        look = {c.key: first_look(c) for c in close}
        sharp = sorted(close, key=lambda c: -look[c.key] - 0.3 * self._facts(claim, Source((c,), known)))
        source = self._grown(claim, self._after(sharp[0]), close, weight, known)
        reason = next(disagreements(claim, source, lambda s: weight.get(s, 1.0)), None)
        reason = reason or strange(claim, source, self._alike)
        return Weighed(source, features_of(claim, source, seen, weight, self._alike), reason)

    def _after(self, c: Candidate) -> Candidate:
        """The same with the sentence before it, where that is the last one of another passage."""
        if c.before or c.passage.kind != "body" or not c.passage.position:
            return c
        earlier = self.library.catalog.passage_at(c.passage.document_id, max(0, c.span.start - 3))
        if earlier is None or not earlier.sentences or earlier.kind != "body":
            return c
        return replace(c, before=earlier.plain(earlier.sentences[-1]))

    def _facts(self, claim: Claim, source: Source) -> float:
        """Share of the claim's numbers and names that a source bears; 1 for a claim without any."""
        facts = len(claim.numbers) + len(claim.names)
        borne = len(found_numbers(claim, source.tokens))
        borne += sum(bears(n, source.names, source, source.words) for n in claim.names)
        return borne / facts if facts else 1.0

    def _grown(
        self,
        claim: Claim,
        first: Candidate,
        close: Sequence[Candidate],
        weight: dict[str, float],
        known: dict[str, frozenset[str]],
    ) -> Source:
        """The first sentence, and up to two more, each of which adds GAIN of the claim at least."""
        source = Source((first,), known)
        while len(source.sentences) < MOST_SENTENCES:
            have = self._held(claim, source, weight)
            keys = {c.key for c in source.sentences}
            further = [
                Source((*source.sentences, c), known)
                for c in close
                if c.key not in keys
                and (near(first, c) or self._held(claim, Source((c,), known), weight) >= OWN)
            ]
            if not further:
                break
            gains = [self._held(claim, s, weight) - have for s in further]
            if max(gains) < GAIN:
                break
            source = further[gains.index(max(gains))]
        return source

    def _held(self, claim: Claim, source: Source, weight: dict[str, float]) -> float:
        """Share of the claim's words, numbers and names, by weight, that the source holds."""
        words = [claim.tokens[i].stem for i in claim.telling]
        whole = sum(weight[w] for w in words) + 1.5 * len(claim.numbers)
        held = sum(weight[w] for w in words if w in source.words)
        return (held + 1.5 * len(found_numbers(claim, source.tokens))) / (whole or 1.0)

    def _candidates(self, vector: np.ndarray, passages: Sequence[Passage]) -> Iterator[Candidate]:
        kept = self._sentence_vectors([p.id for p in passages])
        referring = {
            label: p.plain(s) for p in passages if p.kind == "body" for label, s in marked_sentences(p)
        }
        ends = {
            (p.document_id, p.position, p.kind): p.plain(p.sentences[-1]) for p in passages if p.sentences
        }
        for p in passages:
            rows = kept.get(p.id)
            before = referring.get(p.label or "", "") or ends.get((p.document_id, p.position - 1, p.kind), "")
            for i, span in enumerate(p.sentences):
                text = p.plain(span)
                cosine = float(rows[i] @ vector) if rows is not None and i < len(rows) else 0.0
                yield Candidate(p, span, text, before, cosine)
                before = text

    def _sentence_vectors(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        with self._guard:  # answers are written, and so checked, by many threads
            found = {name: self._vectors[name] for name in ids if name in self._vectors}
        if missing := [name for name in ids if name not in found]:
            found |= self.library.catalog.sentence_vectors(missing)
        with self._guard:
            for name, vectors in found.items():
                self._vectors[name] = vectors
                self._vectors.move_to_end(name)
            while len(self._vectors) > REMEMBERED:
                self._vectors.popitem(last=False)
        return found


def _weights(claim: Claim, every: Sequence[Candidate]) -> dict[str, float]:
    """How telling each stem of the claim is among the sentences shown: 0.3 for one in every sentence, 1 for
    one
    in none."""
    n = len(every)
    found: dict[str, float] = {}
    for token in claim.tokens:
        have = sum(token.stem in c.stems for c in every)
        found[token.stem] = max(0.3, math.log((n + 1) / (have + 0.5)) / math.log((n + 1) / 0.5))
    return found


def plain(claim: str) -> str:
    """The claim without markers, invisible characters and needless white space."""
    return " ".join(MARKERS.sub(" ", claim).split())
