"""A sentence becomes drafts of questions: it is cut into its clauses, and every rule has a look at each."""

import re
from collections.abc import Iterator
from itertools import chain

from app.suggest import events, facts, reasons
from app.suggest.parse import LEAD, Clause, Draft
from app.suggest.phrases import FINITE, Vocabulary, is_verb

RULES = (*reasons.RULES, *events.RULES, *facts.RULES)
LONGEST, SHORTEST = 18, 4
"""Words of a question."""
LATIN = re.compile(r"[ -;=?-~À-ɏ–—‘’“”£€…]+")
"""What a question may consist of: no other script, no control character, no angle bracket."""
LEADS = re.compile(
    r"^(?:However|Moreover|Furthermore|Meanwhile|Nevertheless|Instead|Consequently|Eventually"
    r"|Finally|Therefore|Thus|Then"
    r"|Later|Additionally|In addition|In fact|For example|For instance|As a result|In particular|In general"
    r"|Historically|Traditionally|First|Second|Third|To be sure|In this context|Accordingly|Similarly|Indeed"
    r"|On the other hand|In the context of [^,;:]{3,50}), |[A-Z][\w ]{3,40}: (?=[A-Z])"
)
SETTING = re.compile(
    r"^(?:In|On|At|For|With|During|Under|From|After|Before|Within|Among|Along|Throughout"
    r"|Following) [^,;:]{2,70}, "
    r"(?!and |or |but |[^,;:]{2,40}, (?:and|or) )"
)
CONCEDED = re.compile(
    r"^(?P<how>Although|Though|While|Whereas|When|After|As) (?P<one>[^,;:]{15,}), (?P<two>[^;]{15,})$"
)
JOINED = re.compile(r"; |, (?:and|but|so) |: ")


def drafts(text: str, vocabulary: Vocabulary) -> Iterator[Draft]:
    """The questions of a sentence, each once. text: one line, without footnote markers."""
    seen: set[str] = set()
    found = (draft for clause in clauses(text, vocabulary) for rule in RULES for draft in rule(clause))
    for draft in chain(reasons.abbreviations(text), found):
        fits = SHORTEST <= len(draft.question.split()) <= LONGEST and LATIN.fullmatch(draft.question)
        if fits and draft.question not in seen:
            seen.add(draft.question)
            yield draft


def clauses(text: str, vocabulary: Vocabulary) -> Iterator[Clause]:
    """The sentence as it is, without its opening phrase, and its parts that are sentences themselves."""
    bare = re.sub(r" ?\([^()]*\)| ?\[[^\[\]]*\]", "", text).strip()
    lead = LEADS.match(bare)
    whole = bare[lead.end() :] if lead else bare
    yield Clause(whole, vocabulary, opens=not lead)
    setting = SETTING.match(whole)
    date = LEAD.match(whole)
    if setting and (not date or setting.end() <= date.end()):
        yield Clause(whole[setting.end() :], vocabulary, opens=False)
    conceded = CONCEDED.match(whole)
    if conceded:
        yield Clause(conceded["one"], vocabulary, opens=False)
        if conceded["how"] != "When":
            yield Clause(conceded["two"], vocabulary, opens=False)
    cursor = 0
    pieces = []
    for joint in [*JOINED.finditer(whole), None]:
        end = joint.start() if joint else len(whole)
        piece = whole[cursor:end]
        if joint and not is_clause(piece):
            continue
        pieces.append((cursor, piece))
        cursor = joint.end() if joint else end
    if len(pieces) > 1:
        for start, piece in pieces:
            yield Clause(piece, vocabulary, opens=start == 0 and not lead)


def is_clause(piece: str) -> bool:
    """Whether a piece has a verb, as far as one can tell."""
    return bool(FINITE.search(piece)) or any(map(is_verb, piece.split()))
