import pytest

from app.answer import Answerer
from app.conversation import mentions, points_back, standalone
from ingest.read import read_bytes


@pytest.mark.parametrize(
    "question",
    [
        "And in the next phase?",
        "What about Brazil?",
        "Why?",
        "At what time?",
        "And after that?",
        "What does a new one cost?",
        "What came of the latter?",
        "Is this the longest river?",
        "How many people live there?",
        "How many are there?",
        "Which ones are sold?",
        "Which is faster?",
    ],
)
def test_what_needs_the_question_before_it_points_back(question):
    assert points_back(question)


@pytest.mark.parametrize(
    "question",
    [
        "And in the next phase?",
        "Why?",
        "And why?",
        "At what time?",
        "What came of the latter?",
        "And after that?",
        "And against it?",
        "Is this the longest river?",
        "And how many people live there?",
        "Which is older?",
    ],
)
def test_what_points_back_without_saying_to_what_is_asked_together_with_the_question_before_it(question):
    asked = standalone(question, ["Who built H1?", "Where did Harrison live?"])
    assert asked == f"Where did Harrison live? {question}"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("When did he die?", "When did Harrison die?"),
        ("Who paid them?", "Who paid Harrison?"),
        ("And what was his first clock?", "And what was Harrison’s first clock?"),
    ],
)
def test_a_pronoun_becomes_the_last_name_of_the_question_before_it(question, asked):
    assert standalone(question, ["Who built H1?", "Where did Harrison live?"]) == asked


@pytest.mark.parametrize(
    ("before", "question", "asked"),
    [
        ("when was the bridge opened?", "How long is it?", "How long is the bridge?"),
        ("Who is the treasurer?", "What did he present?", "What did the treasurer present?"),
        ("Who is the head of the clinic?", "When did she found it?", "When did the head found the clinic?"),
        ("When is the rent due?", "What if it is late?", "What if the rent is late?"),
        ("How much does the new tent cost?", "Who sells it?", "Who sells the new tent?"),
        ("How often must the filter be cleaned?", "What is a new one?", "What is a new filter?"),
        ("What if the pump gets hot?", "How long must it cool?", "How long must the pump cool?"),
        ("How much does the pump weigh?", "How loud is its motor?", "How loud is the pump’s motor?"),
        ("How long is the Rance barrage?", "Who built it?", "Who built the Rance barrage?"),
        ("Who ran the mill at Orne?", "When was it built?", "When was the mill at Orne built?"),
        ("When did London get its first bank?", "Who opened it?", "Who opened London’s first bank?"),
        ("Where can I order spare parts?", "Are they sent?", "Are spare parts sent?"),
        ("Are good boots needed?", "Can they be rented?", "Can good boots be rented?"),
        ("When does the shop open in May?", "Does it open in June?", "Does the shop open in June?"),
        ("Is the shop open on Monday?", "And when does it close?", "And when does the shop close?"),
        ("Why did Napoleon invade Russia?", "Why did he leave it?", "Why did Napoleon leave Russia?"),
        ("Where is it? Who made the clock?", "When was it sold?", "When was the clock sold?"),
        ("Who was Fleet?", "Why did he sell it?", "Why did Fleet sell it?"),
        ("When did May leave?", "And why did she go?", "And why did May go?"),
    ],
)  # fmt: skip
def test_a_pronoun_becomes_what_the_question_before_it_is_about(before, question, asked):
    assert standalone(question, [before]) == asked


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("Why wait?", "How long is it?"),
        ("What does John’s report say?", "When was it published?"),
        ("Who was Ada Lovelace’s father?", "When did he die?"),
    ],
)
def test_a_pronoun_that_stands_for_nothing_in_the_question_before_it_takes_the_whole(before, question):
    assert standalone(question, [before]) == f"{before} {question}"


@pytest.mark.parametrize(
    ("before", "question", "asked"),
    [
        ("Who is the chair of the club?", "and the secretary?", "Who is the secretary of the club?"),
        ("How much is the pet fee?", "And for dogs?", "How much is the pet fee for dogs?"),
        ("How high is it in the Bay of Fundy?", "And in Bristol?", "How high is it in Bristol?"),
        ("Does the landlord pay for water?", "What about the phone?", "Does the landlord pay for the phone?"),
        ("Does the price cover breakfasts?", "And lunches?", "Does the price cover lunches?"),
        ("Are cats allowed?", "What about dogs?", "Are dogs allowed?"),
        ("How many days do nurses have?", "And doctors?", "How many days do doctors have?"),
        ("When does the day shift begin?", "And the night shift?", "When does the night shift begin?"),
        ("What is a light roast?", "And a dark roast?", "What is a dark roast?"),
        ("Who was the first Astronomer Royal?", "And the second?", "Who was the second Astronomer Royal?"),
        ("When did London get a bank?", "And Paris?", "When did Paris get a bank?"),
        ("What did it cost in 2019?", "And 2020?", "What did it cost in 2020?"),
        ("How much is the rent?", "And today?", "How much is the rent today?"),
        ("How long is the warranty?", "What about the seals?", "What about the seals and the warranty?"),
        ("What causes tides?", "And waves?", "What causes tides? What about waves?"),
        ("Is the bridge open?", "What about the tunnel?", "Is the tunnel open?"),
        ("Does the warranty cover water damage?", "And theft?", "Does the warranty cover theft?"),
        ("Are dogs allowed in the park?", "And cats?", "Are cats allowed in the park?"),
        ("Are dogs allowed in the park?", "And small dogs?", "Are small dogs allowed in the park?"),
        ("Are dogs allowed in the park?", "And the garden?", "Are dogs allowed in the garden?"),
        ("Can dogs enter the park?", "And cats?", "Can cats enter the park?"),
        ("Did the fire destroy the library?", "And the church?", "Did the fire destroy the church?"),
        ("Does the lease allow subletting?", "And pets?", "Does the lease allow pets?"),
        ("What does the plan cost per month?", "And per year?", "What does the plan cost per year?"),
        ("What is section 5.2 about?", "And 5.3?", "What is section 5.3 about?"),
        ("Who won stage 3 in 2018?", "And 4?", "Who won stage 4 in 2018?"),
        ("What is Article 5 about?", "And Article 6?", "What is Article 6 about?"),
        ("What did Acme earn in March 2019?", "And April?", "What did Acme earn in April 2019?"),
        ("I ask for the price of the red car.", "And the blue car?", "I ask for the price of the blue car?"),
        ("What does it cost today?", "And next year?", "What does it cost next year?"),
        ("How many volunteers are there?", "And employees?", "How many employees are there?"),
        ("How many dogs does Acme have?", "And staff?", "How many staff does Acme have?"),
        ("How often must the filter be cleaned?", "And how often is the oil changed?",
         "How often is the oil changed?"),
    ],
)  # fmt: skip
def test_what_an_and_asks_about_takes_its_place_in_the_question_before_it(before, question, asked):
    assert standalone(question, ["Who built H1?", before]) == asked


