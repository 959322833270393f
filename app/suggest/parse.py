"""Clauses taken apart: the subject, the verb, and what follows it. No grammar: a list of verbs and commas."""

import re
from collections.abc import Container
from dataclasses import dataclass

from app.suggest.phrases import (
    AFTER_DATE,
    DATE,
    LEANING,
    OWNED,
    TRAILING,
    YEAR,
    Vocabulary,
    is_named,
    is_noun,
    is_verb,
    stands_alone,
)
from app.suggest.verbs import BASE, BASE_OF_PARTICIPLE

LEAD = re.compile(
    rf"(?:[IiOo]n|[Bb]y|[Dd]uring|[Ar]ound|(?:[Bb]y|[Aa]t) the (?:beginning|end) of) (?P<date>{DATE}),? "
)
ADVERB = r"(?:first|also|finally|later|soon|eventually|originally|still|now|often|usually|very|most|[a-z]+ly)"
BE = re.compile(
    rf"\s(?P<be>was|were|is|are|(?:can|could|may|might|must|should) be)"
    rf" (?P<adverb>(?:{ADVERB} )*)(?P<verb>[a-z]+)\b"
)
WORD = re.compile(r"(?<=\s)[a-z]+\b")
BEFORE_VERB = re.compile(rf"(?: (?P<have>has|have|had))?(?: (?P<adverb>{ADVERB}))?$")
ATTRIBUTIVE = re.compile(
    r"(?:^|[\s(])(?:the|an?|his|her|its|their|our|my|this|that|these|those|most|more|of|in|on|at|by"
    r"|for|from|with|to"
    r"|and|or|as|such|other|some|all|many|each|every|no|any)$",
    re.IGNORECASE,
)
"""What stands before a participle that belongs to a noun."""
LONGEST_ASIDE = 90
ENDS = re.compile(
    r"[;:(]|, | [–—-] |(?<!\d)[–—]|[–—](?!\d)|\b(?:because|while|whereas|although|though|after"
    r"|before|until|so that"
    r"|in order|as well as|and then|where|when|but|due to)\b"
)
LISTED = re.compile(r"(?:, [\w’'-]+(?: [\w’'-]+){0,2})+,? (?:and|or) ")
NEXT_VERB = re.compile(r" (?:and|or) (?:(?:[a-z]+ly|instead|then|later|also|thus|so) )?([a-z]+)\b")
DATED = re.compile(
    rf",? ?\b(?:in|on|since|by|during|from|as early as|until|at the (?:beginning|end) of) {DATE}{AFTER_DATE}"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that may be asked. answer: words some of which the short answer must have, "" where the
    whole sentence answers. kind: what it asks for."""

    question: str
    answer: str
    kind: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """date: of an opening «In 1730», else None. subject: as it stands, from `at` on. be: «was», «can be» or
    «has»; "" for a plain verb. rest: all that follows the verb."""

    date: str | None
    subject: str
    at: int
    be: str
    adverb: str
    verb: str
    rest: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence, or a part of one that is a sentence. opens: whether it begins with a capital letter
    only because a sentence does."""

    text: str
    vocabulary: Vocabulary
    opens: bool = True

    def noun(self, phrase: str, at: int, generic: bool = False) -> str | None:
        """A noun phrase that stands at an offset as it reads inside a question; None where it is none, or
        says too little alone. generic: whether «caffeine» or «the plague» will do."""
        phrase = phrase.strip(" ,")
        words = phrase.split()
        if not words or OWNED.search(phrase) or words[0].lower() in LEANING or not is_noun(words):
            return None
        inside = self.vocabulary.inside(phrase) if self.opens and at == 0 else phrase
        if inside is None or "," in inside or not stands_alone(inside, 9):
            return None
        return inside if generic or is_named(inside) else None

    def topic(self, found: Parsed | None, generic: bool = False) -> str | None:
        """The subject, as noun() gives it."""
        return self.noun(found.subject, found.at, generic) if found else None

    def group(self, found: re.Match[str] | None, generic: bool = False, name: str = "subject") -> str | None:
        """What a group of a match holds, as noun() gives it."""
        return self.noun(found[name], found.start(name), generic) if found and found[name] else None


def active(text: str, verbs: Container[str] = BASE) -> Parsed | None:
    """The clause around its first verb among these, None where it has none."""
    lead = LEAD.match(text)
    at = lead.end() if lead else 0
    for found in WORD.finditer(text, at):
        if found.group() in verbs:
            subject = _without_aside(text[at : found.start()].rstrip())
            if subject is None:
                continue
            before = BEFORE_VERB.search(subject)
            head = subject[: before.start()] if before else subject
            if ATTRIBUTIVE.search(head):
                continue  # «the most widely used method» has its verb further on
            have, adverb = (before["have"] or "", before["adverb"] or "") if before else ("", "")
            return Parsed(lead and lead["date"], head, at, have, adverb, found.group(), text[found.end() :])
    return None


def passive(text: str) -> Parsed | None:
    """The clause around its first «was built», «is made» or «can be seen»."""
    lead = LEAD.match(text)
    at = lead.end() if lead else 0
    for found in BE.finditer(text, at):
        if found["verb"] in BASE_OF_PARTICIPLE or found["verb"] == "born":
            subject = _without_aside(text[at : found.start()])
            if subject is not None:
                date, adverb, rest = lead and lead["date"], found["adverb"].strip(), text[found.end() :]
                return Parsed(date, subject, at, found["be"], adverb, found["verb"], rest)
    return None


def _without_aside(subject: str) -> str | None:
    """The subject without «, a carpenter,»; None where its commas are of another kind."""
    head, comma, aside = subject.partition(", ")
    if re.search(r"[;:]", subject):
        return None
    if not comma:
        return None if subject.endswith(",") else subject
    if not aside.endswith(",") or len(aside) > LONGEST_ASIDE or re.match(r"(?:and|or) ", aside):
        return None
    return head


def rest_of(text: str) -> str:
    """What follows a verb, up to the next clause, without dates and loose ends."""
    text = text.strip(" .!")
    end = next((e.start() for e in ENDS.finditer(text) if not LISTED.match(text, e.start())), len(text))
    for found in NEXT_VERB.finditer(text, 0, end):
        if is_verb(found[1]) or found[1] in ("is", "was", "were", "are", "had", "has"):
            end = found.start()
            break
    return TRAILING.sub("", " ".join(DATED.sub("", text[:end].strip()).split()))


def date_in(text: str) -> str | None:
    """The only date of the clause that a verb begins."""
    clause = re.split(r"[;:]|, (?:and|but|while|when|who|which)", text)[0]
    found = re.findall(rf"\b(?:in|on) ({DATE}){AFTER_DATE}(?!(?:,| and| or) {YEAR})", clause)
    return found[0] if len(found) == 1 else None


def year_of(date: str | None) -> str:
    """« in 1730» where the date is a year, or years."""
    return f" in {date}" if date and re.fullmatch(rf"{YEAR}(?:[-–]\d+)?", date) else ""
