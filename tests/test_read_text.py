"""`ingest.read_text` and `ingest.footnotes`: structure recognised in plain text."""

from pathlib import Path

import pytest

from ingest.document import Document
from ingest.read import read_bytes, read_file

SAMPLE = Path(__file__).parent.parent / "ingest" / "samples" / "longitude.txt"


def read(text: str) -> Document:
    return read_bytes(text.encode(), name="a-file.txt", source="/a-file.txt")


def parts(document: Document) -> list[tuple[str, str]]:
    return [(part.kind, document.text[part.start : part.end]) for part in document.parts]


def notes(document: Document) -> list[tuple[str, int, str]]:
    return [(n.label, len(n.markers), document.text[n.start : n.end]) for n in document.footnotes]


def test_the_sample_has_its_headings_notes_and_no_newsletter():
    document = read_file(SAMPLE)
    assert document.title == "Four Minutes to a Degree: How Longitude Was Found at Sea"
    assert [s.title for s in document.sections] == [
        "",
        "A fortune for half a degree",
        "A carpenter's clocks",
        "Trial by committee",
        "The Moon as a clock",
        "From Cook to the satellites",
    ]
    assert [(n.label, len(n.markers)) for n in document.footnotes] == [(str(i), 1) for i in range(1, 16)]
    assert document.text.endswith("slowed by nine minutes and 21 seconds.")
    assert len(document.left_out) == 4
    assert document.left_out[-1] == "The Lamplighter Review - About us - Contact - Privacy"
    assert document.warnings == ()


def test_the_article_is_read_whole_with_every_note_linked(article_path):
    document = read_file(article_path)
    text = document.text
    assert text.startswith("A Challenging but Essential Task: Security")
    assert document.title == text[: text.index("\n")]
    assert sum(part.kind == "paragraph" for part in document.parts) == 30
    assert [s.title for s in document.sections if s.level] == [
        "How Far Could South Korea-Japan’s Security Cooperation Evolve?",
        "Japan as an Active Participant in a Korean Contingency",
        "Recommendations",
        "Conclusion",
    ]
    assert [n.label for n in document.footnotes] == list("12345678")
    for note in document.footnotes:
        assert len(note.markers) == 1
        assert text[note.markers[0].start : note.markers[0].end] == f"[{note.label}]"
        assert text[note.start - 4 : note.start] == f"[{note.label}] "
    sixth = document.footnotes[5]
    assert "平和安全法制" in text[sixth.start : sixth.end]
    assert text.endswith("such views on the matter.")
    assert "".join(document.left_out).startswith("Stay informed")
    assert "newsletter" not in text
    assert "Stay informed" not in text


@pytest.mark.parametrize(
    "printed",
    [
        "  1. [1]\n\n    The first.\n\n  2. [2]\n\n    The second.\n",
        "[1] The first.\n\n[2] The second.",
        "[1] The first.\n[2] The\n    second.",
        "[^1]: The first.\n[^2]: The second.\n",
        "1. The first.\n2. The second.",
        "1. The first.\n\n2. The second.\n",
        "Notes\n\n1. The first.\n2. The second.",
        "FOOTNOTES:\n\n[1] The first.\n\n[2] The second.",
        "[Footnote 1: The first.]\n\n[Footnote 2: The second.]",
    ],
)
def test_notes_are_known_in_every_usual_print(printed):
    document = read(f"Title\n\nBody words.[1] More words.[2]\n\n{printed}")
    assert document.text == "Title\n\nBody words.[1] More words.[2]\n\n[1] The first.\n\n[2] The second."
    assert notes(document) == [("1", 1, "The first."), ("2", 1, "The second.")]


@pytest.mark.parametrize(
    ("first", "second", "printed"),
    [
        ("¹", "²", "¹ The first.\n² The second."),
        ("¹", "²", "Notes\n\n1. The first.\n\n2. The second."),
        ("(1)", "(2)", "(1) The first.\n\n(2) The second."),
        (" (1)", " (2)", "(1) The first.\n(2) The second."),
        (" ^[1]", " ^[2]", "  ^[1] The first.\n\n\xa0 ^[2] The second."),
        ("[1]", "[2]", "[Footnote 1: The first.]\n\n[Footnote 2: The second.]"),
    ],
)
def test_raised_and_round_markers_are_known(first, second, printed):
    document = read(f"Title\n\nBody words{first}, and more words{second}.\n\n{printed}")
    assert notes(document) == [("1", 1, "The first."), ("2", 1, "The second.")]