@pytest.mark.parametrize(
    "question",
    [
        "What is coffee?",
        "When was the first coffeehouse in London opened?",
        "Why did Harrison lose faith in his large machines?",
        "How long does a spring tide last after the full moon?",
        "Android phones: how many seconds do clocks drift?",
        "Which island did Sophie sail to?",
        "How many volunteers are there?",
        "Which is the longest river?",
        "Which was founded first, Oxford or Cambridge?",
        "Which is cheaper: bus or train?",
        "Which one of the bridges was closed?",
        "How many are there in Berlin?",
    ],
)
def test_what_stands_alone_is_left_alone(question):
    assert not points_back(question)
    assert standalone(question, ["Who built H1?"]) == question
    assert mentions(question, "Nothing of this.")


def test_without_a_conversation_every_question_stands_as_it_is():
    assert standalone("And then?", []) == "And then?"


@pytest.mark.parametrize(
    ("question", "text", "told"),
    [
        ("And for dogs?", "No dog is allowed.", True),
        ("And for dogs?", "The fee is $300 for each cat.", False),
        ("What about smokers?", "Smoking is forbidden.", True),
        ("And what about the night shift?", "The night is long.", True),
        ("And when did he die?", "The fee is $300 for each cat.", True),
        ("And today?", "The fee is $300 for each cat.", True),
        ("And the second?", "Nevil Maskelyne was Astronomer Royal from 1765.", True),
        ("And 2019?", "The fee is $300 for each cat.", False),
        ("And glass?", "No glad tidings.", False),
    ],
)
def test_a_text_that_has_nothing_of_what_an_and_asks_about_tells_of_something_else(question, text, told):
    assert mentions(question, text) == told


HOUSE = """# The house of the Elm Garden Club

The chair is Daniel Okafor. The secretary is Priya Raman. The treasurer is Tom Weiss.

Tom Weiss warned that the price of compost had doubled. Priya Raman will write to the council about the gate.

The rent is due on the first day of each month. A fee of $75 is charged when the rent is late.

Cats are allowed in the house. The pet fee is $300 for each cat. No dogs are allowed in the house.

The pump weighs 12 kilograms. Its motor draws 750 watts. The warranty lasts 24 months. Seals are not covered
by the warranty. The filter must be cleaned every two weeks. A new filter costs $18.
"""


@pytest.mark.parametrize(
    ("before", "question", "told"),
    [
        ("Who is the chair?", "and the secretary?", "Priya Raman"),
        ("Who is the secretary?", "What will she write about?", "about the gate"),
        ("When is the rent due?", "What if it is late?", "$75"),
        ("Are cats allowed?", "What about dogs?", "No dogs"),
        ("How long is the warranty?", "What about the seals?", "Seals are not covered"),
        ("How much does the pump weigh?", "How much power does its motor draw?", "750 watts"),
        ("How often must the filter be cleaned?", "What does a new one cost?", "$18"),
        ("How much is the pet fee?", "And for parrots?", ""),
        ("Who is the chair?", "And the gardener?", ""),
    ],
)
def test_a_follow_up_is_not_answered_with_the_answer_before_it(library, before, question, told):
    library.add(read_bytes(HOUSE.encode(), name="house.md", source="/tmp/house.md"))
    answer = Answerer(library).answer(question, history=[before])
    best = max(answer.citations, key=lambda citation: citation.score, default=None)
    assert told in best.cited_text if told and best else not (told or answer.answered)


def test_thanks_are_no_question_that_a_follow_up_goes_on_from(library):
    library.add(read_bytes(HOUSE.encode(), name="house.md", source="/tmp/house.md"))
    asked = Answerer(library).answer("And for dogs?", history=["How much is the pet fee?", "Thanks!"]).asked
    assert asked == "How much is the pet fee for dogs?"
