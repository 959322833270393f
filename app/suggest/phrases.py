"""What may stand in a suggested question: phrases that say by themselves what they mean.

Knows nothing of documents; a text here is one line of plain prose.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from app.suggest.verbs import BASE, BASE_OF_PARTICIPLE, PRESENT, words

MONTH = (
    "January|February|March|April|May|June|July|August|September|October|November|December|spring|summer"
    "|autumn|winter"
)
YEAR = r"(?:1\d{3}|20\d\d)"
DATE = (
    r"(?:(?:about|around) )?(?:the )?(?:(?:early|mid|late)[ -])?"
    rf"(?:(?:\d{{1,2}} )?(?:{MONTH})(?: \d{{1,2}})?,? (?:of )?{YEAR}\b"
    rf"|{YEAR}[-–]\d\d(?:\d\d)?\b|{YEAR}(?:s| BC| AD| CE| BCE)?\b(?!\s?[-–—/%]|,\d)"
    r"|\d{1,3} (?:BC|AD|BCE|CE)\b|(?:\d\d?(?:st|nd|rd|th)|[a-z]+(?:st|nd|rd|th)|[a-z]+-[a-z]+) century)"
)
"""A date that names a century at least; the pattern has no groups."""
AFTER_DATE = (
    r"(?=$|[,.;:)]| (?:and|as|at|by|for|from|in|of|on|to|when|which|with|after|before|until|under"
    r"|the|an?|but)\b)"
)
"""What may follow a date; «in 1981 model years» has none."""
OWNED = re.compile(r"\b(?:his|her|its|their)\b")
NAME_WORD = re.compile(r"[A-ZÀ-Þ][\wÀ-ɏ]|[A-Z]+\d|[A-Z]\.|\d{4}")
WORD = r"[\wÀ-ɏ$£€](?:[\wÀ-ɏ’'&%–-]|[.,](?=\d)|\.(?=\w))*"
TOKEN = rf"(?:{WORD}|(?:St|Dr|Mr|Mrs|[A-Z]|al)\.|“[^“”]+”|\"[^\"]+\")"
PLAIN = re.compile(rf"{TOKEN}(?:,? {TOKEN})*")

PREPOSITION = re.compile(
    r"(?:about|above|across|after|against|along|among|around|as|at|away|back|before|by|down|during"
    r"|for|from|in|into|of"
    r"|off|on|onto|out|over|that|through|to|toward|towards|under|until|up|upon|via|with|within"
    r"|without|only|not)\b"
)
LEANING = words(
    """
    across along around behind beside beyond near off onto opposite out outside inside throughout toward
    towards up via
    assume consider imagine let note notice see suppose
    above according after again against all also although among and another any anything as at because
    before below between both but by despite due during each earlier either else even every everyone
    everything few finally first following for former from furthermore he hence her here him his how
    however i if in initially instead into it its later latter less like many me meanwhile more moreover
    most much my neither next no nobody none nor not nothing now of on once one ones only or originally
    other others our over perhaps previous rather same second several she since so some someone
    something soon still such than that their them then there these they third this those though through
    thus to today under unlike until upon us we what when where whereas which while who whom whose why
    with within without yet you your
    """
)
"""Words that a phrase must not begin with: they lean on what was said before."""
UNRESOLVED = re.compile(
    r"\b(?:it|itself|they|them|he|him|she|this|these|those|such|here|there|now|today|we|us|our|ours"
    r"|i|you|your|my|me|who|whom|whose|which|what|when|where|why|how|if|because|although|though|while"
    r"|whereas|former|latter|aforementioned|following|respectively|others?|another|same|ones?|thus|hence|then"
    r"|therefore|also|rest|next|last year|ago)\b"
    r"|\bthe (?:first|second|third|two|three|four|five)(?: (?:of|with|in|to|for|by|and|at|on|as|from)\b|$)"
    r"|\b(?:his|her|its|their) (?:first|second|own)$",
    re.IGNORECASE,
)
"""Words that make a phrase say nothing by itself, or that it is no phrase but half a sentence."""
FINITE = re.compile(
    r"\b(?:is|are|was|were|be|been|am|has|have|had|does|do|did|can|could|will|would|shall|should"
    r"|may|might|must"
    r"|cannot|isn't|wasn't|didn't)\b"
)
TRAILING = re.compile(
    r"(?:[ ,–—-]|\b(?:and|or|but|nor|a|an|the|of|in|on|at|by|for|from|with|to|as|into|than|also|often|usually"
    r"|about|around|nearly|almost|only|just|not|no|still|very|his|her|its|their|both|either|over|up|per"
    r"|that|which|who|stating|saying|claiming|arguing|announcing|showing|suggesting|meaning|[a-z]+ly)\b)+$"
)
VAGUE = re.compile(
    r"^the (?:[a-z]+ )?(?:act|answer|approach|area|argument|articles?|authors?|case|city|company"
    r"|council|country"
    r"|decision|document|effect|event|figure|group|idea|issue|law|matter|measure|method|movement"
    r"|names?|number"
    r"|office|one|order|people|place|plan|point|practice|problem|process|project|question|reason"
    r"|region|report"
    r"|result|rule|site|situation|species|state|study|system|term|theory|things?|time|town|way"
    r"|whole|word|work"
    r"|years?)$"
)
"""«the study», «the second town»: a reader of the question alone cannot tell which."""
NO_PERSON = re.compile(
    r"\b(?:Academy|Act|Agency|Army|Association|Bank|Board|Bureau|Church|City|College|Commission"
    r"|Committee|Company"
    r"|Conference|Congress|Corporation|Council|Court|Department|Empire|Government|Group|House|Inc"
    r"|Institute|Island"
    r"|Islands|Kingdom|League|Ministry|Museum|Nations|North|Office|Organization|Parliament|Party"
    r"|Republic|River"
    r"|School|Senate|Service|Society|South|States|Street|Team|Treaty|Union|United|University|War"
    r"|West|World)\b"
)
PERSON = re.compile(
    r"(?:(?:Sir|Lord|Lady|Dr\.|Mrs?\.|King|Queen|Pope|Emperor) )?[A-ZÀ-Þ][\wÀ-ɏ’'-]+(?: [A-Z]\.)*"
    r"(?: (?:de|la|di|da|von|van|der|du|le|al|bin|ibn))*(?: [A-ZÀ-Þ][\wÀ-ɏ’'-]+){1,3}(?: of [A-Z]\w+)?"
)
NAMED = re.compile(r"(?:the )?[A-ZÀ-Þ][\wÀ-ɏ’'.-]+(?: (?:of|the|and|de|von|van|for|[A-ZÀ-Þ][\wÀ-ɏ’'.-]*))*")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How often a word is capitalised inside sentences of a document, and how often it is not."""

    names: Counter[str]
    common: Counter[str]

    @staticmethod
    def of(texts: Iterable[str], title: str = "") -> "Vocabulary":
        """Counted over sentences of plain text; a word that only the title has is taken for a name."""
        names = Counter(re.findall(r"[A-ZÀ-Þ][\wÀ-ɏ-]+", title))
        common: Counter[str] = Counter()
        for text in texts:
            names.update(re.findall(r"(?<=[\wÀ-ɏ,;] )[A-ZÀ-Þ][\wÀ-ɏ-]+", text))
            common.update(re.findall(r"\b[a-zà-ɏ][\wÀ-ɏ-]+", text))
        return Vocabulary(names, common)

    def inside(self, phrase: str) -> str | None:
        """The beginning of a sentence as it reads within one; None where the document does not show
        whether its first word is a name."""
        first, _, rest = phrase.partition(" ")
        bare = re.sub(r"[’']s?$", "", first)
        if first.lower() in ("the", "a", "an"):
            return f"{first.lower()} {rest}"
        if re.search(r"[\dA-Z]", bare[1:]) or not bare[:1].isupper():
            return phrase
        as_name, as_word = self.names[bare], self.common[bare.lower()]
        if as_name > as_word or NAME_WORD.match(rest):
            return phrase
        return phrase[:1].lower() + phrase[1:] if as_word else None


