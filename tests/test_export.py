"""`app.export`: conversations as Markdown, HTML, Word and JSON, read again by our readers, by pandoc, by
LibreOffice and in a real Chromium."""

import io
import json
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin
from playwright.sync_api import Browser, expect
from selectolax.lexbor import LexborHTMLParser

import app.answer
from app.export import FORMATS, export
from app.export.conversation import QUOTE, REFUSAL, read_conversation
from app.export.text import file_name, plain
from app.export.words import LANGUAGES, WORDS
from ingest.document import Document
from ingest.errors import QuestionError
from ingest.read import read_bytes, read_file
from tests.made import convert

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VERSION = "0123456789abcdef" * 4
HOSTILE = (
    *(
        "[^1]",
        "[^1]: mine",
        "**bold**",
        "`code`",
        "<script>alert(1)</script>",
        "<!--",
        "]]>",
        "&amp;",
        "&#33;",
    ),
    *("# head", "1. item", "iv) item", "- item", "+ item", "> quoted", "---", "===", ": term", "| a | b |"),
    *(
        "[a](b)",
        "![a](b)",
        "(b)",
        ":",
        "http://a.example/_b_",
        "www.a.example",
        "a@b.example",
        "$x^2$",
        "~s~",
    ),
    *(
        "{{ 7*7 }}",
        "{% raw %}",
        "{start}",
        "%s",
        "\\",
        "\\[1\\]",
        "[1]",
        "” [1]",
        "@cite",
        "```",
        "~~~",
        "\t",
        "!",
    ),
    *("\x00", "\x0b", "\x1b[31m", "\x7f", "\x85", "\ufffe", "\ud800", "\u2028", "\ufeff", "\u202e", "\u2067"),
    *("\u2069", "\u202c", "\u200f", "שלום", "مرحبا", "한국어", "日本語", "𝒳", "e\u0301", "\r\n", " "),
)


def card(marker: int | None, quoted: str, **fields: object) -> dict:
    return {
        "marker": marker, "document_id": "tin-1", "title": "The Tin Kettle", "version": VERSION,
        "section": "Making", "page": None, "kind": "body", "footnote": None, "start": 10,
        "end": 10 + max(1, len(quoted)), "before": "", "quoted": quoted, "after": "", "short": None,
        "score": 0.9, "referring": None, **fields,
    }  # fmt: skip


def turn(question: str, answer: str, *cards: dict, **fields: object) -> dict:
    return {
        "question": question, "asked": question, "answer": answer, "answered": True, "confidence": 0.9,
        "citations": [], "passages": [], "mode": "quote", "timings_ms": {}, "at": "2026-11-03T17:35:12.5Z",
        "cards": list(cards), **fields,
    }  # fmt: skip


def conversation(*turns: dict, **fields: object) -> dict:
    return {
        "id": "c1", "title": "Tin", "created": "2026-11-03T17:33:00Z", "documents": [],
        "turns": list(turns), **fields,
    }  # fmt: skip


SENTENCES = [f"Sentence number {i} says what tin does." for i in range(1, 10)]
TEN = conversation(
    turn("Is tin soft?", f"Soft. “{SENTENCES[0]}” [1]", card(1, SENTENCES[0], page=3)),
    turn(
        "What does tin do?",
        "\n".join(f"“{s}” [{i}]" for i, s in enumerate(SENTENCES[1:6], 1)),
        *(card(i, s) for i, s in enumerate(SENTENCES[1:6], 1)),
    ),
    turn("Who won?", REFUSAL, card(None, "Tin won nothing."), answered=False),
    turn(
        "And when does it melt?",
        f"“{SENTENCES[6]}” [1]\n“{SENTENCES[7]}” [2]",
        card(1, SENTENCES[6], kind="footnote", footnote="two", referring="It melts early."),
        card(2, SENTENCES[7]),
        asked="When does tin melt?",
    ),
    turn(
        "Is it dear?",
        "It is not [2], and never was [7]. Then it was [2].",
        card(7, SENTENCES[8]),
        card(2, "Tin is cheap."),
        mode="some-model",
    ),
    title="Tin & its uses",
)
"""Ten citations, a refusal, a follow-up question, and an answer that a model wrote, with a marker twice."""
QUOTED = [*SENTENCES[:8], "Tin is cheap.", SENTENCES[8]]
"""What the footnotes 1 to 10 quote."""