@pytest.mark.parametrize(
    ("first", "second", "printed"),
    [
        ("*", "†", "* The first.\n\n† The second."),
        ("[*]", "[†]", "[*] The first.\n\n[†] The second."),
        ("[*]", "[†]", "[Footnote *: The first.]\n\n[Footnote †: The second.]"),
    ],
)
def test_symbols_are_markers(first, second, printed):
    document = read(f"Title\n\nBody words{first} and more.{second} And on.\n\n{printed}")
    assert notes(document) == [("*", 1, "The first."), ("†", 1, "The second.")]


@pytest.mark.parametrize(
    "text",
    [
        "I like it* and *this* much.\n\n* one",
        "I like it* much.\n\n* one\n* two",
        "I like it* much.\n\n* one\n\n* two",
        "See lib/foo.* and /dev/tty* here.\n\n* one",
        "Subject to section 3(1) and paragraph (2), none.\n\n(1) The first.\n\n(2) The second.",
        "In x² and km² and 10³.\n\n1. One.\n\n2. Two.\n\n3. Three.",
    ],
)
def test_lists_emphasis_clauses_and_powers_are_no_notes(text):
    assert read(f"Title\n\n{text}\n").footnotes == ()


def test_a_note_goes_on_until_its_bracket_closes():
    document = read(
        "T\n\nBody[1] and.[2]\n\n[Footnote 1: One [sic].\n\nMore.]\n\n[Footnote 2: Two.]\n\nThe body goes on."
    )
    assert notes(document) == [("1", 1, "One [sic].\n\nMore."), ("2", 1, "Two.")]
    assert ("paragraph", "The body goes on.") in parts(document)


def test_a_bracket_that_never_closes_takes_nothing_in():
    document = read("T\n\nBody.[1]\n\n[Footnote 1: One.\n\nThe body goes on.")
    assert notes(document) == [("1", 1, "One.")]
    assert document.text.startswith("T\n\nBody.[1]\n\nThe body goes on.")


def test_a_paragraph_at_the_margin_between_two_notes_is_the_firsts():
    document = read("T\n\nBody[1] and.[2]\n\n[1] One.\n\nIt goes on.\n\n[2] Two.\n")
    assert notes(document) == [("1", 1, "One.\n\nIt goes on."), ("2", 1, "Two.")]
    document = read("T\n\nBody.[1]\n\n[1] One.\n\nIt goes on.[2]\n\n[2] Two.\n")
    assert notes(document) == [("1", 1, "One."), ("2", 1, "Two.")]


def test_a_number_without_a_note_is_reported():
    document = read("T\n\nBody[1] and [7] and [sic].\n\n[1] One.")
    assert document.warnings == ("marker [7] has no note",)


def test_a_note_has_several_paragraphs_where_they_are_indented():
    document = read("T\n\nBody.[1]\n\n[1] One.\n\n    Two.\n\nThe body goes on here.\n")
    assert notes(document) == [("1", 1, "One.\n\nTwo.")]
    assert ("paragraph", "The body goes on here.") in parts(document)


def test_a_note_may_cite_another():
    document = read("T\n\nBody[1] and more.[2]\n\n[1] See [2].\n\n[2] Two, not [1].")
    assert notes(document) == [("1", 2, "See [2]."), ("2", 2, "Two, not [1].")]


def test_a_note_without_a_marker_is_kept_and_reported():
    document = read("T\n\nBody.[1]\n\n[1] One.\n\n[2] Two.")
    assert notes(document) == [("1", 1, "One."), ("2", 0, "Two.")]
    assert document.warnings == ("note [2] has no marker in the text",)


def test_a_label_with_nothing_below_it_is_kept():
    document = read("T\n\nBody[1] and [2].\n\n[1] One.\n\n[2]\n")
    assert notes(document) == [("1", 1, "One."), ("2", 1, "[2]")]


def test_a_bracketed_word_at_the_start_of_a_notes_line_is_its_text():
    document = read("T\n\nBody.[1]\n\n[1] He wrote\n[sic] so.")
    assert notes(document) == [("1", 1, "He wrote [sic] so.")]


def test_a_marker_without_a_note_stays_text():
    document = read("T\n\nBody[1] and [7] and [sic].\n\n[1] One.")
    assert notes(document) == [("1", 1, "One.")]
    assert parts(document)[1] == ("paragraph", "Body[1] and [7] and [sic].")


def test_brackets_without_any_notes_stay_text():
    document = read("T\n\nSee [1] and [2].\n\nIt ends here.")
    assert document.footnotes == ()
    assert document.text == "T\n\nSee [1] and [2].\n\nIt ends here."


