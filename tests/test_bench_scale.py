import gzip
import math
import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from eval.bench import scale_measure
from eval.bench.scale import build, made_with, run_scale
from eval.bench.scale_fill import Filling, copy, filled, read_filling
from eval.bench.scale_measure import Row, changes, measure, recall, sentences
from eval.bench.scale_report import picture, table, told
from eval.bench.scale_text import MOST_WORDS, collect, documents, files, paragraphs
from eval.bench.scale_vectors import Fit, fit, means, regress, tokenizer, unit
from eval.cli.base import set_path, sources_of
from eval.run import load_task
from index.library import Library
from ingest.errors import EvaluationError
from ingest.read import read_bytes
from tests.test_embed import WordLengths

LINES = [
    f"The {thing} of ship {n} was {what} by the {who} before the voyage to the islands began."
    for n in range(12)
    for thing in ("mast", "rudder", "anchor")
    for what in ("mended", "painted")
    for who in ("carpenter", "captain")
]


@pytest.fixture
def texts(tmp_path):
    """Eight pages of eighteen paragraphs, each paragraph of one sentence."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for n in range(8):
        body = "".join(f"<p>{line}</p>" for line in LINES[n * 18 : n * 18 + 18])
        (folder / f"{n}.html").write_text(f"<h1>Log {n}</h1>{body}")
    return folder


def prose(folder, tmp_path, most=10**9):
    file = tmp_path / "prose.jsonl"
    return file, collect([folder], file, most)


def texts_of(path):
    return [text for _, text in paragraphs(path)]


def test_of_a_page_headings_and_prose_are_taken_without_marks_code_and_what_is_hardly_words(tmp_path):
    page = tmp_path / "a.html"
    page.write_text(
        "<h2>The <i>mast</i>¶</h2><p>A ship &amp; its <b>mast</b> were lost at sea.</p><p>Too short.</p>"
        "<pre>mast = 1</pre><p>0x01 0x02 0x03 0x04 0x05 0x06 0x07</p><ul><li><p>It sank in the cold "
        "northern sea.</p></li></ul>" + " " * 500
    )
    assert paragraphs(page) == [
        ("heading", "The mast"),
        ("paragraph", "A ship & its mast were lost at sea."),
        ("paragraph", "It sank in the cold northern sea."),
    ]


def test_manual_pages_and_docstrings_are_read_as_prose(tmp_path):
    manual = tmp_path / "man" / "man1" / "sail.1.gz"
    manual.parent.mkdir(parents=True)
    source = ".TH SAIL 1\n.PP\nThe \\fIship\\fP is a fast one\\-master.\n"
    manual.write_bytes(gzip.compress((source + '.\\" ' + "x" * 500).encode()))
    assert texts_of(manual) == ["The ship is a fast one-master."]
    module = tmp_path / "a.py"
    module.write_text(f'"""{LINES[0]}\n\n{LINES[1]}"""\nship = 1\n' + "#" * 500)
    assert texts_of(module) == LINES[:2]


def test_what_stands_elsewhere_or_in_other_languages_is_left_out(tmp_path):
    for name in ("a.html", "_sources/a.rst", "fr-FR/a.html", "b.png", "README"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert {path.name for path in files([tmp_path])} == {"a.html", "README"}
    assert len(list(files([tmp_path]))) == 2


def test_each_paragraph_is_taken_once_and_a_file_that_is_there_is_kept(texts, tmp_path):
    (texts / "again.html").write_text((texts / "0.html").read_text())
    file, words = prose(texts, tmp_path)
    whole = file.read_text()
    assert words == sum(len(line.split()) for line in LINES) + 9 * len(["Log", "0"]) - 2
    assert all(whole.count(f'"{line}"') == 1 for line in LINES)
    (texts / "more.html").write_text("<p>More.</p>")
    assert prose(texts, tmp_path) == (file, words)
    assert file.read_text() == whole


def test_a_long_text_becomes_several_documents(tmp_path):
    log = tmp_path / "texts" / "a.txt"
    log.parent.mkdir()
    log.write_text("\n\n".join(f"{LINES[0]} It was day {n}." for n in range(MOST_WORDS // 15)))
    file, _ = prose(log.parent, tmp_path)
    made = [document.source for document, recombined in islice(documents(file, lambda _: False), 2)]
    assert made == [str(log), f"{log}#1"]


def test_a_folder_without_prose_is_an_error(tmp_path):
    with pytest.raises(EvaluationError, match="no prose in"):
        prose(tmp_path, tmp_path)


def test_where_text_runs_out_documents_are_recombined_of_sentences_always_the_same(texts, tmp_path):
    file, _ = prose(texts, tmp_path)
    made = [pair for pair, _ in zip(documents(file, lambda _: False), range(11), strict=False)]
    assert [recombined for _, recombined in made] == [False] * 8 + [True] * 3
    for one in re.findall(r"The [^.]+\.", made[8][0].text):
        assert one in LINES
    known = {document.id for document, _ in made[:9]}
    assert next(documents(file, known.__contains__)) == made[9]


def test_means_are_of_the_tokens_rows_and_a_text_without_tokens_has_none():
    tokens = tokenizer()
    table = np.random.default_rng(1).standard_normal((tokens.get_vocab_size(), 3)).astype(np.float32)
    ship, sea = (tokens.token_to_id(word) for word in ("ship", "sea"))
    found = means(tokens, table, ["ship sea", "", "ship"])
    assert found == pytest.approx(np.stack([(table[ship] + table[sea]) / 2, np.zeros(3), table[ship]]))


def test_a_regression_finds_a_linear_map_and_leaves_noise_of_the_size_of_what_it_misses():
    random = np.random.default_rng(1)
    bare = random.standard_normal((4000, 8)).astype(np.float32)
    real = bare @ random.standard_normal((8, 8)).astype(np.float32) + 1
    exact = regress(np.eye(8, dtype=np.float32), bare, real)
    assert exact["mapped"] * 8 == pytest.approx(8 * float(np.linalg.norm(real[::5], axis=1).mean()), rel=1e-3)
    assert np.abs(exact["noise"]).max() < 0.01
    missed = real + random.normal(scale=0.5, size=real.shape).astype(np.float32)
    noise = np.asarray(regress(np.eye(8, dtype=np.float32), bare, missed)["noise"])
    assert noise @ noise.T == pytest.approx(0.25 * np.eye(8), abs=0.05)
    assert exact["sentences"] == 800
    assert np.linalg.norm(unit(real), axis=1) == pytest.approx(1)


def test_each_size_goes_on_from_the_one_before_and_what_is_there_is_not_made_again(texts, tmp_path):
    file, _ = prose(texts, tmp_path)
    task = load_task(set_path("samples"), sources_of("samples", ()))
    toys = WordLengths()
    first, second = build(tmp_path, [110, 300], task, file, toys, toys, 0, lambda *_: None)
    assert 110 <= first.passages < 300 <= second.passages
    assert (first.real, first.documents) == (second.real, 3 + (first.passages > first.real))
    for size, filling in ((110, first), (300, second)):
        assert filled(tmp_path / f"library-{size}") == filling
        with Library(tmp_path / f"library-{size}", toys) as library:
            assert library.catalog.passage_count() == library.vectors.count() == filling.passages
            assert len(library.entries()) == filling.documents
            assert recall(library, ["A ship.", "The mast of a ship."]) == 1
            assert all(7 <= len(s.split()) <= 16 for s in sentences(library, 5))
    assert build(tmp_path, [110, 300], task, file, toys, toys, 0, lambda *_: None) == [first, second]


def test_an_interrupted_size_goes_on_where_it_was(tmp_path):
    (tmp_path / "library-1").mkdir()
    (tmp_path / "library-1" / "complete").touch()
    copy(tmp_path / "library-1", tmp_path / "library-2")
    (tmp_path / "library-2" / "begun").touch()
    copy(tmp_path / "library-1", tmp_path / "library-2")
    assert [path.name for path in (tmp_path / "library-2").iterdir()] == ["begun"]


def test_a_folder_keeps_to_what_it_was_made_with(texts, tmp_path):
    made_with(tmp_path, [tmp_path], 0)  # where no prose was found in them, others may be named
    made_with(tmp_path, [texts], 5000)
    prose(texts, tmp_path)
    made_with(tmp_path, [texts / ".." / "texts"], 5000)
    for others, real in (([texts], 0), ([], 5000), ([tmp_path], 5000)):
        with pytest.raises(
            EvaluationError, match=rf"was made with --texts {texts} --real 5000; ask for that"
        ):
            made_with(tmp_path, others, real)


def test_a_folder_of_before_that_was_written_down_is_taken_as_it_is(texts, tmp_path):
    prose(texts, tmp_path)
    made_with(tmp_path, [], 7)
    made_with(tmp_path, [texts], 0)
    assert not (tmp_path / "made.json").exists()


def test_the_seconds_of_an_interrupted_filling_are_kept_with_its_counts(texts, tmp_path):
    file, _ = prose(texts, tmp_path)
    task = replace(load_task(set_path("samples"), sources_of("samples", ())), documents={})
    toys = WordLengths()

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, [110], task, file, toys, toys, 0, interrupt)
    kept = read_filling(tmp_path / "library-110")
    assert kept.passages > 0
    assert kept.seconds > 0


def test_what_is_planted_is_counted_also_where_no_prose_is_wanted(texts, tmp_path):
    file, _ = prose(texts, tmp_path)
    task = load_task(set_path("samples"), sources_of("samples", ()))
    toys = WordLengths()
    made = [build(tmp_path, [10], task, file, toys, toys, 0, lambda *_: None) for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0][0].documents, made[0][0].real) == (3, made[0][0].passages)


def test_stand_ins_whose_fitting_was_interrupted_are_fitted_anew(tmp_path, monkeypatch):
    file = tmp_path / "standins.npz"
    whole = np.savez

    def interrupted(to, **arrays):
        whole(to, table=arrays["table"])
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(WordLengths(), LINES, file)
    monkeypatch.undo()
    assert fit(WordLengths(), LINES, file).fit.sentences == 29
    assert [path.name for path in tmp_path.iterdir()] == ["standins.npz"]


def test_a_library_of_short_documents_only_cannot_be_changed_for_a_measurement(tmp_path):
    with Library(tmp_path / "library", WordLengths()) as library:
        library.add(read_bytes(b"A ship.", name="a.txt", source="a.txt"))
        with pytest.raises(EvaluationError, match="has no document of 5 to 100 passages"):
            changes(library)


ROW = Row(
    1000, 20, 5_000_000, 2_000_000, 300.0, 1.5, 0.5, 10.0, 20.0, 5.0, 8.0, 90.0, 1.0, 0.8, 0.9, 0.75, 400.0,
    12.0, 30.0,
)  # fmt: skip


def test_the_table_has_a_line_a_size_and_the_picture_a_field_a_curve():
    first, second = table([ROW, ROW]).splitlines()[2:]
    assert first == second
    for told_there in ("1,000", "10 / 20", "5, 8", "1.000", "0.80 / 0.90", "400", "12, 30", "5000 + 2000"):
        assert f"| {told_there} |" in first
    drawn = picture([ROW, ROW])
    assert drawn.count("<g ") == 10
    assert "nan" not in drawn
    assert not math.isnan(ROW.to_json()["catalog_bytes_a_passage"])


def test_the_report_says_what_is_real():
    largest = Filling(passages=1000, documents=20, words=60_000, real=105, recombined=250)
    said = " ".join(told([largest], Fit(0.7244, 0.5, 1200)))
    assert "25% of the passages are recombined" in said
    assert "105 passages" in said
    assert "0.72 as mapped and 0.50 with their noise, on 1,200 sentences" in said


@pytest.mark.heavy
def test_what_is_measured_is_the_library_before_its_documents_are_changed(embedder, tmp_path, monkeypatch):
    task = load_task(set_path("samples"), sources_of("samples", ()))
    with Library(tmp_path / "library", embedder) as library:
        list(library.add_all(task.documents.values()))
        passages = library.catalog.passage_count()

    def emptied(library):
        for entry in library.entries():
            library.delete(entry.id)
        return {"written_per_second": 1.0, "delete_p50": 1.0, "update_p50": 1.0}

    monkeypatch.setattr(scale_measure, "changes", emptied)
    row = measure(tmp_path / "library", task)
    assert (row.documents, row.passages, row.recall) == (3, passages, 1)


@pytest.mark.heavy
def test_a_small_curve_is_built_measured_and_reported(texts, tmp_path):
    rows = run_scale(
        tmp_path / "work",
        [110, 250],
        set_path("samples"),
        sources_of("samples", ()),
        texts=[texts],
        fitted=60,
    )
    assert [row.recall for row in rows] == [1, 1]
    assert rows[0].evidence_tuning == pytest.approx(rows[1].evidence_tuning, abs=0.05)
    assert rows[1].evidence_reporting > 0.6
    assert all(value > 0 for row in rows for value in row.to_json().values())
    assert "![Curves](scale.svg)" in (tmp_path / "work" / "scale.md").read_text()
    with Library(tmp_path / "work" / "library-250") as library:  # it is left as it was
        assert library.catalog.passage_count() == library.vectors.count() == rows[1].passages