def made(value: dict, suffix: str, language: str = "en") -> bytes:
    return export(value, suffix, language)[2]


def text_of(value: dict, suffix: str = "md") -> str:
    return made(value, suffix).decode()


def read(value: dict, suffix: str) -> Document:
    return read_bytes(made(value, suffix), name=f"a.{suffix}", source=f"/a.{suffix}")


@pytest.mark.parametrize("suffix", ["md", "html", "docx"])
def test_our_readers_find_ten_footnotes_at_the_sentences_that_they_prove(suffix):
    document = read(TEN, suffix)
    assert document.title == "Tin & its uses"
    assert [note.label for note in document.footnotes] == [str(i) for i in range(1, 11)]
    for i, note in enumerate(document.footnotes):
        said = document.text[note.start : note.end]
        assert said.startswith("The Tin Kettle")
        assert QUOTED[i] in said
        before = document.text[: note.markers[0].start]
        assert before.endswith(f"“{QUOTED[i]}”" if i < 8 else ("It is not", ", and never was")[i - 8])
    assert [len(note.markers) for note in document.footnotes] == [1] * 8 + [2, 1]
    assert document.warnings == ()
    assert [s.title for s in document.sections if s.title][:5] == [t["question"] for t in TEN["turns"]]


def test_a_footnote_says_title_place_quotation_and_position():
    lines = text_of(TEN).splitlines()
    assert lines[lines.index("## Is tin soft?") + 4] == f"Soft. “{SENTENCES[0]}”[^1]"
    assert (
        f"[^1]: The Tin Kettle · Making · p. 3: “{SENTENCES[0]}” (characters 10–47, version 0123456789ab)"
        in lines
    )
    assert (
        f"[^7]: The Tin Kettle · footnote two: “{SENTENCES[6]}” (characters 10–47, version 0123456789ab). "
        "The document refers to footnote two in: “It melts early.”"
    ) in lines
    assert "2026-11-03 17:35 UTC · understood as: When does tin melt?" in lines


@pytest.mark.parametrize("suffix", ["md", "html", "docx"])
def test_a_refusal_says_so_and_its_passages_are_no_footnotes(suffix):
    document = read(conversation(TEN["turns"][2]), suffix)
    assert document.footnotes == ()
    at = document.text.index("Who won?")
    assert document.text.index(REFUSAL) > at
    assert "The nearest passages, which do not answer the question:" in document.text[at:]
    assert "Tin won nothing." in document.text[at:]


def test_what_a_refusal_says_beyond_the_fixed_sentence_is_kept():
    said = text_of(conversation(turn("Who?", "The endpoint was silent.", answered=False)))
    assert f"**{REFUSAL}**\n\nThe endpoint was silent." in said


def test_a_card_without_a_marker_in_the_answer_is_a_footnote_of_its_end():
    assert "\n\nTin.[^1][^2]\n\n" in text_of(conversation(turn("Q?", "Tin.", card(1, "a"), card(2, "b"))))


def test_in_a_quotation_what_looks_like_a_marker_is_its_text():
    said = text_of(conversation(turn("Q?", "“Tin [1] is [2] soft [1].” [2]", card(2, "x"), card(1, "y"))))
    assert r"“Tin \[1\] is \[2\] soft \[1\].”[^1][^2]" in said


def test_a_mark_of_direction_in_a_quotation_ends_before_the_marker():
    said = text_of(conversation(turn("Q?", "“Tin \u202e is soft.” [1]", card(1, "x"))))
    assert "“Tin \u202e is soft.”\u202c[^1]\n" in said


def test_an_answer_that_begins_with_a_year_is_no_list():
    answer = "1706. “The Dutch planted it in 1706.” [1]"
    html = MarkdownIt("commonmark").render(text_of(conversation(turn("When?", answer, card(1, "x")))))
    assert "<p>1706. “The Dutch" in html
    assert "<ol" not in html


