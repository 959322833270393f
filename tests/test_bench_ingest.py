"""`eval.bench.ingest`: what an ingest costs beside the model."""

import pytest

from eval.bench.ingest import Row, print_rows, run_ingest, together
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
    html, markdown, every = run_ingest(tmp_path, embedder=WordLengths())
    assert (html.format, html.files, html.failed, html.words) == (".html", 3, 0, 9)
    assert (markdown.format, markdown.files, markdown.failed, markdown.words) == (".md", 4, 1, 21)
    assert 0 < html.in_model < html.seconds
    assert html.memory_mb > 10
    assert (every.format, every.files, every.failed, every.words) == ("all", 7, 1, 30)
    assert every.seconds == html.seconds + markdown.seconds


def test_all_is_the_sum_of_the_formats_with_its_own_shares_and_the_largest_memory():
    other = Row(".pdf", 2, 0, 1000, 30.0, 10.0, 3.0, 700.0)
    every = together([ROW, other])
    assert every == Row("all", 12, 1, 6000, 50.0, 25.0, 20.0, 900.0)
    assert (every.words_per_second, every.model_share, every.of_bare) == (120.0, 0.5, 0.4)


def test_the_table_names_speed_and_shares(capsys):
    assert print_rows([ROW]) == [ROW.to_json()]
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("5,000", "250", "75%", "85%", "of the bare loop"))


def test_a_folder_without_files_is_an_error(tmp_path):
    with pytest.raises(SourceUnreadable):
        run_ingest(tmp_path, embedder=WordLengths())
