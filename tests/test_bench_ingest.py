"""`eval.bench.ingest`: what an ingest costs beside the model."""

import pytest

from eval.bench.ingest import Row, print_rows, run_ingest
from ingest.errors import SourceUnreadable
from tests.test_embed import WordLengths

ROW = Row(".md", 10, 1, 5000, 20.0, 15.0, 17.0, 900.0)


def test_speed_and_shares_are_worked_out_from_the_seconds():
    assert (ROW.words_per_second, ROW.model_share, ROW.of_bare) == (250.0, 0.75, 0.85)
    assert ROW.to_json()["of_bare"] == 0.85


def test_each_format_is_a_row_with_its_words_and_failures(tmp_path):
    for n in range(3):
        (tmp_path / f"{n}.md").write_text(f"# Ship {n}\n\nA ship sails to Jamaica.\n")
        (tmp_path / f"{n}.html").write_text("<p>The tide rises.")
    (tmp_path / "empty.md").write_text("")
    html, markdown = run_ingest(tmp_path, embedder=WordLengths())
    assert (html.format, html.files, html.failed, html.words) == (".html", 3, 0, 9)
    assert (markdown.format, markdown.files, markdown.failed, markdown.words) == (".md", 4, 1, 21)
    assert 0 < html.in_model < html.seconds
    assert html.memory_mb > 10


def test_the_table_names_speed_and_shares(capsys):
    assert print_rows([ROW]) == [ROW.to_json()]
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("5,000", "250", "75%", "85%", "of the bare loop"))


def test_a_folder_without_files_is_an_error(tmp_path):
    with pytest.raises(SourceUnreadable):
        run_ingest(tmp_path, embedder=WordLengths())
