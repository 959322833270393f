"""Yes and no, more and less, all and some: words that turn a sentence around. English only.

A word has a sign on an axis: «rose» and «fell» are the two ends of one, and every other word is the one
end of its own. A negation before a word turns its sign.
"""

import re
from collections.abc import Sequence

from app.check.align import is_verb
from app.check.tokens import Token, stem
from app.suggest.verbs import words

NEGATORS = words("""
not no never without neither nor none nobody nothing hardly scarcely barely cannot lack lacked lacking
fail failed failing unable refused ruled prevented instead
""")
NOT_NEGATED = words("only solely just merely simply exclusively necessarily least less more yet")
"""«not only» says yes."""
BACKWARDS = words("nothing nobody none neither")
"""What turns the verb before it: «he insured nothing»."""
HEDGES = frozenset(["probably", "likely"])
SCOPE = 3
"""Telling words behind a negator that it turns, up to the next comma or conjunction."""
BEFORE_NOUNS = words("the a an their its his her our my your")
"""Words behind which a verb's participle is an adjective: «their lost strength»."""
BREAKS = words("but although though while whereas because since and or which who that if until")
AXES = """
increase rise grow expand escalate enhance strengthen intensify heighten surge raise climb boost improve
swellgain deepen accelerate widen more greater larger higher bigger double triple | halve decrease
decline fall drop reduce wane shrink diminish weaken lower cut lessen dwindle slow halve narrowlose
worsen less fewer smaller ;
lengthen longer | shorten shorter ;
before prior | after following ;
earlier earliest ahead first | later latest last subsequently ;
early | late ;
likely probable probably | unlikely improbable ;
allow permit let enable accept approve authorize | forbid prohibit prevent reject refuse ban bar deny
hinder ;
encourage promote facilitate foster | hamper hinder obstruct impede discourage ;
north | south ;
east | west ;
seek request demand want accept | reject refuse decline ;
begin start launch open | end cease stop finish abolish dissolve ;
win victory | lose defeat ;
succeed manage | fail unable ;
possible able capable | impossible unable incapable ;
certain sure clear evident known | uncertain unclear unsure unknown speculative ;
high | low ;
large big great substantial significant robust considerable much | small minimal negligible slight
little few ;
maximum | minimum ;
strong strongest | weak weakest ;
better best | worse worst ;
superfluous redundant unnecessary needless | necessary essential crucial vital need require ;
public open | secret confidential private classified ;
import | export destroy ;
buy purchase | sell ;
support favor endorse | oppose resist ;
agree | disagree ;
include | exclude ;
inside within | outside beyond ;
regular regularly | sporadic sporadically irregular occasional ;
same | opposite different ;
unite cohesive cohesion | divide split rift ;
abundant plentiful ample | scarce scarcity inadequate lack ;
fully entirely completely | partly partially ;
man husband son brother father | woman wife daughter sister mother ;
old ancient | new modern recent ;
near nearest | far farthest distant ;
closer | away outwards ;
highland | lowland ;
heavy heavier | light lighter ;
hot heat | cold ;
positive | negative ;
peace | war ;
alive survive live | dead die perish ;
first | last final ;
confirm maintain keep | reverse withdraw revoke overturn abandon shift ;
hope | fear worry concern ;
fast faster quick | slow slower ;
rich wealthy | poor ;
legal lawful | illegal unlawful ;
beneficial helpful | harmful damaging ;
vital crucial | harmful harm ;
domestic internal | foreign external ;
consolidate solidify strengthen | weaken undermine ;
spend | save ;
borrow | lend ;
arrive enter | leave depart ;
upper top | bottom ;
male | female ;
minimal | moderate high substantial considerable ;
double triple | halve ;
partial | complete total ;
ally friend | enemy ;
guilty | innocent ;
left | right ;
sink | float ;
advantage benefit | drawback disadvantage ;
profit | loss lose ;
past recent previous former | future upcoming coming forthcoming impending ;
previous preceding | next following subsequent ;
fact | myth ;
northern | southern ;
eastern | western ;
ignore neglect | consider ;
attack | defend ;
love | hate ;
remember | forget ;
majority | minority ;
usually often mostly | rarely seldom ;
above | below ;
along | across ;
transparent | opaque ;
cheap | expensive costly dear ;
praise | criticise criticize blame ;
permanent | temporary ;
voluntary | compulsory mandatory
"""
"""The axes, «;» between them and «|» between their two ends."""


COMPARED = words(
    "greater larger higher bigger smaller lower longer shorter fewer less worse better later earlier"
)
"""Words that stand for themselves: «greatly» is no «greater»."""


def _axes() -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for axis, line in enumerate(AXES.split(";")):
        for sign, end in zip((1, -1), line.split("|"), strict=True):
            for word in end.split():
                if word not in COMPARED:
                    found.setdefault(stem(word), {})[axis] = sign
                found.setdefault(word, {})[axis] = sign
    return found


