"""A text as tokens: words with their stems, which may be names, and how far apart they stand.

Every rule of the checker works on these. Stems are English; other words are their own stems, and each
character of Chinese, Japanese and Korean script is a token.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from app.suggest.verbs import BASE, BASE_OF_PARTICIPLE, words
from index.words import STOP


def listed(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()


CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
TOKEN = re.compile(
    rf"(?:[A-Za-z]\.){{2,}}|\d+(?:[.,]\d+)*(?:st|nd|rd|th|s)?(?![^\W{CJK}])|[{CJK}]"
    rf"|[^\W\d_{CJK}]+(?:['’](?!s\b)[^\W\d_{CJK}]+)*\d*|\w+|[%$£€¥]|[,;:.!?()“”\"—–]"
)
FUNCTION = STOP | words("""
about after again against all also although among another any because been before being between both but
can could down during each either else even every few here him his however if instead into itself just
less like made make many may me might mine more most much must my neither no nobody none nor not now off
once one only or other others our out over own per rather same several shall she should since so some
still such than then there these those though through thus too toward towards under until up upon us very
we well were whatever whether while whoever within without would yet you your he i them they still yes
according given thanks due amid beyond despite unlike via unless whereas moreover furthermore finally
today later earlier meanwhile nevertheless nonetheless therefore hence additionally first second last
""")
"""Words that tell nothing by themselves; capitals at the beginning of a sentence make no names of them."""
SUFFIXES = listed("""
izations isations ization isation ational ations ation ically ically iveness fulness ments ment nesses
ness ities ity ional ions ion izing ising izes ises ized ised izer ize ise ings ing ically ical ics ic
ally als al ances ance ences ence ancy ency ants ant ents ent ables able ibles ible ively ive ors or ers
er ously ous ably ly ies ied ed es e y s
""")
SUFFIX = re.compile(f"(?:{'|'.join(sorted(set(SUFFIXES), key=lambda s: -len(s)))})$")
IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "lives": "life", "feet": "foot", "died": "die",
    "american": "america", "less": "little", "fewer": "few", "expansion": "expand", "invasion": "invade",
    "decision": "decide", "defence": "defend", "defense": "defend", "reduction": "reduce", "better": "good",
    "production": "produce", "proof": "prove", "belief": "believe", "loss": "lose", "growth": "grow",
    "was": "be",
    "were": "be", "is": "be", "are": "be", "success": "succeed", "agreement": "agree", "percent": "cent",
    "weight": "weigh", "sale": "sell", "payment": "pay", "division": "divide", "choice": "choose",
    "likelihood": "likely", "shrunk": "shrink", "shrank": "shrink", "grown": "grow", "risen": "rise",
    "fallen": "fall", "fell": "fall", "rose": "rise", "widened": "widen", "ability": "able",
    "weakest": "weak",
    "strongest": "strong", "sent": "send", "strength": "strong", "kept": "keep", "held": "hold",
    "destruction": "destroy", "response": "respond", "extension": "extend", "death": "die", "birth": "bear",
    "born": "bear", "arrival": "arrive", "departure": "depart", "introduction": "introduce",
}  # fmt: skip
LEAST_STEM = 3
POSSESSIVE = ("s", "t")
"""What an apostrophe leaves."""
INFLECTED = words("s es ed ing e y ies ied")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign at `[start, end)` of its text. low: in lower case. at: its place, in words, a
    comma counting as one more. capital: begins with a capital; initial: first word of the sentence or
    quotation.
    content: tells something by itself."""

    text: str
    low: str
    stem: str
    start: int
    end: int
    at: int
    capital: bool
    initial: bool
    content: bool


@lru_cache(maxsize=16384)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text in order; punctuation is not among them, and counts in `at`."""
    found: list[Token] = []
    at, initial = 0, True
    for match in TOKEN.finditer(text):
        word = match.group()
        at += 1
        if not (word[0].isalnum() or word[0] in "%$£€¥"):
            initial = word in '.!?:“”"' or (initial and word in "(")
            continue
        low = word.casefold().replace("’", "'")
        content = low not in FUNCTION and low not in POSSESSIVE and not low.endswith("n't")
        capital = word[0].isupper()
        found.append(Token(word, low, stem(low), match.start(), match.end(), at, capital, initial, content))
        initial = False
    return tuple(found)


@lru_cache(maxsize=65536)
def stem(low: str) -> str:
    """What forms of a word have in common: its base form, where it is a known verb's, without its ending."""
    low = IRREGULAR.get(low) or BASE.get(low) or BASE_OF_PARTICIPLE.get(low) or low
    if not low.isascii() or not low.isalpha():
        return low
    if len(low) > LEAST_STEM and low[-1] == "s" and low[-2] not in "siu":
        low = f"{low[:-3]}y" if low.endswith("ies") else low[:-1]
    while len(low) > LEAST_STEM + 1 and (ending := SUFFIX.search(low)):
        if ending.start() < (LEAST_STEM if ending.group() in INFLECTED else LEAST_STEM + 1):
            break
        low = low[: ending.start()]
    return low[:-1] if len(low) > LEAST_STEM + 1 and low[-1] == low[-2] else low
