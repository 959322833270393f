"""Clauses about how things are become questions: what is it, what is it called, how many, how long."""

import re
from collections.abc import Iterator

from app.suggest.parse import Clause, Draft, active, date_in, rest_of, year_of
from app.suggest.phrases import NAMED, follows, is_named, is_person, is_telling
from app.suggest.verbs import BASE, BASE_OF_PARTICIPLE, PRESENT

NUMBER = (
    r"(?:\d[\d,.]*(?: (?:million|billion|thousand))?|two|three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve"
    r"|thirteen|fourteen|fifteen|sixteen|eighteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|(?:a|one|several) (?:hundred|thousand|million|dozen))(?:[ -](?:one|two|three|four|five|six"
    r"|seven|eight|nine"
    r"|hundred|thousand|million|billion))*"
)
ABOUT = (
    r"(?:(?i:about|around|some|over|nearly|almost|more than|at least|up to|approximately|roughly"
    r"|only|perhaps) )?"
)
TRADES = re.compile(
    r"\b(?:[a-z]+(?:ologist|ician|ographer|emist|icist)|actor|actress|admiral|architect|artist"
    r"|astronomer|author"
    r"|banker|bishop|botanist|captain|carpenter|clergyman|composer|diplomat|director|doctor|duke"
    r"|economist|emperor"
    r"|empress|engineer|explorer|farmer|general|governor|guard|historian|inventor|investor|lieutenant|chief|commander|cardinal|journalist|judge|king"
    r"|lawyer|leader|man"
    r"|mayor|merchant|minister|missionary|monk|naturalist|nobleman|novelist|nurse|officer|painter"
    r"|philosopher|player"
    r"|poet|pope|president|priest|prince|princess|professor|queen|revolutionary|ruler|saint|sailor"
    r"|scholar|scientist"
    r"|sculptor|singer|soldier|surgeon|teacher|theologian|woman|writer)\b"
)
TITLED = re.compile(
    r"(?:Governor|President|General|Captain|Colonel|Major|Prince|Princess|Bishop|Sir|Lord|King|Queen) "
)
PRESENTED = re.compile(r"^(?P<subject>[^,;:]+), (?P<what>(?:an?|the) [^,;:]{5,80}), (?P<verb>[a-z]+) ")
DEFINED = re.compile(
    r"^(?P<subject>[^,;:]+?)(?:, (?:also|or|sometimes|often|formerly|originally) [^,]{3,60},)?"
    r" (?P<be>is|are|was|were) (?P<what>(?:an?|the|one of the|any) .{12,})$"
)
WEAK = re.compile(
    r"(?:the )?(?:only|first|last|largest|same|most|result|case|second|third|reason|way|one|matter)\b"
)
GERUND = re.compile(r"[a-z]+ing (?:the|an?|your|any|all)\b")
MEANT = re.compile(
    r"^(?P<subject>[^,;:]+?) (?P<verb>refers to|means(?! that)|denotes|stands for) (?P<what>.{12,})$"
)
CALLED = re.compile(
    r"^(?P<subject>[^,;:]+?) (?P<be>is|are|was|were) (?P<how>(?:now|also|often|usually|sometimes"
    r"|commonly|originally"
    r"|popularly|generally|first) )?(?P<verb>called|known as|nicknamed) (?P<name>[^,;:]{2,40}?)"
    r"(?:[,;:.]| and | after | by | in | because |$)"
)
PROPERTY = re.compile(
    r"^(?P<subject>[Tt]he (?:[a-z]+ )?(?:name|capital|aim|goal|purpose|causes?|origin|population"
    r"|length|height|area"
    r"|depth|diameter|motto|meaning|function|role|task|advantage|disadvantage|symbol|value|price"
    r"|size|age|temperature"
    r"|reason|mission|objective|basis|title|budget|cost|lifespan|density|source|language|religion"
    r"|effect|subject"
    r"|focus|theme|definition|duration|number) (?:of|for|behind) [^,;:]+?) (?P<be>is|are|was|were)"
    r" (?P<what>(?!not\b)[^ ]+.*)$"
)