WRITTEN = turn(
    "Is tin soft?",
    "Tin is soft [1][2]. It *melts* early [1].\nIt is <b>cheap</b> [2].",
    card(1, SENTENCES[0]),
    card(2, SENTENCES[1]),
    mode="tin-<i>7b</i>",
    unsupported=[{"text": "Tin won a prize.", "reason": "nothing in the documents says this"}],
    notice=None,
)
"""What a language model wrote, in two paragraphs, with a sentence that was left out."""


@pytest.mark.parametrize("suffix", ["md", "html", "docx"])
def test_a_written_answer_names_its_model_and_counts_what_was_left_out(suffix):
    document = read(conversation(WRITTEN), suffix)
    assert [len(note.markers) for note in document.footnotes] == [2, 2]
    assert (
        "Written by tin-<i>7b</i>; every sentence was checked. "
        "Sentences left out, for the documents do not support them: 1."
    ) in document.text
    assert "It *melts* early" in document.text
    assert "It is <b>cheap</b>" in document.text
    assert "prize" not in document.text


def test_the_json_of_a_written_answer_has_what_was_left_out_apart_from_the_answer():
    (said,) = json.loads(made(conversation(WRITTEN), "json"))["turns"]
    assert said["unsupported"] == WRITTEN["unsupported"]
    assert "prize" not in said["answer"]


@pytest.mark.parametrize("suffix", ["md", "html", "docx"])
def test_an_export_says_what_the_reader_was_told_and_that_an_answer_was_stopped(suffix):
    notice = "The endpoint is down. These are quotations instead."
    quoted = turn("Is it?", "“Tin.” [1]", card(1, "Tin."), notice=notice)
    stopped = turn("Was it?", "Tin was [1].", card(1, "Tin."), mode="m", stopped=True)
    text = read(conversation(quoted, stopped), suffix).text
    assert text.index(notice) < text.index("“Tin.”")
    assert "Written by m; every sentence was checked. It was stopped before its end." in text
    assert text.count("Written by") == 1


def test_a_refusal_of_a_model_was_not_written_by_it():
    said = text_of(conversation(turn("Who?", REFUSAL, answered=False, mode="m")))
    assert REFUSAL in said
    assert "Written by" not in said


def pandoc(path: Path, *options: str) -> dict:
    found = shutil.which("pandoc")
    assert found, "there is no pandoc; `make test` installs it"
    run = subprocess.run([found, *options, "--to", "json", str(path)], capture_output=True, check=True)
    return json.loads(run.stdout)


def nodes(tree: object, kind: str) -> list[dict]:
    """All elements of a kind in pandoc's tree, in order."""
    if isinstance(tree, list):
        return [node for part in tree for node in nodes(part, kind)]
    if not isinstance(tree, dict):
        return []
    own = [tree] if tree.get("t") == kind else []
    return own + [node for part in tree.values() for node in nodes(part, kind)]


@pytest.mark.parametrize(("suffix", "options"), [("md", ("-f", "gfm")), ("md", ()), ("docx", ())])
def test_pandoc_finds_the_same_footnotes(tmp_path, suffix, options):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(made(TEN, suffix))
    notes = [
        " ".join(word["c"] for word in nodes(note, "Str")) for note in nodes(pandoc(path, *options), "Note")
    ]
    quoted = QUOTED if suffix == "docx" else [*QUOTED, QUOTED[8]]  # it copies a note for every marker
    assert len(notes) == len(quoted)
    assert all(said.startswith("The Tin Kettle") for said in notes)
    assert all(any(q.split()[2] in said for said in notes) for q in quoted)