def is_verb(word: str) -> bool:
    """Whether a word inside a noun phrase gives it away as a clause."""
    return word in BASE or word in PRESENT or (word.endswith("ed") and len(word) > 4)


def is_noun(words: list[str]) -> bool:
    """Whether no word of a phrase gives it away as a clause; «the most widely used method» is none."""
    return not any(
        is_verb(word) and not (before.lower() in ("the", "a", "an") or before.endswith("ly"))
        for before, word in pairwise(words)
    )


def is_named(phrase: str) -> bool:
    """Whether a phrase in the middle of a sentence holds a name or a year, such as Galileo, NATO or H4."""
    return any(NAME_WORD.match(word.lstrip('“"')) for word in phrase.split())


def agrees(topic: str, rest: str) -> bool:
    """Whether a «his» or «its» in what follows can be the subject's own."""
    owned = OWNED.search(rest)
    return not owned or (owned[0] in ("his", "her")) == is_person(topic)


def is_telling(phrase: str) -> bool:
    """Whether a noun phrase is worth a definition: with a name, indefinite, or of four words and more."""
    return not phrase.startswith("the ") or is_named(phrase) or len(phrase.split()) > 3


def is_person(phrase: str) -> bool:
    """Whether a phrase looks like a person's name, perhaps with a place: «Melitta Bentz of Dresden»."""
    return bool(PERSON.fullmatch(phrase)) and not NO_PERSON.search(phrase)


def follows(phrase: str, most: int = 14) -> bool:
    """Whether what comes after a verb can stand in a question: known alone, and no half sentence."""
    wrong = (
        UNRESOLVED.search(phrase) or FINITE.search(phrase) or TRAILING.search(phrase) or VAGUE.match(phrase)
    )
    tokens = phrase.split()
    verbs = any(word in BASE and word not in BASE_OF_PARTICIPLE for word in tokens[1:])
    return 0 < len(tokens) <= most and bool(PLAIN.fullmatch(phrase)) and not wrong and not verbs


def stands_alone(phrase: str, most: int) -> bool:
    """Whether a noun phrase says by itself what it means; no half sentence, and nothing before it missing."""
    first = phrase.split(" ")[0]
    leans = (
        first.lower() in LEANING
        or re.fullmatch(r"[A-Z]?[a-z]+ly|\d+(?:\.\d+)+\.?", first)
        or not re.search(r"[^\W\d]", phrase)
    )
    return follows(phrase, most) and not leans
