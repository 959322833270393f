"""Clauses about causes, ways and ends become questions: why, how, what led to it, what is it used for,
what should be done. And what an abbreviation stands for."""

import re
from collections.abc import Iterator

from app.suggest.parse import Clause, Draft, Parsed, active, passive, rest_of
from app.suggest.phrases import (
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
    CAUSING,
    EMPTY,
    OF_CAUSES,
    PAST,
    PRESENT,
    STRANDED,
    WAYS,
)

STATE = re.compile(
    r"^(?P<subject>[^,;:]+?) (?P<be>is|are|was|were|can|could|cannot|must|should|will|would|might"
    r"|may) (?P<rest>.+)$"
)
REASON = (
    re.compile(r"^(?P<main>.{10,160}?),? (?:because|due to|owing to|since (?=they |it |he |she )).{12,}$"),
    re.compile(r"^(?:Because|[Dd]ue to|Owing to) [^,;]{12,}, (?P<main>[^;]{10,160}?)[.!]?$"),
    re.compile(r"^(?:In order t|T)o [a-z]+ [^,;]{10,}, (?P<main>[^;]{10,160}?)[.!]?$"),
    re.compile(r"^(?P<main>[^,;]{10,120}) (?:in order to|so that) .{10,}$"),
)


def reason(clause: Clause) -> Iterator[Draft]:
    """«X was built because …»: why."""
    for said in filter(None, (pattern.match(clause.text) for pattern in REASON)):
        main = Clause(said["main"], clause.vocabulary, clause.opens and said.start("main") == 0)
        state, done = STATE.match(main.text), active(main.text, {*BASE, *PRESENT})
        topic, be, whole = None, "", ""
        if state:
            topic, be, whole = main.group(state, generic=True), state["be"], rest_of(state["rest"])
            if be == "cannot":
                be, whole = "can", f"not {whole}"
        elif done and not done.be:
            topic, be = main.topic(done, generic=True), "did" if done.verb in BASE else "does"
            whole = f"{BASE.get(done.verb) or PRESENT[done.verb]} {rest_of(done.rest)}".strip()
        telling = is_named(f"{topic} {whole}") or len(f"{topic} {whole}".split()) > 4
        if topic and telling and follows(whole) and agrees(topic, whole):
            yield Draft(f"Why {be} {topic} {whole}?", "", "why")


SHOULD = re.compile(
    r"^(?P<subject>[^;:]+?) (?P<must>should|must) (?:also )?(?P<verb>[a-z]+) (?P<rest>[^;:]+)$"
)
PARTS = re.compile(r"(?P<a>[^,]+)(?:, (?P<b>[^,]+))?(?:, (?P<c>[^,]+))?")


def advice(clause: Clause) -> Iterator[Draft]:
    """«X should establish …»: what should X establish."""
    found = SHOULD.match(clause.text)
    parts = found and PARTS.fullmatch(found["subject"])
    if not found or not parts or PREPOSITION.match(found["rest"]):
        return
    if found["verb"] not in PAST or found["verb"] in EMPTY:
        return
    topics = [clause.group(parts, name=name) for name in "abc" if parts[name]]
    if all(topics):
        thing, to, purpose = found["rest"].rstrip(".").partition(" to ")
        end = f" to {rest_of(purpose)}" if to and follows(rest_of(purpose), 10) else ""
        subject = ", ".join(topic for topic in topics if topic)
        yield Draft(f"What {found['must']} {subject} {found['verb']}{end}?", thing, "should")


LED_TO = re.compile(
    r"^(?P<subject>[^,;:]+?) (?P<verb>led to|contributed to|resulted in|gave rise to) (?P<what>.+)$"
)