def test_a_label_used_again_in_the_next_chapter_is_another_note():
    document = read("Book\n\nONE\n\nFirst.[1]\n\n[1] Of one.\n\nTWO\n\nSecond.[1]\n\n[1] Of two.")
    assert notes(document) == [("1", 1, "Of one."), ("1′", 1, "Of two.")]
    assert "First.[1]" in document.text
    assert "Second.[1′]" in document.text


def test_a_numbered_list_is_no_notes():
    document = read("Tea\n\nRead this first.\n\n1. Boil it.\n2. Pour it\n   on.\n\nThen drink it all.\n")
    assert document.footnotes == ()
    assert parts(document)[2:4] == [("item", "1. Boil it."), ("item", "2. Pour it on.")]


def test_a_wrapped_line_that_begins_with_a_number_begins_no_note():
    document = read("T\n\nBody.[1]\n\n1. He came on\n12. May and left.")
    assert notes(document) == [("1", 1, "He came on 12. May and left.")]


def test_hard_wrapped_lines_are_one_paragraph_and_no_title():
    document = read(
        "It was not that he felt any love for\nthe sea. All emotions were alien to\nhim.\n\nIt ended."
    )
    assert parts(document)[0] == (
        "paragraph",
        "It was not that he felt any love for the sea. All emotions were alien to him.",
    )
    assert document.title == "a file"


def test_a_title_may_stand_right_above_its_author_or_underlined():
    assert read("A Long Title Here\nby Me\n\nBody words.").title == "A Long Title Here"
    assert read("A Title\n=======\nBody words are here.\n").title == "A Title"


def test_a_paragraph_a_line_needs_no_blank_lines():
    long = "Many words stand here in a row. " * 10
    document = read(f"Heading One\n{long}\nHeading Two\n{long}\n")
    assert [kind for kind, _ in parts(document)] == ["title", "paragraph", "heading", "paragraph"]


def test_headings_may_ask_be_in_capitals_or_be_numbered():
    body = "Here is a paragraph of text."
    heads = [
        "What is a tide?",
        "CHAPTER II.",
        "THE LONG\nWAY HOME",
        "1. Introduction",
        "2.1 Details",
        "“The Sea”",
    ]
    document = read("Title\n\n" + "".join(f"{head}\n\n{body}\n\n" for head in heads))
    assert [s.title for s in document.sections[1:]] == [head.replace("\n", " ") for head in heads]


@pytest.mark.parametrize(
    "line", ["“Come in!”", "Dear Ann,", "- one thing", "1984", "Yes, he said.", "> Quoted"]
)
def test_short_lines_that_are_no_headings_stay_citable(line):
    document = read(f"Title\n\nA paragraph of text is here.\n\n{line}\n\nAnother paragraph of text.\n")
    assert "heading" not in [kind for kind, _ in parts(document)]


@pytest.mark.parametrize(
    "line",
    [
        "The tower was lit in 1827.¹",
        "It is 19 metres high.*",
        "The engineer was Schinkel (1)",
        "Capacity 5,000 mAh (typical)",
        "Tel. 0151 234567",
        "EMERGENCY NUMBER: 0151 2345",
        "Wi-Fi password: lighthouse42",
        "電話：0151 2345",
        "LOPEZ: Forty thousand pesetas. (laughs)",
        "11000010 10101001 = 0xc2 0xa9",
        "Science 2002 297 2270 2275",
        "It was lit in the spring. See above",
    ],
)
def test_a_short_line_that_tells_something_stays_citable(line):
    document = read(f"Title\n\nA paragraph of text is here.\n\n{line}\n\nAnother paragraph of text.\n")
    assert parts(document)[2] == ("paragraph", line)


@pytest.mark.parametrize(
    "line",
    [
        "Part II: The War",
        "Background: A Short History",
        "The Year 2000 Bug",
        "Windows 11 Pro",
        "The 10000 Steps Myth",
        "II: The War",
        "Case 14: The Fountain",
        "Phase III (1991–2012): A Purpose",
        "Kapitel Drei: Der Turm",
        "2.1 Details: the lamp",
        "CHAPTER XIII. THE VOYAGE OF THE GOOD SHIP",
        "Mrs. Dalloway and Capt. Cook",
        "The War of 1812 (and after)",
        "D-Bus 1.11.22 (2017-10-23)",
        "IV. 1871–1914",
        "RFC 2119",
    ],
)
def test_headings_of_parts_may_have_a_colon_and_headings_an_abbreviation_or_a_year(line):
    document = read(f"Title\n\nA paragraph of text is here.\n\n{line}\n\nAnother paragraph of text.\n")
    assert parts(document)[2] == ("heading", line)


