"""One article in every format, made by the tools that people use: the same paragraphs, the same notes
at the same sentences, the same answers.

The article (tests/cases/notes.md) is about a place that does not exist, so that nothing but the document
can answer. Of its 20 notes one has two markers; tools that know no such thing write the note twice.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache, reduce
from pathlib import Path

import pytest

from app.answer import Answerer
from index.embed import Embedder
from index.library import Library
from ingest.document import Document, Span
from ingest.read import read_file
from ingest.sentences import split_sentences
from tests.made import convert

ARTICLE = Path(__file__).parent / "cases" / "notes.md"
MARKERS = 21
"""20 notes, one of them marked twice."""

TITLE = "The Bell Ferry of Orrin Sound"
CONVERTED = {
    "pandoc.html": (".html",),
    "pandoc.docx": (".docx",),
    "pandoc.odt": (".odt",),
    "office.odt": (".docx", ".odt"),
    "office.docx": (".odt", ".docx"),
    "office.html": (".docx", ".html"),
    "office.pdf": (".docx", ".pdf"),
}
"""The formats on the way, the first made by pandoc, the second by LibreOffice, whose PDF has the notes
at the bottom of its pages."""
PANDOC = {
    "pandoc.epub": (f"--metadata=title:{TITLE}",),
    "chapters.epub": (f"--metadata=title:{TITLE}", "--epub-chapter-level=2"),
    "plain.txt": ("--to=plain", "--wrap=auto"),
}
"""Options for pandoc: a chapter a file, each with its notes; lines of 72 columns, with the table drawn."""

EXACT = (*(name for name in CONVERTED if name != "office.pdf"), "pandoc.epub", "chapters.epub")
LAID_OUT = ("office.pdf", "chromium.pdf", "plain.txt")
"""Formats that keep the looks of a page only: words are compared, not blocks. Chromium prints the notes
at the end."""

QUESTIONS = {
    "To whom was the right of passage granted in 1702?": "Maren Holt",
    "How many notches does the tally have?": "6,412",
    "Who cast the bell?": "Peder Rask",
    "Who drew the plan of the bridge?": "Agnes Thorold",
    "How did the vote on the bridge in March 1909 end?": "212 to 187",
    "How much did Iven Holt earn in the year 1888?": "nineteen pounds",
    "What did a horse and cart cost in 1913?": "two shillings",
    "How long were the sermons at Carrow?": "fifty minutes",
    "Where was Munn’s copy of the charter found?": "sea chest",
    "What frequency did Ida Strand measure?": "193 Hz",
}
"""Question and what its answer says: one is answered by a row of the table, the last three by notes."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


@pytest.fixture(scope="session")
def original() -> Document:
    return read_file(ARTICLE)


@pytest.fixture(scope="module")
def expected(original: Document, folder: Path, embedder: Embedder) -> dict[str, str]:
    return answers(original, folder / "library", embedder)


@pytest.fixture(params=[*EXACT, *LAID_OUT])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def copy(name: str, folder: Path) -> Document:
    return document_of(name, folder)


@cache
def document_of(name: str, folder: Path) -> Document:
    """The article as a reader finds it in that format."""
    return read_file(made(name, folder))


def made(name: str, folder: Path) -> Path:
    """The article in a format, made once."""
    if name in CONVERTED:
        return reduce(convert, CONVERTED[name], ARTICLE)
    path = folder / name
    if name in PANDOC:
        run("pandoc", "--standalone", *PANDOC[name], "--output", path, ARTICLE)
    else:
        chromium = "chromium" if shutil.which("chromium") else "google-chrome"
        quiet = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'chromium'}")
        page = convert(ARTICLE, ".html").as_uri()
        run(chromium, *quiet, "--no-pdf-header-footer", f"--print-to-pdf={path}", page)
    return path