def caused(clause: Clause) -> Iterator[Draft]:
    """«The lack of X hindered Y», «X led to Y»: what did."""
    led = LED_TO.match(clause.text)
    found = None if led else active(clause.text, {*BASE, *CAUSING})
    if led and clause.group(led, generic=True):
        verb, rest, subject = led["verb"], rest_of(led["what"]), led["subject"]
    elif found and not found.be and clause.topic(found, generic=True):
        verb, rest, subject = found.verb, rest_of(found.rest), found.subject
        if verb not in CAUSING and BASE[verb] not in OF_CAUSES:
            return
    else:
        return
    telling = is_named(rest) or len(rest.split()) > 3
    if telling and stands_alone(rest, 12) and not OWNED.search(rest) and not is_person(subject):
        yield Draft(f"What {verb} {rest}?", subject, "what")


METHOD = re.compile(r" by (?P<how>[a-z]+ing [^;:]{8,})$")
MANNER = re.compile(
    r"(?P<tail>(?: (?:from|of|in|to)\b[^,;:]*?)?) (?:by|using|via|as|in terms of|with the help of) .{8,}$"
)


def method(clause: Clause) -> Iterator[Draft]:
    """«X did Y by …ing», «X is measured by …», «X can be defined as …»: how."""
    by = METHOD.search(clause.text)
    found = active(clause.text[: by.start()]) if by else None
    topic = clause.topic(found, generic=True)
    if found and topic and not found.be:
        rest = rest_of(found.rest)
        known = follows(rest) and agrees(topic, rest) and not PREPOSITION.match(rest)
        if known and is_named(f"{topic} {rest}"):
            yield Draft(f"How did {topic} {BASE[found.verb]} {rest}?", "", "how")
    found = passive(clause.text)
    topic = clause.topic(found, generic=True)
    manner = found and MANNER.match(found.rest)
    if found and topic and manner and BASE_OF_PARTICIPLE.get(found.verb) in WAYS and is_telling(topic):
        tail = manner["tail"]
        if not tail or follows(tail.strip(), 6):
            yield Draft(f"How {_turned(found, topic)}{tail}?", "", "how")


def _turned(found: Parsed, topic: str) -> str:
    """«X can be measured» as it reads in a question."""
    auxiliary, _, be = found.be.partition(" ")
    return f"{auxiliary} {topic} {be + ' ' if be else ''}{found.verb}"


def stranded(clause: Clause) -> Iterator[Draft]:
    """«X was named after Y», «X can be divided into …»: what after, into what."""
    found = passive(clause.text)
    topic = clause.topic(found, generic=True)
    if not found or not topic or not is_telling(topic):
        return
    preposition = STRANDED.get(BASE_OF_PARTICIPLE.get(found.verb, ""))
    if preposition and (then := re.match(rf" {preposition} (.{{4,}})$", found.rest)):
        yield Draft(f"What {_turned(found, topic)} {preposition}?", then[1], "what")


USED = re.compile(
    r"^(?P<subject>[^,;:]+?) (?P<be>is|are|was|were) (?:(?:often|usually|mainly|also) )?used (?:to"
    r"|for) .{8,}$"
)


def used(clause: Clause) -> Iterator[Draft]:
    """«X is used to …»: what for."""
    found = USED.match(clause.text)
    topic = clause.group(found, generic=True)
    if found and topic and is_telling(topic):
        yield Draft(f"What {found['be']} {topic} used for?", "", "how")


SHORTENED = re.compile(
    r"(?P<long>[A-Z][\w’'-]+(?:[ -](?:[A-Z][\w’'-]+|of|and|the|for|on|in|to|de|&)){1,7})"
    r" \((?P<short>[A-Z][A-Za-z]?[A-Z]{1,6})\)"
)


def abbreviations(text: str) -> Iterator[Draft]:
    """«Long Form (LF)» in a sentence: what does LF stand for."""
    for found in SHORTENED.finditer(text):
        words = re.split(r"[ -]", found["long"])
        for at in range(len(words) - 1):
            capitals = "".join(word[0] for word in words[at:] if word[0].isupper())
            if words[at][0].isupper() and capitals == found["short"].upper():
                yield Draft(f"What does {found['short']} stand for?", " ".join(words[at:]), "stands for")
                break


RULES = (reason, advice, caused, method, stranded, used)