def defined(clause: Clause) -> Iterator[Draft]:
    """«X is a …», «X refers to …»: what is X, or who."""
    found = DEFINED.match(clause.text)
    topic = clause.group(found, generic=True)
    if found and topic and is_telling(topic) and not GERUND.match(topic):
        trade = (is_person(topic) or TITLED.match(topic)) and TRADES.search(
            " ".join(found["what"].split()[:7])
        )
        if trade or not WEAK.match(found["what"]):
            yield Draft(f"{'Who' if trade else 'What'} {found['be']} {topic}?", "", "what is")
    found = PRESENTED.match(clause.text)
    topic = clause.group(found)
    if found and topic and NAMED.fullmatch(topic) and TRADES.search(found["what"]):
        be = "is" if found["verb"] in ("is", "has", *PRESENT) else "was"
        yield Draft(f"Who {be} {topic}?", "", "who")
    found = MEANT.match(clause.text)
    topic = clause.group(found, generic=True)
    if found and topic and is_telling(topic):
        yield Draft(f"What is {topic}?", "", "what is")


def named(clause: Clause) -> Iterator[Draft]:
    """«X is called Y»: what is X called; «the purpose of X is …»: what is it."""
    found = CALLED.match(clause.text)
    topic = clause.group(found, generic=True)
    if found and topic and len(topic.split()) > 1 and is_named(f"{topic} {found['name']}"):
        how = found["how"] or ""
        yield Draft(f"What {found['be']} {topic} {how}{found['verb']}?", found["name"], "what")
    found = PROPERTY.match(clause.text)
    topic = clause.group(found, generic=True)
    if found and topic and found["what"].split()[0] not in BASE_OF_PARTICIPLE:
        yield Draft(f"What {found['be']} {topic}?", "", "what")


HAVE = {"has": "does", "had": "did", "have": "do"}
AMOUNT = re.compile(rf" (?P<answer>{ABOUT}{NUMBER}) (?P<unit>[a-z][^,;:]*)")
UNIT = re.compile(
    r"(?P<what>(?:(?!and\b|or\b)[a-z-]+ ){0,2}?(?:[a-z-]+s|people|men|women|children))"
    r"(?P<more>(?: (?!per|a\b|and\b|or\b).*)?)"
)
NO_UNIT = re.compile(
    r"(?:hundred|thousand|million|billion|years|months|weeks|days|hours|minutes|seconds|times|per)\b"
)
COUNTED = re.compile(
    rf"^(?P<answer>{ABOUT}(?i:{NUMBER}))"
    r" (?P<unit>(?:[A-Za-z-]+ ){0,2}?(?:[A-Za-z]+s|people|men|women|children))"
    r" (?:(?P<be>were|are) )?(?P<verb>[a-z]+) (?P<rest>.+)$"
)
THERE = re.compile(
    rf"^[Tt]here (?P<be>were|are) (?P<answer>{ABOUT}{NUMBER})"
    r" (?P<unit>(?:[a-z-]+ ){0,2}?(?:[a-z-]+s|people)) (?P<rest>(?:in|on|at) .+)$"
)


def counted(clause: Clause) -> Iterator[Draft]:
    """«X has 753 parts», «753 parts were made for X», «there are 753 parts in X»: how many."""
    found = active(clause.text, {*BASE, *PRESENT, *HAVE})
    topic = clause.topic(found)
    amount = found and AMOUNT.match(found.rest)
    unit = amount and UNIT.fullmatch(rest_of(amount["unit"]))
    if found and topic and amount and unit and not found.be and not NO_UNIT.match(unit["what"]):
        base = "have" if found.verb in HAVE else BASE.get(found.verb) or PRESENT[found.verb]
        do = HAVE.get(found.verb, "does" if found.verb in PRESENT else "did")
        if follows(f"{unit['what']}{unit['more']}"):
            question = f"How many {unit['what']} {do} {topic} {base}{unit['more']}{year_of(found.date)}?"
            yield Draft(question, amount["answer"], "how many")
    if (
        (number := COUNTED.match(clause.text))
        and not NO_UNIT.match(number["unit"])
        and "." not in number["answer"]
    ):
        rest, verb = rest_of(number["rest"]), number["verb"]
        known = verb in (BASE_OF_PARTICIPLE if number["be"] else BASE) and follows(number["unit"])
        if known and follows(rest) and is_telling(f"the {number['unit']} {rest}"):
            be = f"{number['be']} " if number["be"] else ""
            yield Draft(f"How many {number['unit']} {be}{verb} {rest}?", number["answer"], "how many")
    if (number := THERE.match(clause.text)) and follows(rest := rest_of(number["rest"])):
        question = f"How many {number['unit']} {number['be']} there {rest}?"
        yield Draft(question, number["answer"], "how many")


PART = re.compile(rf" (?P<answer>{ABOUT}{NUMBER} ?(?:%|per cent|percent)) of (?P<of>[^,;:]+)")
SHARE = re.compile(rf"(?P<answer>{ABOUT}(?i:{NUMBER}) ?(?:%|per cent|percent)) of (?P<of>[^,;:]+)")


