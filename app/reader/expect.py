"""What kind of answer a question asks for, and whether a text can hold one.

The near miss is what a reader of sentences gets wrong most: the document has the event, and not the
number, the date or the name asked for. Knows English question words only; of any other question it
expects nothing.
"""

import re
import unicodedata

NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|"
    "million|billion|dozen|half|quarter|third|thirds|once|twice|single|both|several|few|no|none|nothing|"
    "dozens|hundreds|thousands|millions|billions"
)
NUMBER = re.compile(rf"\b\w*?\d+(?:[.,]\d+)*\w*|\b(?:{NUMBER_WORDS})\b", re.IGNORECASE)
ALONE = r"(?<![$€£¥])(?<!\d[.,])\b{}s?\b(?![.,]\d|\s?%)"
"""A number that is no part of a longer one, no sum of money and no share."""
UNITS = r"(?:years?|months?|weeks?|days?|hours?|minutes?)\b"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
WEEKDAYS = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
TIME = re.compile(
    ALONE.format(r"(?:1?\d{3}|20\d\d)")
    + r"|\b\d{1,2}(?::\d\d|st|nd|rd|th|[./]\d{1,2}[./]\d{2,4}|[./]\d{4}|\s?[ap]\.?m)\b|century"
    rf"|\b(?-i:{MONTHS})\b|\b(?:{WEEKDAYS}|{UNITS}|dawn|morning|noon|afternoon|evening|dusk|night|midnight"
    r"|today|tomorrow|yesterday|spring|summer|autumn|winter|during|after|before|until|since|when|while|once|war)\b",
    re.IGNORECASE,
)
DURATION = re.compile(rf"\W*(?:(?:\d+|{NUMBER_WORDS})\W+)+{UNITS}\W*", re.IGNORECASE)
"""How long, which is not when: «six months», but not «within six months»."""
YEAR = re.compile(
    ALONE.format(r"\d{3,4}") + r"|\b(?:\d{1,2}[./])?\d{1,2}[./]\d{4}\b|(?<![\w-])[\w-]+ centur(?:y|ies)\b"
    r"|'\d\ds|\b(?:twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)\b"
)
DATE = re.compile(r"\W*(?:\w+ ){0,2}(?:1\d|20)\d\d\W*")
"""When, which is not how long: «March 1946», but not «from 1944 to 1946»."""
SUM = re.compile(r"[$€£¥%]|\d,\d{3}\b")
"""Money, a share or a large number: never a time or a name."""
NAME = re.compile(r"(?<![.!?]\s)(?<!^)(?<!^[\"“‘'(])\b[A-Z][\w’'-]+|\b[A-Z]{2,}\b")

ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|old|long|far|tall|deep|high|wide|heavy|large|big|fast|often)\b"
    r"|\bwhat (?:number|share|percentage|proportion|amount|sum|distance|age)\b|\bpercentage of\b"
    r"|\bwhat did .*\bcost\b|\bat what age\b|\bhow .*\bcost\b",
    re.IGNORECASE,
)
ASKS_YEAR = re.compile(r"\b(?:what|which) (?:years?|decade|century)\b|\bin what year\b", re.IGNORECASE)
ASKS_TIME = re.compile(
    r"^\W*(?:and |so )?(?:since |until )?when\b|\bwhat (?:date|day|month|time)\b", re.IGNORECASE
)
ASKS_ADDRESS = re.compile(
    r"\b(?:e-?mail|web) address\b|\b(?:what|which) (?:is|was) the (?:e-?mail|web ?site|url)\b", re.IGNORECASE
)
ADDRESS = re.compile(r"\b\w+@\w+|\b\w+\.[a-z]{2,}\b")
ASKS_NAME = re.compile(
    r"^\W*(?:and |so )?(?:to |by |from |with |for )?who(?:m|se)?\b"
    r"|\b(?:what|which) (?:is|was|were|are) the names?\b"
    r"|\bname of\b|\b(?:her|his|its|their) name\b|\bwhat .*\bcalled\b"
    r"|\b(?:what|which) (?:city|country|town|person|company|university|newspaper|ship|island)\b",
    re.IGNORECASE,
)


ASKS_REASON = re.compile(
    r"\bwhy\b|\bhow come\b|\bexplain\b|\bdescribe\b|\bin what way\b|\bon what grounds\b"
    r"|\bhow (?!many|much|old|long|far|tall|deep|high|wide|heavy|large|big|fast|often)",
    re.IGNORECASE,
)


ASKS_SEVERAL = re.compile(
    r"(?<!^)(?<![.?!] )\band (?:also )?(?:(?:in|on|at|by|from|for|to|with|of|under|through) )?"
    r"(?:what|which|when|who|whom|whose|where|how|why|is|was|were|did|does|has|had|can)\b"
    r"|\b(?:both|respectively|each of|step by step|list|name all|vs|versus)\b"
    r"|\b(?:what|which|the|name|these|those) (?:two|three|four|five|several|different)\b"
    r"|\bdiffer(?:s|ed|ent|ence|ences)?\b|\bcompar(?:e|es|ed|ison)\b|\bcontrast\b|\bdistinguish"
    r"|\b(?:what|which) (?:\w+ )?(?:reasons|causes|arguments|grounds|consequences|steps|measures|conditions"
    r"|factors|objections|effects|ways|kinds|sorts|types|things|changes|criticisms|duties|tasks|findings"
    r"|advantages|drawbacks)\b"
    r"|\bthe (?:reasons|arguments|causes|steps|stages|conditions) ",
    re.IGNORECASE,
)


