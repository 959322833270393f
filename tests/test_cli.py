"""The command line: exit status, standard output and standard error of every command."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app import chat, terminal
from eval.cli import main
from index.library import Library
from tests.conftest import SAMPLES

BRIDGE = """# The bridge

The iron bridge over the Tarn was opened in 1932.[^1] It carries two roads.

[^1]: The builder was Anna Berg.
"""
CITED = Path(sys.executable).with_name("cited")


class Cited:
    """Runs the program in this process on one library. out, err: of the last run."""

    def __init__(self, folder, monkeypatch, capsys):
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        self.out = self.err = ""

    def __call__(self, *words, typed=""):
        """The exit status; any other exception than SystemExit is a traceback for the user. typed: None for
        a standard input that is closed."""
        command, *rest = map(str, words)
        library = [] if command.startswith("-") or command == "eval" else ["--library", str(self.folder)]
        self.monkeypatch.setattr(sys, "argv", ["cited", command, *library, *rest])
        self.monkeypatch.setattr(sys, "stdin", None if typed is None else io.StringIO(typed))
        self.capsys.readouterr()
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        self.out, self.err = self.capsys.readouterr()
        return status

    def json(self, *words):
        assert self(*words, "--json") == 0, self.err
        return json.loads(self.out)

    def entries(self):
        with Library(self.folder) as library:
            return library.entries()


@pytest.fixture
def cited(tmp_path, monkeypatch, capsys):
    for name in ("CITED_LIBRARY", "CITED_MODEL", "CITED_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)
    return Cited(tmp_path / "library", monkeypatch, capsys)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A library of the samples and the bridge, made by the command itself."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "bridge.md").write_text(BRIDGE, encoding="utf-8")
    paths = [str(SAMPLES), str(folder / "bridge.md")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["cited", "ingest", "--library", str(folder / "library"), *paths])
        with pytest.raises(SystemExit, match="0"):
            main()
    return folder / "library"


@pytest.fixture
def on_samples(cited, filled):
    """The program on the filled library, which it must leave as it was."""
    cited.folder = filled
    before = cited.entries()
    yield cited
    assert cited.entries() == before


@pytest.fixture
def bridge(tmp_path):
    path = tmp_path / "bridge.md"
    path.write_text(BRIDGE, encoding="utf-8")
    return path


# What it says of itself


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(cited, option):
    assert cited(option) == 0
    assert cited.err == ""
    for command in (
        "ask", "delete", "doctor", "eval", "ingest", "list", "rebuild", "search", "serve", "show"
    ):  # fmt: skip
        assert f"  {command} " in cited.out


def test_version_is_printed(cited):
    assert cited("--version") == 0
    assert cited.out.startswith("cited 0.")


@pytest.mark.parametrize(
    "words", [["nothing"], ["ask", "--nothing"], ["ingest"], ["show"], ["delete"], ["search"]]
)
def test_wrong_usage_is_status_2_and_shows_the_usage(cited, words):
    assert cited(*words) == 2
    assert cited.out == ""
    assert "Usage: cited" in cited.err
    assert not cited.folder.exists()


HEAVY = ("torch", "chromadb", "gradio", "llama_index", "sentence_transformers", "onnxruntime")


WHAT_IS_LOADED = f"""
import sys
from eval.cli import main
sys.argv = ["cited", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize("words", [["--help"], ["ask", "--help"], ["eval", "--help"], ["--version"]])
def test_help_imports_nothing_slow(words):
    command = [sys.executable, "-c", WHAT_IS_LOADED, *words]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60).stderr == "[]\n"


def test_listing_and_showing_load_no_model(filled):
    for words in (["list"], ["show", "The bridge"]):
        command = [sys.executable, "-c", WHAT_IS_LOADED, *words, "--library", filled]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert "The bridge" in done.stdout
        assert done.stderr == "[]\n"


# Ingest


def test_ingest_reports_what_was_added_replaced_and_left_alone(cited, bridge):
    assert cited("ingest", bridge) == 0
    name = cited.entries()[0].id
    assert cited.out == f"added      The bridge ({name}), 1 footnote\n"
    assert cited.err == ""
    assert cited("ingest", bridge) == 0
    assert cited.out.startswith("unchanged  The bridge")
    bridge.write_text(BRIDGE.replace("two", "four"), encoding="utf-8")
    (line,) = cited.json("ingest", bridge)
    assert (line["outcome"], line["document_id"], line["notes"]) == ("replaced", name, 1)
    assert [entry.id for entry in cited.entries()] == [name]