def shared(clause: Clause) -> Iterator[Draft]:
    """«X killed 40% of Y», «40% of X died»: what share."""
    found = active(clause.text)
    topic = clause.topic(found)
    part = found and PART.match(found.rest)
    if found and topic and part and not found.be and follows(rest_of(part["of"])):
        question = f"What share of {rest_of(part['of'])} did {topic} {BASE[found.verb]}?"
        yield Draft(question, part["answer"], "how many")
    share = found and SHARE.fullmatch(found.subject)
    if found and share and not found.be and follows(share["of"]) and is_named(share["of"]):
        when, rest = year_of(found.date or date_in(found.rest)), rest_of(found.rest)
        if not rest or follows(rest):
            whole = f"{share['of']} {found.verb} {rest}".strip()
            yield Draft(f"What share of {whole}{when}?", share["answer"], "how many")


KNOWN_FOR = re.compile(
    r"^(?P<subject>[^,;:]+?) (?P<be>is|are|was|were) (?:(?:best|well|mainly|also) )?"
    r"(?P<known>famous|known|noted|responsible|suitable|necessary) for .{8,}$"
)
INVOLVES = re.compile(
    r"^(?P<subject>[^,;:]+?)(?:, [^,;:]{3,60},)?"
    r"(?: (?:also|usually|often|typically|generally|mainly|normally))?"
    r" (?P<verb>involve[sd]|require[sd]|contain(?:s|ed)|consist(?:s|ed) of|depend(?:s|ed) on|include[sd]"
    r"|comprise[sd]|flows through|leads to|relies on|lacks|covers) (?P<what>.{12,})$"
)


def involved(clause: Clause) -> Iterator[Draft]:
    """«X involves …», «X depended on …», «X is famous for …»: what."""
    found = INVOLVES.match(clause.text)
    topic = clause.group(found, generic=True)
    if found and topic and is_telling(topic) and not re.fullmatch(r"[a-z]+(?:al|ic|ive|ous)", topic):
        verb, *particle = found["verb"].split()
        base = BASE.get(verb) or {"relies": "rely"}.get(verb, verb.removesuffix("s"))
        do = "did" if verb in BASE else "does"
        yield Draft(f"What {do} {topic} {' '.join([base, *particle])}?", found["what"], "involves")
    found = KNOWN_FOR.match(clause.text)
    topic = clause.group(found)
    if found and topic:
        yield Draft(f"What {found['be']} {topic} {found['known']} for?", "", "what")


MEASURED = re.compile(
    rf"^(?P<subject>[^,;:]+?)(?:, [^,;:]+,)? (?P<be>is|was|are|were) (?P<answer>{ABOUT}{NUMBER} [a-z]+)"
    r" (?P<how>long|tall|high|wide|deep|thick|old|across)\b"
)
LASTED = re.compile(
    r"^(?P<subject>[^,;:]+?)(?:, [^,;:]+,)? (?P<verb>lasted|lasts|took|takes|weighs|weighed|costs?)"
    rf"(?: for)? (?P<answer>{ABOUT}[$£€]?{NUMBER}(?: [a-z]+)?)"
)
HOW = {
    "lasted": "How long did {} last?", "lasts": "How long does {} last?", "took": "How long did {} take?",
    "takes": "How long does {} take?", "weighs": "How much does {} weigh?",
    "weighed": "How much did {} weigh?", "cost": "How much did {} cost?", "costs": "How much does {} cost?",
}  # fmt: skip
POPULATION = re.compile(rf"^(?P<subject>[^,;:]+?) (?:has|had) a population of (?P<answer>{ABOUT}{NUMBER})")


def measured(clause: Clause) -> Iterator[Draft]:
    """«X is 3 metres long», «X lasted four days»: how long, how much."""
    if (found := POPULATION.match(clause.text)) and (topic := clause.group(found)):
        yield Draft(f"What is the population of {topic}?", found["answer"], "how many")
    if (found := MEASURED.match(clause.text)) and (topic := clause.group(found)):
        how = "wide" if found["how"] == "across" else found["how"]
        yield Draft(f"How {how} {found['be']} {topic}?", found["answer"], "how many")
    if (found := LASTED.match(clause.text)) and (topic := clause.group(found)):
        yield Draft(HOW[found["verb"]].format(topic), found["answer"], "how many")


RULES = (defined, named, counted, shared, involved, measured)