def asks_several(question: str) -> bool:
    """Whether the question has several parts, or asks for a list or a comparison.

    Of the project's own training questions it holds for 60 % of those that need several sentences and
    for 10 % of the others.
    """
    return bool(ASKS_SEVERAL.search(question))


ASKS_WHETHER = re.compile(
    r"^\W*(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|should|shall"
    r"|will|would)\b",
    re.IGNORECASE,
)
OTHER_SCRIPT = re.compile(r"[^\W\d_a-zA-Z\u00aa-\u024f\u0370-\u03ff\u1e00-\u1fff]")
"""A letter neither Latin nor, as formulas have them, Greek."""


SMALL_TALK = re.compile(
    r"\W*(?:(?:hi|hello|hey|thanks?|thx|ok|okay|bye|goodbye|cheers|good (?:morning|day|evening|night)"
    r"|yes|no|great|fine|nice|cool|test|there|you|so|very|much)\b\W*)+",
    re.IGNORECASE,
)


def is_small_talk(question: str) -> bool:
    """Whether it is a greeting or thanks, which no document answers."""
    return bool(SMALL_TALK.fullmatch(question))


def in_other_script(question: str) -> bool:
    """Whether the question is written in letters that the reader never learned."""
    return bool(OTHER_SCRIPT.search(unicodedata.normalize("NFKC", question)))


def has_short_answer(question: str) -> bool:
    """Whether a few words can answer: not where it asks why, how, whether, for an explanation or for
    several things; and of other scripts than Latin, the words that the reader finds are as often wrong."""
    asks = ASKS_REASON.search(question) or ASKS_WHETHER.search(question) or asks_several(question)
    return not asks and not in_other_script(question)


EXPECTED = (
    (ASKS_ADDRESS, ADDRESS, 20.0),
    (ASKS_YEAR, YEAR, 20.0),
    (ASKS_NUMBER, NUMBER, 4.0),
    (ASKS_TIME, TIME, 20.0),
    (ASKS_NAME, NAME, 20.0),
)
"""What asks for what, and how much lower the score of a short answer of this kind may be. Of held-back
SQuAD's, in the sentence that is quoted, 0.9 of the years, times and names are right at any score, 0.8 of
the numbers from -2 on, and 0.8 of all others from 2 on (LOG.md)."""
NEEDED = re.compile(
    r"\bhow (?:many|much|old|far|tall|deep|high|wide|heavy|large|big|fast)\b|\bpercentage\b"
    rf"|{ASKS_YEAR.pattern}|{ASKS_ADDRESS.pattern}",
    re.IGNORECASE,
)
"""What no words of another kind can answer."""
ASKS_DURATION = re.compile(r"\bhow long (?!(?:is|are)\b)", re.IGNORECASE)
NEVER = -100.0
WORD = re.compile(r"\w+(?:[.,]\d+)*")
"""A word, or a whole number."""
NAMES_ALONE = re.compile(
    r"\b(?!(?:The|An?|It|He|She|They|Th(?:is|at|ese|ose)|His|Her|Its|Their|In|On|At|Of|By|For|And)\b)[A-Z][\w’'-]*"
)
"""Names in an answer's own words, which may begin with one."""


def lacks_expected(question: str, text: str) -> bool:
    """Whether the question asks for a number, a year, a time or a name and the text has none that
    the question does not have itself."""
    _, kind, _ = _expected(question)
    return kind is not None and not _new(kind, question, text)


def allowance(question: str, words: str) -> float:
    """How much lower the score of a short answer of these words may be, for being of the kind asked for;
    NEVER where it is of another and nothing else can answer («How many?»: «minesweepers»)."""
    asked, kind, less = _expected(question)
    if not kind:
        return 0.0
    kind = NAMES_ALONE if kind is NAME else kind
    wrong = DURATION if kind is TIME else DATE if kind is NUMBER and ASKS_DURATION.search(asked) else None
    if wrong and wrong.fullmatch(words):
        return NEVER
    if _new(kind, question, words):
        return less
    other = NEEDED.search(asked) or (kind is not NUMBER and SUM.search(words))
    return NEVER if other and not kind.search(words) else 0.0


def _expected(question: str) -> tuple[str, re.Pattern[str] | None, float]:
    """The last of several questions that asks for a kind of answer (a follow-up stands behind the one that
    it goes on from), the kind, and how much lower its score may be."""
    parts = reversed(question.split("? "))
    found = ((part, kind, less) for part in parts for asks, kind, less in EXPECTED if asks.search(part))
    return next(found, (question, None, 0.0))


def _new(kind: re.Pattern[str], question: str, text: str) -> bool:
    """Whether the text has something of the kind with a word that the question does not have."""
    asked = set(WORD.findall(question.casefold()))
    return any(not asked.issuperset(WORD.findall(m.group().casefold())) for m in kind.finditer(text))
