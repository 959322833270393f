"""Words of which one rules the others out, and what a source says only as somebody's opinion."""

from collections.abc import Iterator

from app.check.align import is_verb
from app.check.source import Claim, Source
from app.check.tokens import Token
from app.suggest.verbs import words

GROUPS = tuple(
    words(group)
    for group in (
        "january february march april may june july august september october november december",
        "spring summer autumn winter",
        "monday tuesday wednesday thursday friday saturday sunday",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
        "thousand million billion trillion",
        "black white red blue green yellow brown",
        "father mother son daughter brother sister uncle aunt nephew niece husband wife cousin widow widower",
        "daily weekly monthly yearly",
        "morning afternoon evening night",
    )
)
"""Of the words of a group a thing is one only."""
PROPER = words("march may second")
"""Members that are other words, too: a month has a capital, a second that counts stands behind «the»."""
TIMES = {
    word: unit
    for unit, forms in {
        "second": "second seconds", "minute": "minute minutes", "hour": "hour hours hourly",
        "day": "day days daily", "week": "week weeks weekly", "month": "month months monthly",
        "year": "year years yearly annual annually", "decade": "decade decades",
        "century": "century centuries",
    }.items()
    for word in forms.split()
}  # fmt: skip
"""Units of time: «a week» is not borne out by «a day»."""
OPINION = words("""
believe believes believed think thinks thought suspect suspects suspected hope hopes hoped fear fears feared
claim claims claimed allege alleges alleged assume assumes assumed suppose supposes supposed
""")
"""Verbs behind which something is no fact yet."""
TELLS = OPINION | words("""
may might could would should perhaps probably possibly maybe likely reportedly allegedly apparently seem seems
seemed according say says said view opinion whether if expect expects expected unclear uncertain doubt doubts
worry worries worried concern concerned argue argues argued insist insists insisted told tell tells wrote
write writes belief assumption suspicion want wants wanted
""")
"""Words with which a claim tells that it is somebody's opinion, or unsure."""


def exclusive(claim: Claim, source: Source) -> Iterator[str]:
    """A word of a group where the source has others of it only: «winter» for «summer»."""
    ours, theirs = _members(claim.tokens), _members(source.tokens)
    near = _members(source.around)
    for group in GROUPS:
        own, there = ours & group, theirs & group
        if own and there and not own & (there | near) and there - ours:
            yield f"the source says “{min(there)}”, not “{min(own)}”"


def units(claim: Claim, source: Source) -> Iterator[str]:
    """A unit of time where the source has others only."""
    there = {TIMES[t.low]: t.text for t in source.tokens if t.low in TIMES}
    near = {TIMES[t.low] for t in source.around if t.low in TIMES}
    for token in claim.tokens:
        unit = TIMES.get(token.low)
        if unit and there and unit not in there and unit not in near:
            yield f"the source says {next(iter(there.values()))}, not {token.text}"


def _members(tokens: tuple[Token, ...]) -> set[str]:
    found = set()
    for i, token in enumerate(tokens):
        behind_the = i > 0 and tokens[i - 1].low == "the"
        if token.low not in PROPER or (behind_the if token.low == "second" else token.capital and i):
            found.add(token.low)
    return found


def unsure(claim: Claim, source: Source) -> Iterator[str]:
    """A claim that states what the source's first sentence has behind «believed that» and the like."""
    if any(t.low in TELLS for t in claim.tokens):
        return
    mine = {t.stem for t in claim.tokens if t.content and is_verb(t.low)}
    first = source.tokens[: source.first_ends]
    at = next((i for i in range(1, len(first) - 1) if _thinks(first, i)), None)
    if at is None or not mine:
        return
    before = {t.stem for t in first[:at]}
    behind = {t.stem for t in first[at + 1 :]}
    if mine & behind and not mine & before:
        yield f"the source says only that somebody “{first[at].text}” it"


def _thinks(tokens: tuple[Token, ...], i: int) -> bool:
    """Whether a word is a verb with a sentence behind it: not «thought of it», nor «the claim»."""
    return (
        tokens[i].low in OPINION
        and tokens[i + 1].low not in ("of", "about", "for", "to")
        and tokens[i - 1].low not in ("the", "a", "an", "no", "this", "their", "his", "her", "its")
    )
