"""English verbs whose forms are safe to turn round: «passed» to «When did … pass …?».

A verb that is not here gives no question. The forms of regular verbs follow the rules of spelling.
"""

import re


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


REGULAR = """
abandon abolish absorb accept accompany accuse achieve acquire act adapt add address adjust administer admit
adopt advance affect agree aid allow alter analyse analyze anchor annex announce answer appeal appear apply
appoint approve argue arrange arrest arrive ask assassinate assemble assert assign assist associate assume
assure attach attack attempt attract authorise authorize average award back bake balance ban bar base battle
behave belong benefit blame block boil bomb bombard boost borrow bounce bridge bury calculate call campaign
cancel capture carry carve catapult categorize cause cease celebrate centre chair challenge change
characterise characterize charge charter chase check circulate cite claim clarify classify clear climb close
coin collapse collect colonise colonize combine comment commission commit compare compete compile complain
complete compose comprise compute concede concentrate conclude condemn conduct confirm confiscate conform
confront confuse connect conquer consider consist consolidate constitute construct consult consume contact
contain continue contrast contribute control convert convince cook cool cooperate copy correct count counter
couple cover crash create credit criticise criticize cross crown cultivate curb cure damage date debate
debut decide declare decline decorate decrease dedicate deepen defeat defect defend defer define delay
delegate delete deliver demand demolish demonstrate deny depart depend depict deploy depose deposit deprive
derive describe deserve design destroy detain detect deteriorate determine develop devise dictate die differ
digest diminish dip direct disagree disappear disband discard discourage discover discuss disguise dismiss
display disprove disrupt dissolve distinguish distribute disturb diversify divide dominate donate double
doubt draft drag drain dredge dress drift drop drown dry dump earn ease echo edit educate effect elaborate
elect elevate eliminate embark embrace emerge emigrate emphasise emphasize employ enable enact encounter
encourage end endanger endorse enforce engage engrave enhance enjoy enlarge enlist enrich enrol ensure
entail enter entertain erect erupt escalate escape establish estimate evacuate evade evaluate evolve
exacerbate examine exceed exchange excite exclude execute exempt exercise exert exhibit exist expand expel
experience expire explain explode explore export expose express extend extract face facilitate fail farm
favor favour feature fill film filter finance finish fire fix float flood flourish flow focus fold follow
force forge form formulate fortify foster found free fulfil function fund furnish fuse gain gather gaze
generate glow govern graduate grant greet guarantee guard guide halt handle happen harvest help hinder hire
host house hunt identify ignore illustrate implement import impose impress imprison improve inaugurate
incorporate increase incur indicate infect influence inform inhabit inherit initiate inject injure innovate
insist inspect inspire install institute instruct insulate insure integrate intend intensify interact
intercept interest interpret interrupt intervene interview introduce invade invent invest investigate invite
invoke involve isolate issue join judge jump justify kick kill knock lack land last launch leak lease level
liberate license lift like limit link list live load loan lobby locate look lower maintain manage
manufacture map mark marry master match matter mature measure memorise mention merge migrate mine mix
mobilise mobilize model modify monitor motivate mount move multiply murder name nationalise nationalize need
neglect negotiate nominate normalise normalize note notice number object oblige observe obstruct obtain
occupy occur offer omit open operate oppose order organise organize oust outlaw outnumber overlook own pack
paint park participate partition pass patent peak penetrate perform perish persecute persist persuade phase
photograph pick pilot pioneer place plan plant play plead please pledge point poison portray possess
postpone postulate pour power practise praise preach precede predict prefer premiere prepare prescribe
present preserve preside press pretend prevail prevent print privatise privatize proceed process proclaim
produce prohibit promise promote prompt pronounce propose prosecute protect protest prove provide provoke
publish pull pump punctuate punish purchase pursue push qualify question quote race raise rank rate ratify
ration ravage reach reaffirm realise realize rebel recall recapture receive recognise recognize recommend
record recover recruit recur recycle redesign redirect reduce refer refine reflect reform refuel refuse
regain regard register regulate reign reinforce reject relate relax release relieve relocate rely remain
remark remember remind remove rename render rent reopen reorganise reorganize repair repeal repeat repel
replace reply report represent reproduce request require rescue research resemble reserve reside resign
resist resolve respond rest restore restrict result resume retain retire retreat return reunite reveal
reverse review revive revolt reward rob roll rotate rule rush sack sacrifice sail satisfy save scatter
schedule score seal search secede secure seize select sense sentence separate serve settle shape share
shelter shift ship sign simplify sketch slow smuggle solve sound spare spark specialise specialize specify
speculate sponsor spot stabilise stage start state steam stem stimulate stop store strengthen stress stretch
struggle study submit subside subsidise succeed sue suffer suggest sum supply support suppress surrender
surround survey suspect suspend sustain switch symbolise target tax telephone tend terminate test testify
threaten tie tighten top touch tour tow trace trade train transfer transform translate trap travel treat
trigger triple try turn type undermine unify unite unveil update upgrade urge use utilise utilize value vary
veto view violate visit visualise volunteer vote wander wane want warn wash waste watch water weaken welcome
whip widen wipe witness wonder work worry worsen wreck yield
"""
IRREGULAR = """
arise arose arisen; beat beat beaten; become became become; begin began begun; break broke broken; breed
bred bred; bring brought brought; broadcast broadcast broadcast; build built built; burn burnt burnt; buy
bought bought; cast cast cast; catch caught caught; choose chose chosen; come came come; cost cost cost; cut
cut cut; deal dealt dealt; draw drew drawn; drink drank drunk; drive drove driven; fall fell fallen; feed
fed fed; feel felt felt; fight fought fought; find found found; flee fled fled; fly flew flown; forbid
forbade forbidden; forget forgot forgotten; freeze froze frozen; get got got; give gave given; go went gone;
grow grew grown; hang hung hung; hear heard heard; hide hid hidden; hit hit hit; hold held held; keep kept
kept; know knew known; lay laid laid; lead led led; leave left left; lend lent lent; let let let; lie lay
lain; light lit lit; lose lost lost; make made made; mean meant meant; meet met met; overcome overcame
overcome; oversee oversaw overseen; overthrow overthrew overthrown; pay paid paid; put put put; rebuild
rebuilt rebuilt; rewrite rewrote rewritten; ride rode ridden; ring rang rung; rise rose risen; run ran run;
say said said; see saw seen; seek sought sought; sell sold sold; send sent sent; set set set; shoot shot
shot; show showed shown; shut shut shut; sing sang sung; sink sank sunk; sit sat sat; speak spoke spoken;
spend spent spent; split split split; spread spread spread; stand stood stood; steal stole stolen; strike
struck struck; swear swore sworn; take took taken; teach taught taught; tell told told; think thought
thought; throw threw thrown; undergo underwent undergone; understand understood understood; undertake
undertook undertaken; wear wore worn; win won won; withdraw withdrew withdrawn; write wrote written
"""
DOUBLED = words(
    """
    admit ban chat commit control drag drop equip expel map occur omit plan prefer refer rob ship spot
    stem step stop submit transfer trap whip
    """
)
"""Regular verbs whose last letter is doubled."""
VARIANTS = {
    "burned": "burn", "cancelled": "cancel", "enrolled": "enrol", "fulfilled": "fulfil", "learned": "learn",
    "levelled": "level", "spelled": "spell", "travelled": "travel", "proven": "prove",
}  # fmt: skip
"""Further past forms and participles."""
PRESENT = {
    form: form.removesuffix("s")
    for form in words(
        """
        allows becomes begins causes comes consists contains costs covers depends differs employs ends
        gives happens holds includes keeps lacks leads makes means needs occurs prefers prevents
        produces provides receives relates remains requires runs seems serves takes uses weighs works
        """
    )
}
"""Third persons that are hardly ever nouns, to base."""
INTRANSITIVE = words(
    """
    agree appear arise arrive assist become begin cease collapse come continue debut decline depart die
    disappear drop emerge emigrate end erupt fail fall flee fly go graduate grow happen increase
    intervene join land last live marry meet merge migrate move normalise normalize occur open originate
    premiere reach rebel refer remain resign retire return rise run sail secede serve settle sink spread
    stand start step stop subside surrender switch travel vote withdraw work
    """
)
"""Verbs that may be followed by a preposition, or by nothing."""
OF_PERSONS = words(
    """
    assassinate build calculate challenge choose coin compare compile complete compose construct count
    create criticise criticize declare deduce defeat define demonstrate describe design develop devise
    direct discover draft draw edit elect establish examine explain explore find formulate found
    identify improve inaugurate initiate install introduce invade invent investigate isolate kill launch
    lead make map measure murder name observe organise organize overthrow own paint pass patent perform
    pioneer plan predict produce propose prove publish record replace reveal sign simplify sponsor start
    study suggest survey test train translate win write
    """
)
"""Verbs whose subject, where it bears a name, is a «who»."""
OF_THINGS = OF_PERSONS | words(
    """
    acquire adopt award ban buy capture cause form gain grant grow impose issue lose offer open provide
    ration receive release sell use
    """
)
"""Verbs whose object may be asked for."""
OF_CAUSES = words(
    """
    cause discourage drive enable end escalate exacerbate force hinder increase influence inspire mark
    motivate prevent prompt provoke reduce shape spark strengthen threaten trigger weaken
    """
)
"""Verbs whose subject is a «what»."""
CAUSING = words("enables hinders motivates prevents provokes reduces strengthens weakens")
"""Third persons of such verbs that are no nouns."""
WAYS = words(
    """
    achieve calculate characterise characterize classify compute define detect determine distinguish
    divide express form identify make measure model obtain prepare produce prove reduce represent solve
    transmit verify view
    """
)
"""Verbs whose passive may be asked «how»."""
STRANDED = {
    "attribute": "to", "base": "on", "blame": "for", "categorize": "into", "characterize": "by",
    "compose": "of", "convert": "into", "cover": "with", "dedicate": "to", "derive": "from",
    "descend": "from", "determine": "by", "divide": "into", "follow": "by", "govern": "by",
    "limit": "by", "make": "of", "mark": "by", "name": "after", "punctuate": "by", "reduce": "to",
    "split": "into", "surround": "by", "transform": "into", "translate": "into",
}  # fmt: skip
"""Verbs whose preposition may end a question."""
EMPTY = words("become begin feel get give go have keep let lie make mean need put set take try want")
"""Verbs that ask for nothing in particular."""
OF_SPEECH = words(
    """
    announce argue assert calculate claim complain conclude declare demonstrate discover estimate
    explain find note observe postulate predict promise propose prove realise realize recommend report
    reveal say show state suggest warn
    """
)
"""Verbs that a «that» may follow."""
OF_ORDERS = words(
    """
    advise allow ask authorise authorize commission compel direct encourage forbid force instruct invite
    oblige order persuade press recommend require tell urge warn
    """
)
"""Verbs that somebody «to do» may follow."""
SPEAKING = {
    "says": "say", "states": "state", "argues": "argue", "claims": "claim", "suggests": "suggest",
    "shows": "show", "implies": "imply", "holds": "hold", "asserts": "assert", "proposes": "propose",
    "predicts": "predict", "concludes": "conclude", "requires": "require", "provides": "provide",
}  # fmt: skip
"""Third persons that a «that» may follow, to base."""
OF_PLACES = words(
    """
    base build bury discover establish find found hold locate make open print publish set sign situate
    """
)
"""Verbs whose participle may be asked «where»; and «born»."""


def past_of(base: str) -> str:
    """Past tense of a regular verb."""
    if base in DOUBLED:
        return base + base[-1] + "ed"
    if base.endswith("e"):
        return base + "d"
    return base[:-1] + "ied" if re.search(r"[^aeiou]y$", base) else base + "ed"


_TRIPLES = [
    *((base, past_of(base), past_of(base)) for base in REGULAR.split()),
    *(tuple(triple.split()) for triple in IRREGULAR.split(";")),
]
BASE = {past: base for base, past, _ in _TRIPLES} | VARIANTS
"""Past tense to base."""
BASE_OF_PARTICIPLE = {participle: base for base, _, participle in _TRIPLES} | VARIANTS
"""Participle to base."""
PAST = {base: past for base, past, _ in _TRIPLES}
"""Base to past tense."""