def test_a_file_that_fails_does_not_stop_the_others_and_makes_status_1(cited, bridge, tmp_path):
    assert cited("ingest", tmp_path / "missing.txt", bridge) == 1
    assert "there is no file or folder" in cited.err
    assert "missing.txt" in cited.err
    assert "added      The bridge" in cited.out
    assert "1 added, 1 failed" in cited.out
    assert len(cited.entries()) == 1


BAD_FILES = {
    "empty.txt": (b"", "is empty"),
    "blank.txt": (b" \n\t\n", "is empty"),
    "rubbish.txt": (bytes(range(256)) * 40, "binary data, not text"),
    "marks.md": (b"# Only a heading\n", "holds no text to cite"),
    "broken.txt": (b"\xff\xfeA\x00\xd8\xd8b", "is not"),
    "large.txt": (b"A sentence of the large file. " * 1_700_000, "51 MB; the limit is 20 MB"),
    "paper.pdf": (b"%PDF-1.4", "cannot be opened as a PDF"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(cited, bridge, tmp_path, name):
    content, reason = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    cited("ingest", bridge)
    before = cited.entries()
    assert cited("ingest", tmp_path / name) == 1
    assert cited.out == ""
    assert reason in cited.err
    assert str(tmp_path / name) in cited.err
    assert cited.entries() == before


def test_a_folder_without_readable_files_is_named_with_what_can_be_read(cited, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(b"\xff\xd8")
    assert cited("ingest", folder) == 1
    assert "holds no file that can be read" in cited.err
    assert ".md" in cited.err
    assert cited.entries() == []


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-8-sig", "utf-8"])
def test_texts_in_other_encodings_are_read_right(cited, tmp_path, encoding):
    text = "Über Cafés\n\nDas Café in Córdoba ist schön und größer als früher. Es öffnete im Mai.\n"
    (tmp_path / "cafe.txt").write_bytes(text.encode(encoding))
    assert cited("ingest", tmp_path / "cafe.txt") == 0
    name = cited.entries()[0].id
    assert cited("show", name, "--text") == 0
    assert "Das Café in Córdoba ist schön und größer als früher." in cited.out
    assert cited.entries()[0].title == "Über Cafés"


def test_a_document_of_one_sentence_is_added_and_found(cited, tmp_path):
    (tmp_path / "one.txt").write_text("Anna Berg built the bridge.")
    assert cited("ingest", tmp_path / "one.txt") == 0
    (hit,) = cited.json("search", "Who built the bridge?")
    assert hit["text"] == "Anna Berg built the bridge."
    assert (hit["start_char_index"], hit["end_char_index"]) == (0, 27)


def test_the_limit_can_be_raised_and_makes_no_sense_at_zero(cited, tmp_path):
    (tmp_path / "a.txt").write_text("A sentence of some length. " * 40)
    assert cited("ingest", "--max-mb", "0.001", tmp_path / "a.txt") == 1
    assert "--max-mb" in cited.err
    for none in ("0", "inf", "nan"):
        assert cited("ingest", "--max-mb", none, tmp_path / "a.txt") == 2
    assert cited("ingest", "--max-mb", "0.01", tmp_path / "a.txt") == 0


def test_a_file_name_that_is_no_unicode_is_added_or_refused_with_a_message(cited, tmp_path):
    path = Path(str(tmp_path) + "/caf\udce9.txt")
    path.write_text("Anna Berg built the bridge.")
    assert cited("ingest", path) in (0, 1)
    assert "caf" in cited.out + cited.err


# Ask


def test_an_answer_has_citations_whose_offsets_fit_the_text(on_samples):
    answer = on_samples.json("ask", "When was the iron bridge over the Tarn opened?")
    assert answer["answered"] is True
    assert "1932" in answer["answer"]
    assert answer["mode"] == "quote"
    assert 0 <= answer["confidence"] <= 1
    for marker, citation in enumerate(answer["citations"], 1):
        assert on_samples("show", citation["document_id"], "--text") == 0
        cut = on_samples.out[citation["start_char_index"] : citation["end_char_index"]]
        assert cut == citation["cited_text"]
        assert (citation["marker"], citation["type"]) == (marker, "char_location")
        assert f"[{marker}]" in answer["answer"]
    for passage in answer["passages"]:
        assert on_samples("show", passage["document_id"], "--text") == 0
        assert on_samples.out[passage["start_char_index"] : passage["end_char_index"]] == passage["text"]


def test_an_answer_for_people_names_document_and_offsets(on_samples):
    assert on_samples("ask", "When was the iron bridge over the Tarn opened?") == 0
    assert on_samples.err == ""
    assert "1932" in on_samples.out
    assert "[1] The bridge" in on_samples.out


def test_a_refusal_is_status_0_and_shows_the_nearest_passages(on_samples):
    assert on_samples("ask", "--threshold", "1", "What does the harbour tax in Bergen cost?") == 0
    assert on_samples.out.startswith("I could not find this in the documents.\n")
    assert "The nearest passages:" in on_samples.out
    answer = on_samples.json("ask", "--threshold", "1", "What does the harbour tax in Bergen cost?")
    assert (answer["answered"], answer["citations"]) == (False, [])
    assert answer["passages"]


@pytest.mark.parametrize("question", ["", "   ", "?!", "\n"])
def test_an_empty_question_is_an_error(on_samples, question):
    for command in ("ask", "search"):
        assert on_samples(command, question) == 1
        assert on_samples.out == ""
        assert "the question is empty" in on_samples.err


def test_an_overlong_question_is_an_error_that_says_how_long_it_may_be(on_samples):
    for command in ("ask", "search"):
        assert on_samples(command, "why " * 2500) == 1
        assert "ask in 2000 or fewer" in on_samples.err


@pytest.mark.parametrize("question", ['"NEAR( OR *', "-- [1] <b>", "\udcff who?", "\0 who?", "🙂 who?"])
def test_a_strange_question_is_answered_or_refused_with_a_message(on_samples, question):
    for command in ("ask", "search"):
        status = on_samples(command, "--", question)
        assert status == 0 or (status == 1 and on_samples.err.startswith("cited: "))


def test_a_citation_is_doubted_as_on_the_page(on_samples):
    page = (Path(chat.__file__).parent / "static" / "turns.js").read_text(encoding="utf-8")
    assert f'score >= {terminal.UNSURE} ? "room.likely" : "room.unsure"' in page
    strings = json.loads((Path(chat.__file__).parent / "strings.json").read_text(encoding="utf-8"))
    assert strings["room.unsure"]["en"] == terminal.DOUBT
    for question in ("When was the iron bridge over the Tarn opened?", "What is the tax in Bergen?"):
        (score, *_) = [c["score"] for c in on_samples.json("ask", "--threshold", "0", question)["citations"]]
        assert on_samples("ask", "--threshold", "0", question) == 0
        (line, *_) = [line for line in on_samples.out.splitlines() if line.startswith("[1]")]
        assert line.endswith(f" · {terminal.DOUBT}") == (score < terminal.UNSURE)
    assert score < terminal.UNSURE  # of the second question, so that both were seen


def test_a_question_may_be_limited_to_documents(on_samples):
    question = "When was the iron bridge over the Tarn opened?"

    def found(command, *words):
        told = on_samples.json(command, question, *words)
        return {row["document_title"] for row in (told["passages"] if command == "ask" else told)}

    for command in ("ask", "search"):
        assert len(found(command)) > 1
        assert found(command, "--document", "bridge.md") == {"The bridge"}
        assert found(command, "--document", "tides", "--document", "coffee") <= {SEA, COFFEE}
        assert on_samples(command, question, "--document", "nothing") == 1
        assert "there is no document nothing" in on_samples.err
        assert on_samples(command, question, "--collection", "nothing") == 1
        assert "`cited collection list`" in on_samples.err


def test_a_question_may_be_limited_to_a_collection(cited, bridge, tmp_path):
    (tmp_path / "other.md").write_text("# Other\n\nThe stone bridge over the Lot was opened in 1840.\n")
    cited("ingest", bridge)
    cited("ingest", "--collection", "stone", tmp_path / "other.md")
    told = cited.json("search", "When was the bridge opened?", "--collection", "stone")
    assert {row["document_title"] for row in told} == {"Other"}


def test_a_question_may_come_on_standard_input(on_samples):
    for command in ("ask", "search"):
        assert on_samples(command, "-", typed="When was the iron bridge\nover the Tarn opened?\n") == 0
        assert "1932" in on_samples.out
        assert on_samples(command, "-", typed="") == 1
        assert "the question is empty" in on_samples.err


@pytest.mark.parametrize("words", [["ask", "-"], ["search", "-"], ["ask", "--input", "-"]])
def test_a_closed_standard_input_is_an_error(on_samples, words):
    assert on_samples(*words, typed=None) == 1
    assert "standard input is closed" in on_samples.err


def test_one_question_or_a_file_of_them_and_not_both(on_samples, tmp_path):
    for words in (["ask"], ["ask", "Who?", "--input", tmp_path / "x.jsonl"]):
        assert on_samples(*words) == 2
        assert "one question, or --input" in on_samples.err


SEA, COFFEE = "Why the Sea Comes and Goes", "Coffee: The Seed That Had to Be Burnt"
LINES = """{"id": "a", "question": "When was the iron bridge over the Tarn opened?"}

not json
{"id": "b"}
[1, 2]
{"id": 7, "question": ""}
"only a string"
{"id": "c", "question": null}
{"id": "d", "question": "Who?", "more": true}
"""


@pytest.mark.parametrize("typed", [False, True])
def test_a_file_of_questions_is_answered_line_by_line_and_broken_lines_are_named(on_samples, tmp_path, typed):
    path = tmp_path / "questions.jsonl"
    path.write_text(LINES, encoding="utf-8")
    assert on_samples("ask", "--json", "--input", "-" if typed else path, typed=LINES) == 1
    rows = [json.loads(line) for line in on_samples.out.splitlines()]
    assert [row["id"] for row in rows] == ["a", None, "b", None, 7, None, "c", "d"]
    assert [bool(row.get("error")) for row in rows] == [False, *[True] * 6, False]
    assert "1932" in rows[0]["answer"]
    for row, number in zip(rows[1:7], (3, 4, 5, 6, 7, 8), strict=True):
        assert row["error"].startswith(f"line {number} is no JSON: " if number == 3 else f"line {number}: ")


@pytest.mark.parametrize("typed", [False, True])
def test_a_file_of_questions_may_begin_with_a_byte_order_mark(on_samples, tmp_path, typed):
    line = '\ufeff{"id": 1, "question": "When was the iron bridge over the Tarn opened?"}\r\n'
    (tmp_path / "questions.jsonl").write_text(line, encoding="utf-8")
    assert on_samples("ask", "--input", "-" if typed else tmp_path / "questions.jsonl", typed=line) == 0
    assert "1932" in json.loads(on_samples.out)["answer"]


def test_a_line_of_questions_ends_at_its_end_and_at_no_other_sign(on_samples, tmp_path):
    path = tmp_path / "questions.jsonl"
    question = "When was\u2028the iron bridge over the Tarn\u0085opened?"
    path.write_text(
        json.dumps({"id": 1, "question": question}, ensure_ascii=False) + "\r\n", encoding="utf-8"
    )
    assert on_samples("ask", "--json", "--input", path) == 0
    (row,) = [json.loads(line) for line in on_samples.out.split("\n") if line]
    assert (row["id"], "error" in row) == (1, False)


def test_a_file_of_questions_that_is_missing_or_no_text_is_an_error(on_samples, tmp_path):
    (tmp_path / "rubbish.jsonl").write_bytes(b"\xff\xfe\x00\xd8")
    for path in (tmp_path / "missing.jsonl", tmp_path / "rubbish.jsonl", tmp_path):
        assert on_samples("ask", "--input", path) == 1
        assert str(path) in on_samples.err


# Search, list, show, delete, rebuild, doctor


def test_search_prints_passages_with_their_place(on_samples):
    assert on_samples("search", "-k", "2", "iron bridge Tarn opened") == 0
    assert "The bridge" in on_samples.out.splitlines()[0]
    assert "opened in 1932" in on_samples.out
    hits = on_samples.json("search", "-k", "2", "iron bridge Tarn opened")
    assert len(hits) == 2
    body = next(hit for hit in hits if "1932" in hit["text"])
    assert [(link["kind"], link["footnote"]) for link in body["linked"]] == [("footnote", "1")]
    assert body["kind"] == "body"


def test_search_gives_as_many_passages_as_asked(on_samples):
    assert [len(on_samples.json("search", "-k", k, "the sea")) for k in (1, 7, 50)] == [1, 7, 50]


@pytest.mark.parametrize("most", ["0", "101", "many"])
def test_a_number_of_passages_out_of_range_is_wrong_usage(on_samples, most):
    assert on_samples("search", "-k", most, "sea") == 2
    assert "'-k'" in on_samples.err


def test_list_shows_every_document(on_samples):
    assert on_samples("list") == 0
    rows = on_samples.json("list")
    assert len(rows) == 4
    assert set(rows[0]) == {
        "id", "title", "source", "version", "added", "passages", "characters", "notes", "collection"
    }  # fmt: skip
    assert on_samples("list") == 0
    assert all(row["id"] in on_samples.out for row in rows)


def test_what_stands_in_a_document_is_no_markup_for_the_terminal(cited, tmp_path):
    said = "The prefix of the network of Marrow is 2001:db8:a:b::1, and [bold]its[/b] name urn:x:marrow."
    (tmp_path / "n.md").write_text(f"# How to write [/b] in forums\n\n{said}\n", encoding="utf-8")
    assert cited("ingest", tmp_path / "n.md") == 0
    assert cited("list") == 0
    assert "\tHow to write [/b] in forums\t" in cited.out
    assert cited("ask", "--threshold", "0", "What is the prefix of the network of Marrow?") == 0
    assert said in cited.out
    assert "How to write [/b] in forums · " in cited.out


def test_a_list_that_is_not_for_a_terminal_is_lines_with_tabs(on_samples):
    assert on_samples("list") == 0
    lines = [line.split("\t") for line in on_samples.out.splitlines()]
    rows = on_samples.json("list")
    fields = ("id", "title", "collection", "source")
    assert [[*line[:2], *line[5:]] for line in lines] == [[row[name] for name in fields] for row in rows]


def test_show_gives_sections_footnotes_and_the_exact_text(on_samples):
    shown = on_samples.json("show", "The bridge")
    assert on_samples("show", "The bridge", "--text") == 0
    text = on_samples.out
    assert len(text) == shown["characters"]
    (note,) = shown["footnotes"]
    assert text[note["start_char_index"] : note["end_char_index"]] == "The builder was Anna Berg."
    (marker,) = note["markers"]
    assert text[marker["start_char_index"] : marker["end_char_index"]] == "[1]"
    assert on_samples("show", "bridge.md") == 0
    assert "[1]" in on_samples.out
    assert "The iron bridge over the Tarn was opened in 1932.[1]" in on_samples.out


@pytest.mark.parametrize("command", ["show", "delete"])
@pytest.mark.parametrize("name", ["nothing", "", "x" * 5000])
def test_an_unknown_document_is_an_error_that_points_to_the_list(on_samples, command, name):
    assert on_samples(command, "--", name) == 1
    assert on_samples.out == ""
    assert "`cited list`" in on_samples.err


def test_delete_removes_what_it_says_and_nothing_if_one_name_is_unknown(cited, bridge, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("Other things were written here.")
    cited("ingest", bridge, other)
    first, second = cited.entries()
    assert cited("delete", first.id, "unknown") == 1
    assert len(cited.entries()) == 2
    assert cited("delete", first.title, first.id) == 0
    assert f"deleted {first.id}" in cited.err
    assert [entry.id for entry in cited.entries()] == [second.id]
    assert cited("delete", second.source) == 0
    assert cited.entries() == []


def test_delete_takes_a_folder_that_is_there_or_gone(cited, tmp_path):
    for name in ("one/a.md", "one/deep/b.md", "oneself/c.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n\nOther things were written in {name}.\n")
    cited("ingest", tmp_path / "one", tmp_path / "oneself")
    (tmp_path / "one").rename(tmp_path / "two")
    assert cited("delete", tmp_path / "two") == 1
    assert "there is no document" in cited.err
    assert cited("delete", tmp_path / "one") == 0
    assert [line.split()[0] for line in cited.err.splitlines()] == ["deleted", "deleted"]
    assert str(tmp_path / "one" / "deep" / "b.md") in cited.err
    assert [entry.title for entry in cited.entries()] == ["oneself/c.md"]


@pytest.mark.parametrize(
    "others",
    [
        {"report-2023.md": "Other things."},  # the beginning of an id
        {"report-2023.md": "Other things.", "report-2024.md": "More things."},
        {"a.md": "# report\n\nOther things."},  # a title
        {"a.md": "# report\n\nOther things.", "b.md": "# report\n\nMore things."},
        {"other/report": "Other things."},  # the end of a source
    ],
)
def test_a_folder_and_documents_of_one_name_are_told_apart(cited, tmp_path, monkeypatch, others):
    monkeypatch.chdir(tmp_path)
    for name, text in {"report/c.md": "# c\n\nThings of the folder.", **others}.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    cited("ingest", "report/c.md", *others)
    before = cited.entries()
    assert len(before) == 1 + len(others)
    assert cited("delete", "report") == 1
    assert "write ./report/ for the folder, or the document's id" in cited.err
    assert cited.entries() == before
    assert cited("delete", "./report/") == 0
    assert [entry for entry in before if entry.title != "c"] == cited.entries()


@pytest.mark.parametrize("by_id", [False, True])
def test_an_id_or_a_path_is_the_document_even_where_it_is_a_folder(cited, tmp_path, monkeypatch, by_id):
    monkeypatch.chdir(tmp_path)
    Path("a.md").write_text("Other things were written.")
    cited("ingest", "a.md")
    (document,) = cited.entries()
    Path("a.md").unlink()
    for folder in ("a.md", document.id):
        Path(folder).mkdir()
        (Path(folder) / "b.md").write_text(f"Things of the folder {folder}.")
    cited("ingest", "a.md", document.id)
    assert cited("delete", document.id if by_id else "a.md") == 0
    assert len(cited.entries()) == 2
    assert document not in cited.entries()


def test_delete_takes_a_folder_whose_name_is_no_unicode(cited, tmp_path):
    folder = Path(f"{tmp_path}/caf\udce9")
    folder.mkdir()
    (folder / "a.md").write_text("Other things were written.")
    cited("ingest", folder)
    assert len(cited.entries()) == 1
    assert cited("delete", folder) == 0
    assert cited.entries() == []
    assert cited("delete", folder) == 1
    assert "there is no document" in cited.err


def test_rebuild_says_how_much_and_leaves_the_documents(cited, bridge):
    cited("ingest", bridge)
    before = cited.entries()
    assert cited("rebuild") == 0
    assert cited.err == "rebuilt 2 passages with all-MiniLM-L6-v2\n"
    assert cited.entries() == before
    assert len(cited.json("search", "bridge")) == 2


def test_the_doctor_is_content_with_a_healthy_library_and_names_what_is_damaged(cited, bridge):
    cited("ingest", bridge)
    assert cited("doctor") == 0
    lines = cited.out.splitlines()
    assert len(lines) >= 5
    assert all(line.startswith("ok ") for line in lines)
    assert "2 of 2 passages" in cited.out
    for file in (cited.folder / "chroma").rglob("*.sqlite3"):
        file.write_bytes(b"rubbish" * 500)
    assert cited("doctor") == 1
    assert "problem   vectors" in cited.out
    assert cited("ask", "Who built it?") == 1
    assert "cited rebuild" in cited.err
    assert cited("rebuild") == 0
    assert cited("doctor") == 0


@pytest.mark.parametrize("words", [["ask", "Who?"], ["search", "Who?"], ["ask", "--input", "-"]])
def test_an_empty_library_is_an_error_that_says_how_to_fill_it(cited, words):
    Library(cited.folder).close()
    assert cited(*words) == 1
    assert cited.out == ""
    assert "is empty" in cited.err
    assert "cited ingest" in cited.err


READING = (
    ["ask", "Who?"], ["search", "Who?"], ["list"], ["list", "--json"], ["show", "a"], ["delete", "a"],
    ["rebuild"], ["backup", "file"], ["mcp", "--read-only"],
)  # fmt: skip


@pytest.mark.parametrize("words", READING)
def test_what_reads_makes_no_library(cited, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert cited(*words) == 1
    assert (cited.out, f"there is no library in {cited.folder}; " in cited.err) == ("", True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["user", "list"], ["key", "list"], ["collection", "list"], ["list"]])
def test_of_the_usual_folder_without_a_library_it_is_said_how_to_begin(cited, tmp_path, monkeypatch, words):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["cited", *words])
    with pytest.raises(SystemExit, match="1"):
        main()
    place = tmp_path / "cited" / "library"
    said = f"cited: there is no library yet in {place}; begin with `cited ingest PATH`\n"
    assert cited.capsys.readouterr().err == said
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_makes_no_library(cited):
    assert cited("doctor") == 0
    assert f"there is none yet in {cited.folder}" in cited.out
    assert not cited.folder.exists()


def test_users_may_be_there_before_the_library(cited, monkeypatch):
    def run(*words, typed=""):
        monkeypatch.setattr(sys, "argv", ["cited", *words, "--library", str(cited.folder)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code

    assert run("user", "add", "ada", "--role", "reader", typed="a long password\n") == 0
    assert run("user", "list") == 0
    assert "ada" in cited.capsys.readouterr().out


def test_an_empty_library_has_an_empty_list_and_a_hint(cited):
    Library(cited.folder).close()
    assert cited("list") == 0
    assert (cited.out, "cited ingest" in cited.err) == ("", True)
    assert cited.json("list") == []
    assert cited("rebuild") == 0


# Settings


def test_an_unknown_variable_is_an_error_that_names_the_known_ones(on_samples, monkeypatch):
    monkeypatch.setenv("CITED_LIBARY", "x")
    assert on_samples("list") == 1
    assert "there is no setting CITED_LIBARY" in on_samples.err
    assert "CITED_LIBRARY" in on_samples.err


@pytest.mark.parametrize("value", ["2", "-1", "much", "nan"])
def test_a_threshold_that_is_no_probability_is_an_error(on_samples, monkeypatch, value):
    assert on_samples("ask", "--threshold", value, "Who?") == 1
    assert "between 0 and 1" in on_samples.err
    monkeypatch.setenv("CITED_THRESHOLD", value)
    assert on_samples("ask", "Who?") == 1
    assert "between 0 and 1" in on_samples.err


def test_the_threshold_of_the_environment_counts_and_the_option_overrules_it(on_samples, monkeypatch):
    monkeypatch.setenv("CITED_THRESHOLD", "1")
    question = "When was the iron bridge over the Tarn opened?"
    assert on_samples.json("ask", question)["answered"] is False
    assert on_samples.json("ask", "--threshold", "0", question)["answered"] is True


def test_another_model_is_refused_before_anything_changes(on_samples, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    for words in (
        ["search", "Who?"],
        ["delete", "The bridge"],
        ["ingest", tmp_path / "model" / "config.json"],
    ):
        assert on_samples(*words, "--embedding-model", tmp_path / "model") == 1
        assert on_samples.out == ""


def test_a_library_that_cannot_be_made_is_an_error(cited, tmp_path):
    cited.folder = tmp_path / "file"
    cited.folder.write_text("x")
    for words in (["ingest", SAMPLES], ["doctor"]):
        assert cited(*words) == 1
        assert "cannot be made" in cited.err
    assert cited("list") == 1
    assert "there is no library in" in cited.err


# The program as a process of its own


def test_the_installed_program_ends_with_a_message_and_never_a_traceback(filled, tmp_path):
    def run(*words, **more):
        return subprocess.run([CITED, *words], capture_output=True, text=True, timeout=60, **more)

    unknown = run("show", "nothing", "--library", filled)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "cited: there is no document nothing; `cited list` shows what there is\n"
    missing = run("ingest", "missing.txt", "--library", tmp_path / "new")
    assert missing.returncode == 1
    assert missing.stderr == "failed     there is no file or folder missing.txt\n"
    assert run("nothing").returncode == 2
    listed = run("list", "--json", "--library", filled)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert len(json.loads(listed.stdout)) == 4


def test_a_reader_that_stops_early_sees_no_traceback(filled):
    command = f"{CITED} show longitude.txt --text --library {filled} | head -c 20"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == "Four Minutes to a De"


@pytest.mark.heavy
def test_while_another_process_has_the_library_it_lists_and_shows_and_names_the_owner(filled):
    hold = (
        "import sys, time\nfrom pathlib import Path\nfrom index.library import Library\n"
        "library = Library(Path(sys.argv[1]))\nlibrary.own()\nprint('held', flush=True)\ntime.sleep(100)"
    )
    owner = subprocess.Popen([sys.executable, "-c", hold, filled], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout.readline() == "held\n"
        for words, status in ((["list"], 0), (["show", "The bridge"], 0), (["search", "bridge"], 1)):
            command = [CITED, *words, "--library", filled]
            done = subprocess.run(command, capture_output=True, text=True, timeout=100)
            assert done.returncode == status
        assert f"process {owner.pid}" in done.stderr
        assert done.stderr.startswith("cited: the library")
    finally:
        owner.kill()
        owner.communicate()