@pytest.mark.parametrize(
    "line",
    [
        "The Lighthouse: A History",
        "The Lighthouse: Keepers and Ships, 1827–1951",
        "Das Feuer. Eine Geschichte",
        "Who Were the Keepers of the Light? A History",
        "The Lighthouse*",
    ],
)
def test_a_title_may_have_a_subtitle_or_a_mark(line):
    assert parts(read(f"{line}\n\nA paragraph of text is here.\n"))[0] == ("title", line)


@pytest.mark.parametrize(
    "line", ["Contact: Anna Berg, 0151 2345", "Wi-Fi password: lighthouse42", "The tower was lit in 1827.¹"]
)
def test_a_first_line_that_tells_something_is_no_title(line):
    document = read(f"{line}\n\nA paragraph of text is here.\n")
    assert document.title == "a file"
    assert parts(document)[0] == ("paragraph", line)


def test_opening_hours_behind_a_site_phrase_are_kept():
    lines = ["Follow us on Instagram: @oldmill", "Opening hours: 10 to 18", "Tickets: adults 7 euros", "Ulm"]
    document = read("Mill\n\nThe mill is now a museum.\n\n" + "\n\n".join(lines))
    assert [text for _, text in parts(document)[2:]] == lines
    assert document.left_out == ()


def test_rules_are_no_text_and_quoted_mail_is_a_quote():
    document = read("Title\n\nWords are here.\n\n* * *\n\n> Should we\n> go ahead?\n\n----\n\nMore words.")
    assert parts(document)[1:] == [
        ("paragraph", "Words are here."),
        ("quote", "Should we go ahead?"),
        ("paragraph", "More words."),
    ]


def test_a_mail_has_its_subject_for_a_title_and_keeps_its_signature():
    document = read(
        "From: Ann\nTo: Bob\nSubject: The plan\n\nHi Bob,\n\nYou may subscribe at any time.\n\nBest,\nAnn\n"
    )
    assert document.title == "The plan"
    assert document.text.startswith("From: Ann To: Bob Subject: The plan")
    assert document.text.endswith("You may subscribe at any time.\n\nBest, Ann")
    assert document.left_out == ()


def test_a_saved_page_loses_its_buttons_and_reports_them():
    document = read(
        "Skip to main content\n\nHome | Contact\n\nThe Title\n\nBody is here.\n\nShare this\n\n© 2024 Me"
    )
    assert document.text == "The Title\n\nBody is here."
    assert document.left_out == ("Skip to main content", "Home | Contact", "Share this", "© 2024 Me")


@pytest.mark.parametrize("text", ["Just one sentence.", "no full stop", "Title-like", "\ufeffJust one."])
def test_a_document_of_one_line_is_a_paragraph(text):
    assert parts(read(text)) == [("paragraph", text.strip("\ufeff"))]


def test_a_full_line_of_chinese_or_japanese_breaks_no_word_but_one_of_korean_does():
    lines = "これは水車小屋の長い歴\n史の話である。\n\n그는 오래된 방앗간의\n역사를 썼다."
    assert [text for _, text in parts(read(f"The keeper wrote the height of the oil down.\n\n{lines}"))][
        -2:
    ] == [
        "これは水車小屋の長い歴史の話である。",
        "그는 오래된 방앗간의 역사를 썼다.",
    ]


def test_a_character_that_is_not_utf_8_is_shown_and_reported():
    data = "Der Müller ging früh über die schöne Brücke.\n\n".encode() * 9 + b"Ren\xe9 kam auch."
    document = read_bytes(data, name="a.txt", source="/a.txt")
    assert document.text.endswith("Ren\ufffd kam auch.")
    assert document.warnings == (
        "1 character is damaged or in another encoding than the rest, and shown as \ufffd",
    )


MANUAL = """NAME
       grep - print lines that match
       patterns

OPTIONS
   Output
       --count
              Print how many lines
              match.

       LC_ALL
              The language of
              messages.

NOTES
"""
MANUAL += "       It is here.\n" * 60


def test_a_manuals_headings_need_no_blank_line_before_their_text():
    assert parts(read(f"Grep Manual\n\n{MANUAL}\ngrep 3.8\n")) == [
        ("title", "Grep Manual"),
        ("heading", "NAME"),
        ("paragraph", "grep - print lines that match patterns"),
        ("heading", "OPTIONS"),
        ("heading", "Output"),
        ("paragraph", "--count Print how many lines match."),
        ("paragraph", "LC_ALL The language of messages."),
        ("heading", "NOTES"),
        ("paragraph", ("It is here. " * 60).strip()),
        ("paragraph", "grep 3.8"),
    ]
    assert [s.level for s in read(f"Grep Manual\n\n{MANUAL}").sections] == [0, 1, 1, 2, 1]