def run(tool: str, *arguments: object) -> None:
    if not shutil.which(tool):
        pytest.fail(f"there is no {tool}; `make test` installs it")
    command = [tool, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def folded(text: str) -> str:
    return " ".join(text.split())


def unmarked(document: Document, span: Span) -> str:
    """What the document says there, less the markers, with white space folded."""
    text, end = "", span.start
    for marker in sorted(all_markers(document), key=lambda m: m.start):
        if end <= marker.start and marker.end <= span.end:
            text, end = text + document.text[end : marker.start], marker.end
    return folded(text + document.text[end : span.end])


def all_markers(document: Document) -> Iterator[Span]:
    for note in document.footnotes:
        yield from note.markers


def paragraphs(document: Document) -> list[str]:
    return [unmarked(document, part) for part in document.parts if part.kind != "note"]


def links(document: Document) -> Iterator[tuple[str, str]]:
    """(text of the note, the sentence that refers to it), one pair a marker."""
    for note in document.footnotes:
        for marker in note.markers:
            yield unmarked(document, note), sentence_at(document, marker)


def sentence_at(document: Document, marker: Span) -> str:
    part = next(p for p in document.parts if p.start <= marker.start < p.end)
    place = len(unmarked(document, Span(part.start, marker.start)))
    whole = unmarked(document, part)
    return next(whole[start:end] for start, end in split_sentences(whole) if start < place <= end)


def alike(one: str, other: str) -> bool:
    """The same words but for one in ten, whatever a page prints between them."""
    one_words, other_words = re.findall(r"\w+", one), re.findall(r"\w+", other)
    return SequenceMatcher(None, one_words, other_words, autojunk=False).ratio() >= 0.9


def test_the_article_has_notes_of_every_kind(original: Document):
    assert len(original.footnotes) == 20
    assert len(list(links(original))) == MARKERS
    assert original.warnings == ()
    assert max(len(note.markers) for note in original.footnotes) == 2


def test_the_title_is_the_same(copy: Document, original: Document):
    assert copy.title == original.title == TITLE


@pytest.mark.parametrize("name", EXACT)
def test_the_paragraphs_are_the_same_in_the_same_order(copy: Document, original: Document):
    assert paragraphs(copy) == paragraphs(original)


@pytest.mark.parametrize("name", EXACT)
def test_headings_rows_and_items_are_what_they_were(copy: Document, original: Document):
    def structure(document: Document) -> list[tuple[str, str]]:
        kinds = ("heading", "row", "item")
        return [(p.kind, unmarked(document, p)) for p in document.parts if p.kind in kinds]

    assert structure(copy) == structure(original)


@pytest.mark.parametrize("name", EXACT)
def test_every_note_is_linked_to_the_sentence_that_it_belongs_to(copy: Document, original: Document):
    assert Counter(links(copy)) == Counter(links(original))
    assert copy.warnings == ()


@pytest.mark.parametrize("name", LAID_OUT)
def test_a_page_keeps_its_words_in_order(copy: Document, original: Document):
    ordered = SequenceMatcher(None, body_words(original), body_words(copy), autojunk=False)
    same = sum(block.size for block in ordered.get_matching_blocks())
    assert same >= 0.97 * len(body_words(original))
    assert len(body_words(copy)) <= 1.03 * len(body_words(original))


def body_words(document: Document) -> list[str]:
    return re.findall(r"\w+", " ".join(paragraphs(document)))


@pytest.mark.parametrize("name", LAID_OUT)
def test_a_page_keeps_its_notes_at_their_sentences(copy: Document, original: Document):
    found = list(links(copy))
    lost = [
        (note, sentence)
        for note, sentence in links(original)
        if not any(alike(note, n) and alike(sentence, s) for n, s in found)
    ]
    assert len(lost) <= 1, lost
    assert len(found) <= MARKERS + 1


def test_every_marker_and_note_is_exactly_where_the_document_says(copy: Document):
    for note in copy.footnotes:
        assert copy.text[note.start : note.end].strip() == copy.text[note.start : note.end] != ""
        for marker in note.markers:
            assert copy.text[marker.start : marker.end] == f"[{note.label}]"


@pytest.mark.heavy
def test_the_same_questions_get_the_same_answers(
    name: str, copy: Document, expected: dict[str, str], tmp_path: Path, embedder: Embedder
):
    found = answers(copy, tmp_path / "copy", embedder)
    right = [question for question, says in QUESTIONS.items() if says in expected[question]]
    assert len(right) >= 9  # a row of the table may be taken for another; that is the reader's fault
    for question in QUESTIONS:
        assert question not in right or QUESTIONS[question] in found[question], question
        assert name in LAID_OUT or found[question] == expected[question], question


def answers(document: Document, folder: Path, embedder: Embedder) -> dict[str, str]:
    """Question to all that is cited for it, "" where it is not answered; without markers."""
    with Library(folder, embedder) as library:
        library.add(document)
        answerer = Answerer(library)
        told = {question: answerer.answer(question) for question in QUESTIONS}
    return {
        question: "\n".join(unmarked(document, Span(c.start, c.end)) for c in answer.citations)
        for question, answer in told.items()
    }
