"""Clauses about what was done become questions: when, where, who, and what somebody said, made or ordered.

Each rule takes a clause and yields drafts; what it does not know for sure gives none.
"""

import re
from collections.abc import Iterator

from app.suggest.parse import Clause, Draft, active, date_in, passive, rest_of, year_of
from app.suggest.phrases import (
    DATE,
    FINITE,
    NAMED,
    OWNED,
    PREPOSITION,
    agrees,
    follows,
    is_named,
    is_person,
    is_telling,
    stands_alone,
)
from app.suggest.verbs import (
    BASE,
    BASE_OF_PARTICIPLE,
    INTRANSITIVE,
    OF_CAUSES,
    OF_ORDERS,
    OF_PERSONS,
    OF_PLACES,
    OF_SPEECH,
    OF_THINGS,
    PAST,
    SPEAKING,
)

FORMED = re.compile(
    rf"^(?P<verb>[A-Z][a-z]+) (?:in|on) (?P<date>{DATE})(?: (?:by|in|at|as|with) [^,;:]+)?,"
    rf" (?P<subject>[^,;:]+?) (?:{FINITE.pattern}|{'|'.join(BASE)}) "
)
OPENED = re.compile(rf"^(?P<subject>[^,;:]+), (?P<verb>[a-z]+) (?:in|on) (?P<date>{DATE}),")
SITUATED = re.compile(r" (?P<place>(?:in|at|near|on|between|along|around|within) [^,;:]{8,})")
PLACE = re.compile(r"(?:in|at|near|on) (?P<place>(?:the )?[A-Z][\w’'.-]+(?: (?:of|the|on|[A-Z][\w’'.-]+))*)")
AWARD = re.compile(r" (?:an?|the|two|three|command|[A-Z£$€\d])")
AN = re.compile(r"an? ")


def opened(clause: Clause) -> Iterator[Draft]:
    """«X, opened in 1966, …», «Opened in 1966, X …»: when."""
    for found in (OPENED.match(clause.text), FORMED.match(clause.text)):
        topic = clause.group(found)
        if found and topic and found["verb"].lower() in BASE_OF_PARTICIPLE:
            yield Draft(f"When was {topic} {found['verb'].lower()}?", found["date"], "when")


def was_done(clause: Clause) -> Iterator[Draft]:
    """«X was built in 1730 by Ann Lee»: when, where, by whom."""
    found = passive(clause.text)
    topic = clause.topic(found, generic=True)
    if not found or not topic or found.be not in ("was", "were"):
        return
    rest = rest_of(found.rest)
    first = "first " if found.adverb == "first" else ""
    done = f"{first}{found.verb}"
    date = found.date or date_in(found.rest)
    tail = f" {rest}" if follows(rest, 8) else ""
    whole = tail or not rest or PREPOSITION.match(rest)
    if date and whole and is_named(topic + tail) and not AN.match(topic):
        yield Draft(f"When {found.be} {topic} {done}{tail}?", date, "when")
    base = BASE_OF_PARTICIPLE.get(found.verb, "")
    place = PLACE.fullmatch(rest)
    if place and is_named(topic) and (found.verb == "born" or base in OF_PLACES):
        yield Draft(f"Where {found.be} {topic} {done}?", place["place"], "where")
    by = re.match(r"by (.+)$", rest)
    if by and base in OF_PERSONS and (is_person(by[1]) or NAMED.fullmatch(by[1])):
        yield Draft(f"Who {first}{PAST[base]} {topic}?", by[1], "who")
    elif by and base in OF_CAUSES and not is_person(by[1]):
        yield Draft(f"What {PAST[base]} {topic}?", by[1], "what")


def situated(clause: Clause) -> Iterator[Draft]:
    """«X is located in the …»: where."""
    found = passive(clause.text)
    topic = clause.topic(found, generic=True)
    place = found and found.be in ("is", "are") and SITUATED.match(found.rest)
    standing = found and found.verb in ("located", "situated", "found", "stored", "kept")
    if found and topic and place and standing and is_telling(topic):
        yield Draft(f"Where {found.be} {topic} {found.verb}?", place["place"], "where")


def awarded(clause: Clause) -> Iterator[Draft]:
    """«X was awarded two prizes»: what."""
    found = passive(clause.text)
    topic = clause.topic(found)
    if not found or not topic or " " in found.be:
        return
    if found.verb in ("awarded", "given", "granted", "offered", "paid") and AWARD.match(found.rest):
        year = year_of(found.date or date_in(found.rest))
        yield Draft(f"What {found.be} {topic} {found.verb}{year}?", found.rest, "made")