@pytest.mark.parametrize(
    "lines",
    [
        "Apples\n    Keep them cool.",
        "Anna Berg\n    Main Street 5",
        "Contact: Ann\n    and Bob of the mill.",
    ],
)
def test_a_line_above_a_deeper_one_is_no_heading_of_a_text_at_the_margin(lines):
    document = read(f"Title\n\nA paragraph of text is here.\n\n{lines}\n\nAnother paragraph.\n")
    assert parts(document)[2] == ("paragraph", " ".join(lines.replace("\n", " ").split()))


def test_a_verse_or_a_full_line_above_deeper_ones_is_no_heading():
    body = "    A paragraph of this text\n    is set in.\n"
    for lines in ("Whose woods these are I think\n  I know", "Label: value\n        and so on it goes"):
        document = read(f"Title\n\n{body}\n{lines}\n\n{body}")
        assert [kind for kind, _ in parts(document)] == ["title", "paragraph", "paragraph", "paragraph"]


TABLE = """    Release     Owner       Year
    ──────────────────────────────────────
    0.9 to 1.2              1991
    1.6         CNRI        2000 (1)
    2.0         BeOpen      2001, the
                            last one
"""


def test_a_table_is_rows_of_cells():
    assert parts(read(f"Title\n\nHere they are.\n\n{TABLE}"))[2:] == [
        ("row", "Release | Owner | Year"),
        ("row", "0.9 to 1.2 | 1991"),
        ("row", "1.6 | CNRI | 2000 (1)"),
        ("row", "2.0 | BeOpen | 2001, the last one"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "The  keeper  of  the light\nwrote   all   of   it down\nbefore  he  went  to bed.",
        "*  One   *\n*  Two   *\n*  Three *",
        "A lamp    12    euros\nNo oil    3     euros",
    ],
)
def test_lines_set_to_both_edges_or_in_a_frame_are_no_table(lines):
    assert "row" not in [kind for kind, _ in parts(read(f"Title\n\nHere.\n\n{lines}\n\nThere it is."))]


def test_round_notes_right_below_a_heading_need_not_be_the_last_list():
    table = TABLE.replace("2000 (1)", "Guido (1)")
    document = read(f"T\n\nHere.\n\n{table}\nFootnotes:\n\n(1) The first.\n\nOn it goes.\n\n(1) Boil it.")
    assert notes(document) == [("1", 1, "The first.")]
    assert ("row", "1.6 | CNRI | Guido [1]") in parts(document)
    assert parts(document)[-3:-1] == [("paragraph", "On it goes."), ("paragraph", "(1) Boil it.")]


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ("of sixteen-bit charac‐\nters", "of sixteen-bit characters"),
        ("the variable HIS‐\nTORY", "the variable HISTORY"),
        ("the new Anglo‐\nSaxon", "the new Anglo‐Saxon"),
        ("the first‐\nand second", "the first‐ and second"),
        ("the years 1914‐\n1918", "the years 1914‐ 1918"),
        ("a tide-\nmill", "a tide- mill"),
    ],
)
def test_a_word_that_a_program_broke_is_whole_again(lines, joined):
    assert parts(read(f"Title\n\nHere is {lines} of it.\n"))[1] == ("paragraph", f"Here is {joined} of it.")


def test_line_ends_do_not_matter():
    text = "Title\n\nBody\nwords.[1]\n\n[1] Note.\n"
    assert read(text).text == read(text.replace("\n", "\r\n")).text == read(text.replace("\n", "\r")).text


@pytest.mark.heavy
@pytest.mark.timeout(60)  # what a file is given
@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("1. a\n" * 200_000, 0),
        ("x[1]\n\n[1] a\n\n" * 70_000, 70_000),
        ("x[1]\n\n[1] a\n\n" * 50_000 + "and [1] " * 40_000, 50_000),
        ("^[a" * 300_000, 0),
    ],
    ids=["items", "notes", "markers", "brackets"],
)
def test_a_megabyte_of_items_or_of_notes_of_one_label_is_read_in_time(text, notes):
    assert len(read(text).footnotes) == notes


def test_from_the_tenth_note_of_a_label_on_its_name_counts():
    document = read("x[1]\n\n[1] a\n\n" * 12)
    assert [note.label for note in document.footnotes][-3:] == ["1" + "′" * 9, "1′10", "1′11"]
    assert all(len(note.markers) == 1 for note in document.footnotes)
