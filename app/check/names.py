"""Names of a claim: which words are names, and whether a text bears them, under any of their forms.

Acronyms are known by their long form in the documents, peoples by their countries.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.check.number_words import ROMAN
from app.check.tokens import FUNCTION, Token, stem
from app.suggest.verbs import words

ALIASES = {
    name: canon
    for canon, names in {
        "america": "us usa u.s u.s.a america american americans united_states",
        "britain": "uk u.k britain british britons united_kingdom great_britain",
        "south_korea": "rok south_korea south_korean south_koreans seoul",
        "north_korea": "dprk north_korea north_korean north_koreans pyongyang",
        "japan": "japan japanese tokyo", "china": "china chinese prc beijing",
        "russia": "russia russian moscow",
        "ussr": "soviet ussr soviet_union", "un": "un u.n united_nations", "eu": "eu european_union",
        "france": "france french", "netherlands": "netherlands dutch holland",
        "switzerland": "switzerland swiss",
        "greece": "greece greek greeks", "denmark": "denmark danish danes",
        "spain": "spain spanish spaniards",
        "wales": "wales welsh", "ireland": "ireland irish", "poland": "poland polish poles",
        "turkey": "turkey turkish turks", "sweden": "sweden swedish", "england": "england english",
        "scotland": "scotland scottish", "germany": "germany german germans",
        "portugal": "portugal portuguese",
        "norway": "norway norwegian", "thailand": "thailand thai",
        "philippines": "philippines filipino filipinos",
        "oplan": "oplan", "sdf": "sdf", "ww2": "wwii ww2", "ww1": "wwi ww1",
    }.items()
    for name in names.split()
}  # fmt: skip
SIDES = words("north south east west northern southern eastern western")
TITLES = words("""
mr mrs ms dr sir lord lady st saint captain king queen president professor general
""")
PEOPLE = re.compile(r"(?:n|ns|an|ans|ian|ians|ean|eans|ese|ish|s|i|is)?")
LONG_FORM = re.compile(r"\(([A-Z][A-Za-z]{1,9}s?)(?:\)|\s| or )")
UNITED = words("states kingdom nations union britain")


@dataclass(frozen=True, slots=True)
class Name:
    """A word of a name. form: lower case, with its side of the world («south_korea»), or the canonical
    one of a country. first, last: indices of its tokens. sure: not just the capital of a first word."""

    form: str
    text: str
    first: int
    last: int
    sure: bool = True


def names_of(tokens: Sequence[Token]) -> list[Name]:
    """The words of names among the tokens, in order."""
    found: list[Name] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        following = tokens[i + 1] if i + 1 < len(tokens) and tokens[i + 1].at == token.at + 1 else None
        if token.capital and (token.low in SIDES or token.low in ("united", "soviet", "european", "great")):
            joint = (
                f"{token.low.removesuffix('ern')}_{following.low}" if following and following.capital else ""
            )
            if joint and (token.low in SIDES or following.low in UNITED):  # type: ignore[union-attr]
                text = f"{token.text} {following.text}"  # type: ignore[union-attr]
                found.append(Name(canonical(joint), text, i, i + 1))
                i += 2
                continue
        if is_name(tokens, i):
            sure = not token.initial or (token.text.isupper() and len(token.text) > 1)
            sure = sure or bool(following and following.capital and following.low not in FUNCTION)
            found.append(Name(canonical(token.low), token.text, i, i, sure))
        i += 1
    return found


def is_name(tokens: Sequence[Token], i: int) -> bool:
    """Whether the token is a name's word, as its capital says."""
    token = tokens[i]
    if not token.capital or token.low in TITLES or token.low[0].isdigit():
        return False
    if token.text == "I" or (len(token.text) == 1 and i and tokens[i - 1].capital):
        return False
    if token.low in FUNCTION or token.low.endswith("n't"):
        return token.text in ("US", "UN", "IT", "WHO")
    return token.text not in ROMAN


def canonical(low: str) -> str:
    """One form for a country, its people and its capital, else the same without a plural's ending."""
    low = low.strip(".")
    return ALIASES.get(low) or low


def same(first: str, second: str) -> bool:
    """Whether two forms may name the same: Korea and Koreans, Maillard and Maillard's."""
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if "_" in long and short in ("north", "south", "east", "west"):
        return long.startswith(short + "_")
    if "_" in first or "_" in second:
        return False
    for base in (short, short.rstrip("ae")):
        if len(base) >= 4 and long.startswith(base) and PEOPLE.fullmatch(long[len(base) :]):
            return True
    return stem(first) == stem(second) and len(first) > 4


def acronyms(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Acronyms that the texts explain, «Long Form (LF)», with the words of the long form; lower case."""
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        for match in LONG_FORM.finditer(text):
            letters = match.group(1).rstrip("s").casefold()
            words = re.findall(r"[A-Za-z]+", text[max(0, match.start() - 120) : match.start()])[-8:]
            for at in range(len(words)):
                initials = "".join(w[0] for w in words[at:] if w.casefold() not in FUNCTION).casefold()
                if words[at][0].isupper() and (initials == letters or _spread(letters, initials)):
                    found[letters] = frozenset(
                        w.casefold() for w in words[at:] if w.casefold() not in FUNCTION
                    )
                    break
    return found


def _spread(letters: str, initials: str) -> bool:
    """TSCF of Trilateral Security Cooperation Framework, and JSDF of Japan Self-Defense Forces."""
    return len(initials) > 1 and initials in (letters, letters.replace("-", ""))


def spelled_by(words: Sequence[str], letters: str) -> bool:
    """Whether some words in a row have these initials, function words aside: UNCR of UN Command-Rear."""
    initials = "".join(w[0] for w in words if w not in FUNCTION)
    return len(letters) >= 3 and letters in initials