AXIS = _axes()
"""The sign of a stem or word on each of its axes."""
ASSURED = {
    "only": "only solely sole exclusively exclusive alone merely just single purely nothing but except "
    "unique",
    "all": "all every each any both whole entire entirely total always throughout no none everyone "
    "everything "
    "everybody nobody wholly whatever regardless consistently never",
    "must": "must shall require need oblige obligation imperative necessary crucial compulsory "
    "mandatory should have had",
    "certain": "certain certainly evident clear sure undoubtedly definite definitely",
    "most": "most mostly majority primarily mainly largely chiefly mass bulk predominantly nearly "
    "almost wholly",
    "few": "few handful little small rarely seldom scarce hardly minority",
}
SAYS = {
    "only": "only solely exclusively", "all": "all every everyone everybody always entirely", "must": "must",
    "certain": "certain certainly definitely undoubtedly", "most": "most mostly", "few": "few rarely seldom",
}  # fmt: skip
STRONGER = {word: frozenset(ASSURED[group].split()) for group, said in SAYS.items() for word in said.split()}
"""Words that say how many or how surely, and which words of a source bear each out."""
SHOULD = words("""
should ought might may could would can plans planned proposes proposed recommends if
""")
"""What makes a verb no fact yet."""


def negated(tokens: Sequence[Token]) -> tuple[bool, ...]:
    """For each token, whether a negation turns it."""
    turned = [False] * len(tokens)
    for i, token in enumerate(tokens):
        if not (token.low in NEGATORS or token.low.endswith("n't")):
            continue
        if i + 1 < len(tokens) and tokens[i + 1].low in NOT_NEGATED:
            continue
        if token.low in BACKWARDS or (i and tokens[i - 1].low in HEDGES):
            near = max(0, i - 1)
            turned[near] = not turned[near]
        left = SCOPE
        for j in range(i + 1, len(tokens)):
            if tokens[j].low in BREAKS or tokens[j].at > tokens[j - 1].at + 1 or not left:
                break
            # What stands further on is turned with its verb only: «no attempt to make paper» denies no paper.
            if (
                left == SCOPE
                or not tokens[j].content
                or (is_verb(tokens[j].low) and tokens[j - 1].low not in BEFORE_NOUNS)
            ):
                turned[j] = not turned[j]
            left -= tokens[j].content
    return tuple(turned)


def opposite(claim: Token, source: Token) -> bool | None:
    """Whether two words are the two ends of an axis (True), the same end (False), or unrelated (None)."""
    if claim.stem == source.stem or claim.low == source.low:
        return False
    short, long = sorted((claim.low, source.low), key=len)
    if len(short) > 3 and long in (f"dis{short}", f"un{short}", f"in{short}", f"im{short}", f"ir{short}"):
        return True
    one = AXIS.get(claim.low) or AXIS.get(claim.stem) or {}
    other = AXIS.get(source.low) or AXIS.get(source.stem) or {}
    shared = [one[axis] == other[axis] for axis in one.keys() & other.keys()]
    return None if not shared else not any(shared)


def unassured(claim: Sequence[Token], source: frozenset[str]) -> str | None:
    """A word of the claim that says all, only, must or the like, of which the source has none. source: its
    words in lower case and their stems."""
    for i, token in enumerate(claim):
        if (
            token.low == "most"
            and i + 1 < len(claim)
            and claim[i + 1].low in ("likely", "important", "probably")
        ):
            continue
        needed = STRONGER.get(token.low)
        if not needed or (i and claim[i - 1].low in ("not", "at", "after", "above", "the", "of")):
            continue
        if not needed & source:
            return token.text
    return None


def open_verbs(tokens: Sequence[Token]) -> frozenset[str]:
    """Stems of the words right behind «should», «might» and the like: what is not said to be so."""
    found = set()
    for i, token in enumerate(tokens):
        if token.low in SHOULD:
            near = [t for t in tokens[i + 1 : i + 5] if t.content][:1]
            found |= {t.stem for t in near}
    return frozenset(found)


DENYING = words("""
only solely alone short last few little hardly redundant confidential secret uncertain minimal against
despite lose lost missing useless wrong false doubt unless instead rather kept prevent prevents avoid
avoided no longer
""")
PREFIXED = re.compile(
    r"un(?:lik|ab|cer|cl|kn|nec|suc|touch|chang|us|paid|will|import|wanted|sure|true|fit)|non|disa[gp]|discon|dispro|disli|irr|imposs|improb|insuff|inadeq|incap|inab|inact|inelig"
)


def denies(token: Token) -> bool:
    """Whether a word may stand for a negation: unlikely, useless, only. Wide on purpose."""
    listed = token.low in DENYING or token.low in NEGATORS
    return listed or bool(PREFIXED.match(token.low)) or token.low.endswith(("less", "n't"))