def test_libreoffice_prints_the_footnotes_at_the_bottom_of_the_page(tmp_path):
    path = tmp_path / "a.docx"
    path.write_bytes(made(TEN, "docx"))
    document = read_file(convert(path, ".pdf"))
    assert [note.label for note in document.footnotes] == [str(i) for i in range(1, 11)]
    for note, quoted in zip(document.footnotes, QUOTED, strict=True):
        assert quoted in " ".join(document.text[note.start : note.end].split())
    # The last one may have to wait for the next page.
    pages = [[document.page_at(at.start) for at in (note, note.markers[0])] for note in document.footnotes]
    assert sum(here == there for here, there in pages) >= 9


def test_word_files_are_the_same_for_the_same_conversation():
    assert made(TEN, "docx") == made(deepcopy(TEN), "docx")


def test_a_word_file_turns_paragraphs_that_are_written_from_right_to_left():
    body = zipfile.ZipFile(io.BytesIO(made(conversation(turn("מה זה?", "בדיל.")), "docx"))).read(
        "word/document.xml"
    )
    assert body.count(b"<w:bidi/>") == 2
    assert body.count(b"<w:rtl/>") == 2


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (768, "light"), (1440, "light")])
def test_the_page_links_there_and_back_fits_and_is_accessible(browser: Browser, tmp_path, width, scheme):
    path = tmp_path / "a.html"
    path.write_bytes(made(TEN, "html"))
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    expect(page.locator("[role=doc-noteref]")).to_have_count(11)
    page.locator("[role=doc-noteref]").nth(8).click()
    expect(page.locator(":target")).to_contain_text("Tin is cheap.")
    page.get_by_label("Back to reference 9 (2)").click()
    assert page.evaluate("document.querySelector(':target').id") == "ref-9-2"
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []
    page.close()
    assert {url.partition("#")[0] for url in asked if not url.startswith("data:")} == {path.as_uri()}
    assert said == []


@pytest.mark.parametrize(("language", "refusal"), [("ko", "찾지 못했습니다"), ("ja", "見つけられません")])
def test_other_languages_have_their_own_words(language, refusal):
    for suffix in ("md", "html"):
        said = made(TEN, suffix, language).decode()
        assert refusal in said
        assert "characters" not in said
        assert REFUSAL not in said
    assert f'lang="{language}"' in said


def test_every_word_is_there_in_every_language_with_the_same_places():
    for name, words in WORDS.items():
        assert tuple(words) == LANGUAGES
        assert len({tuple(sorted(re.findall(r"{\w+}", said))) for said in words.values()}) == 1, name
    assert app.answer.REFUSAL == WORDS["refusal"]["en"] == REFUSAL
    assert app.answer.QUOTE == QUOTE


def test_an_export_needs_no_model_and_no_page():
    heavy = "import sys, app.export; print({'torch', 'gradio', 'app.chat', 'eval'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", heavy], capture_output=True).stdout == b"set()\n"


def test_json_is_the_conversation_itself_with_the_version_of_its_shape():
    name, media, content = export(TEN, "json")
    assert (name, media) == ("2026-11-03-Tin-its-uses.json", "application/json")
    assert json.loads(content) == {"schema": 1, **TEN}
    assert "“Sentence number 1".encode() in content


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("CON", "2026-11-03-CON.md"),
        ("../../etc/passwd", "2026-11-03-etc-passwd.md"),
        ('a<b>:"c"|?*.\x00\u202e', "2026-11-03-a-b-c.md"),
        ("한국어 日本語 हिन्दी", "2026-11-03-한국어-日本語-हिन्दी.md"),
        ("…", "2026-11-03-conversation.md"),
        ("𝒳" * 500, f"2026-11-03-{'𝒳' * 60}.md"),
    ],
)
def test_a_files_name_is_safe_on_every_system(title, name):
    found = file_name(title, datetime(2026, 11, 3, tzinfo=UTC), "md")
    assert found == name
    assert len(found.encode()) < 255


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\u202eb\u202c"),
        ("a\u2067b\u202ac", "a\u2067b\u202ac\u202c\u2069"),
        ("a\u2069b\u202c", "ab"),
        ("\u2067\u202aa\u2069b\u202c", "\u2067\u202aa\u2069b"),
        (" a\r\n\x0bb\u2028c ", "a b c"),
        ("a\x00\x7f\x9b\ud800\ufffeb", "a\ufffd\ufffd\ufffd\ufffd\ufffdb"),
        ("‏אב", "‏אב"),
    ],
)
def test_text_is_on_one_line_and_turns_nothing_behind_it(text, shown):
    assert plain(text) == shown