def did(clause: Clause) -> Iterator[Draft]:
    """«In 1730 Ann Lee built X», «… had built X in 1730»: when, and who."""
    found = active(clause.text)
    topic = clause.topic(found, generic=True)
    if not found or not topic or found.be not in ("", "had"):
        return
    base, rest = BASE[found.verb], rest_of(found.rest)
    direct = bool(rest) and not PREPOSITION.match(rest)
    known = follows(rest) and agrees(topic, rest) and (direct or base in INTRANSITIVE)
    if not known and not (base in INTRANSITIVE and not rest):
        return
    date = found.date or date_in(found.rest)
    first = "first " if found.adverb == "first" else ""
    whole = f"{topic} {first}{base} {rest}".strip()
    if date and is_named(whole) and not AN.match(whole):
        yield Draft(f"When did {whole}?", date, "when")
    agent = is_person(topic) or NAMED.fullmatch(topic)
    if direct and agent and base in OF_PERSONS and not OWNED.search(rest) and stands_alone(rest, 12):
        year = "" if is_named(rest) else year_of(date)
        if is_named(rest) or year or len(rest.split()) > 4:
            yield Draft(f"Who {first}{PAST[base]} {rest}{year}?", topic, "who")


CLAIM = re.compile(rf" that (?P<subject>[^,;:]+?) (?:{FINITE.pattern}) ")


def said(clause: Clause) -> Iterator[Draft]:
    """«Ann Lee argued that X was …», «the theorem states that X is …»: what about X."""
    found = active(clause.text, {*BASE, *SPEAKING})
    topic = clause.topic(found, generic=True)
    if not found or not topic or not is_telling(topic) or not re.match(r" that .{20,}", found.rest):
        return
    claim = CLAIM.match(found.rest)
    thing = claim and clause.noun(claim["subject"], at=1, generic=True)
    when = year_of(found.date or date_in(found.rest.partition(" that ")[0]))
    if not thing and not when and len(topic.split()) < 4:
        return
    about = f" about {thing}" if thing else when
    if found.be and BASE_OF_PARTICIPLE.get(found.verb) in OF_SPEECH:
        yield Draft(f"What {found.be} {topic} {found.verb}{about}?", found.rest[6:], "said")
    elif not found.be and BASE.get(found.verb) in OF_SPEECH:
        yield Draft(f"What did {topic} {BASE[found.verb]}{about}?", found.rest[6:], "said")
    elif found.verb in SPEAKING:
        yield Draft(f"What does {topic} {SPEAKING[found.verb]}{about}?", found.rest[6:], "said")


def made(clause: Clause) -> Iterator[Draft]:
    """«Ann Lee built a clock in 1730»: what did she build."""
    found = active(clause.text)
    topic = clause.topic(found)
    if not found or not topic or found.be or BASE[found.verb] not in OF_THINGS:
        return
    rest, date = rest_of(found.rest), found.date or date_in(found.rest)
    if (
        follows(rest)
        and re.match(r"an? |two |three |[a-z]+ [a-z]+s\b|[a-z]+s\b", rest)
        and not PREPOSITION.match(rest)
    ):
        yield Draft(f"What did {topic} {BASE[found.verb]}{year_of(date)}?", rest, "made")


def ordered(clause: Clause) -> Iterator[Draft]:
    """«Ann Lee asked the court to …», «X was asked to …»: what to do."""
    found = active(clause.text)
    topic = clause.topic(found)
    if found and topic and not found.be and BASE[found.verb] in OF_ORDERS:
        to = re.match(r" (?P<whom>[^,;:]+?) to [a-z]+ .{8,}$", found.rest)
        if to and stands_alone(to["whom"], 6):
            asked = f"{BASE[found.verb]} {to['whom']} to do{year_of(found.date)}"
            yield Draft(f"What did {topic} {asked}?", "", "said")
    found = passive(clause.text)
    topic = clause.topic(found)
    to_do = found and " " not in found.be and re.match(r" to [a-z]+ ", found.rest)
    if found and topic and to_do and BASE_OF_PARTICIPLE.get(found.verb) in OF_ORDERS:
        yield Draft(f"What {found.be} {topic} {found.verb} to do{year_of(found.date)}?", "", "said")


RULES = (opened, was_done, situated, awarded, did, said, made, ordered)