def broken(**fields: object) -> dict:
    return {**deepcopy(TEN), **fields}


def broken_turn(**fields: object) -> dict:
    return conversation({**deepcopy(TEN["turns"][0]), **fields})


def broken_card(**fields: object) -> dict:
    return broken_turn(cards=[{**TEN["turns"][0]["cards"][0], **fields}])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the conversation must be an object"),
        ([], "the conversation must be an object"),
        ({}, "id must be there"),
        (broken(title=3), "title must be text"),
        (broken(created="yesterday"), "created must be a time such as"),
        (broken(created="0001-01-01T00:00:00+14:00"), "created must be a time such as"),
        (broken(documents=[1]), r"documents\[0\] must be a document's id"),
        (broken(turns=[]), "no questions yet; ask one"),
        (broken(turns=[None]), r"turns\[0\] must be an object"),
        (broken(extra=float("nan")), "the conversation must be JSON"),
        (broken(extra={1, 2}), "the conversation must be JSON"),
        (broken(extra=10**5000), "the conversation must be JSON"),
        (broken(extra="x" * 5_000_000), "5.0 million characters, and 5 million can be exported"),
        (broken_turn(answer="[1]" * 10_001, mode="m"), "10001 citations, and 10000 can be exported"),
        (broken_turn(answered=1), r"turns\[0\].answered must be true or false"),
        (broken_turn(cards={}), r"turns\[0\].cards must be a list"),
        (broken_turn(at="12:00"), r"turns\[0\].at must be a time"),
        (
            broken_turn(cards=[card(1, "a"), card(1, "b")]),
            r"turns\[0\].cards must be one card for each marker",
        ),
        (broken_turn(answered=False), r"turns\[0\].cards\[0\].marker must be a number where"),
        (broken_turn(unsupported="two"), r"turns\[0\].unsupported must be a list"),
        (broken_turn(notice=1), r"turns\[0\].notice must be text or null"),
        (broken_turn(stopped="yes"), r"turns\[0\].stopped must be true or false"),
        (broken_card(marker=None), r"turns\[0\].cards\[0\].marker must be a number where"),
        (broken_card(marker=True), r"cards\[0\].marker must be a whole number or null"),
        (broken_card(marker=-1), r"cards\[0\].marker must be between 0 and"),
        (broken_card(start="1"), r"cards\[0\].start must be a whole number"),
        (broken_card(start=5, end=5), r"cards\[0\].end must be greater than start"),
        (broken_card(page=10**9), r"cards\[0\].page must be between 0 and"),
        (broken_card(kind="margin"), r'cards\[0\].kind must be "body" or "footnote"'),
        (broken_card(version="12"), r"cards\[0\].version must be a SHA-256"),
        (broken_card(quoted=None), r"cards\[0\].quoted must be text"),
    ],
)
@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_no_conversation_is_refused_with_its_place(value, message, suffix):
    with pytest.raises(QuestionError, match=message):
        export(value, suffix)


@pytest.mark.parametrize("suffix", ["pdf", "", "../md", None, []])
def test_there_are_four_formats(suffix):
    with pytest.raises(QuestionError, match="choose one of md, html, docx, json"):
        export(TEN, suffix)


def test_there_are_three_languages():
    with pytest.raises(QuestionError, match="choose one of en, ko, ja"):
        export(TEN, "md", "fr")


def letters(text: str) -> str:
    """What is seen of a text: no spaces, controls and marks of direction."""
    return "".join(c for c in text if unicodedata.category(c)[0] not in "CZ" and c != "\ufffd")


def hostile(one: str, two: str, three: str) -> dict:
    """Each string in each place where a document, a reader or a model may put it."""
    return conversation(
        turn(one, f"{two} “{three}” [1]", card(1, three, title=one, section=two, kind="body")),
        turn(two, f"{three}[1]{one}[2]{two}\n{one}", card(1, one), card(2, two), mode=three[:20]),
        turn(
            three,
            one,
            card(None, two, title=three, kind="footnote", footnote=one, referring=two),
            answered=False,
            asked=two,
        ),
        title=one,
    )


PIECES = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=4), max_size=6).map("".join)
KINDS = {"heading", "paragraph", "bullet_list", "list_item", "strong", "footnote", "footnote_block"}
TAGS = {
    "html", "head", "meta", "title", "link", "style", "body", "main", "article", "section", "h1", "h2", "p",
    "time", "ul", "ol", "li", "cite", "bdi", "blockquote", "sup", "a",
}  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(PIECES, PIECES, PIECES)
def test_hostile_strings_change_nothing_in_any_format(one, two, three):
    value = hostile(one, two, three)
    notes = len(value["turns"][0]["cards"]) + len(value["turns"][1]["cards"])
    assert json.loads(made(value, "json")) == {"schema": 1, **value}

    tokens = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin).parse(text_of(value))
    )
    inline = [token for block in tokens for token in block.children or ()]
    found = {t.type.removesuffix("_open").removesuffix("_close") for t in (*tokens, *inline)}
    assert found <= {*KINDS, "inline", "text", "hr", "footnote_ref", "footnote_anchor"}
    assert sum(t.type == "footnote_open" for t in tokens) == notes
    assert sum(t.type == "heading_open" for t in tokens) == 4
    shown = letters("".join(t.content for t in inline if t.type == "text"))
    assert all(letters(s) in shown for s in (one, two, three))

    tree = LexborHTMLParser(text_of(value, "html"))
    assert {node.tag for node in tree.css("*")} <= TAGS
    assert len(tree.css("[role=doc-endnotes] > ol > li")) == notes
    for heading, s in zip(tree.css("h1,h2"), (one, one, two, three), strict=False):
        assert letters(heading.text()) == letters(s) or not s.split() or heading.text() == "–"

    archive = zipfile.ZipFile(io.BytesIO(made(value, "docx")))
    parts = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    assert len(parts["word/footnotes.xml"].findall(f"{W}footnote")) == notes + 2
    shown = letters("".join(t.text or "" for t in parts["word/document.xml"].iter(f"{W}t")))
    assert all(letters(s) in shown for s in (one, two, three))
    said = ["".join(t.text or "" for t in n.iter(f"{W}t")) for n in parts["word/footnotes.xml"][2:]]
    assert all(any(letters(s) in letters(note) for note in said) for s in (one, two, three))


@pytest.mark.parametrize("options", [("-f", "gfm"), ("-f", "markdown-smart")])
def test_pandoc_finds_no_markup_in_hostile_strings(tmp_path, options):
    turns = [t for s in HOSTILE for t in hostile(s, f"{s}{s}", f"x{s}")["turns"]]
    value = conversation(*turns)
    path = tmp_path / "a.md"
    path.write_bytes(made(value, "md"))
    tree = pandoc(path, *options)
    assert len(nodes(tree, "Note")) == sum(note.uses for note in read_conversation(value).notes)
    assert len(nodes(tree, "Header")) == 1 + len(turns)
    for kind in (
        "RawInline",
        "RawBlock",
        "Code",
        "CodeBlock",
        "Math",
        "Image",
        "Emph",
        "Cite",
        "Table",
        "Superscript",
    ):
        assert nodes(tree, kind) == [], kind
    assert [link for link in nodes(tree, "Link") if "@" not in json.dumps(link)] == []


@pytest.mark.parametrize("suffix", ["md", "html", "docx"])
@pytest.mark.parametrize("text", HOSTILE)
def test_our_readers_read_what_holds_hostile_strings(text, suffix):
    document = read(
        conversation(turn("Is it?", "Yes. [1] It is.", card(1, f"a{text}b", title=text), mode="m")), suffix
    )
    assert [len(note.markers) for note in document.footnotes] == [1]
    assert document.text[document.footnotes[0].markers[0].start - 4 :].startswith("Yes.[1] It is.")
