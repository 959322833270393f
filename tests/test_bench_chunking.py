"""The chunking benchmark: the report's figures worked by hand, and the harness on a toy corpus."""

import csv
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from eval.bench import chunking, ours
from eval.bench.align import Alignment
from eval.bench.cache import CachedEmbedder
from eval.bench.corpora import load
from eval.bench.plain import recursive_chunks, token_chunks, tokens
from eval.bench.ranges import Place, common, score, size, union
from index.embed import Embedder
from ingest.errors import EvaluationError
from ingest.read import read_bytes


def at(start, end, corpus="a"):
    return Place(corpus, start, end)


def test_a_union_counts_each_character_once():
    assert union([at(5, 9), at(0, 3), at(2, 5), at(7, 8), at(0, 3, "b"), at(4, 4)]) == [
        at(0, 9),
        at(0, 3, "b"),
    ]
    assert size([at(0, 3), at(2, 5)]) == 6
    assert size(union([at(0, 3), at(2, 5)])) == 5


def test_ranges_of_two_corpora_have_nothing_in_common():
    assert common([at(0, 9)], [at(3, 5), at(8, 20), at(0, 9, "b"), at(9, 10)]) == [at(3, 5), at(8, 9)]


def test_evidence_inside_one_of_two_passages():
    # e = 10 characters, r = 40 + 60, all of e found: recall 1, precision 10/100, IoU 10/(100 + 0).
    # The one piece that holds e has 40 characters: precision omega 10/40.
    pieces = [at(0, 40), at(40, 100), at(100, 200)]
    result = score([at(20, 30)], [at(40, 100), at(0, 40)], pieces)
    assert result == (1.0, 0.1, 0.25, 0.1)


def test_evidence_cut_by_a_piece_that_was_not_retrieved():
    # e = [30, 50): 10 of 20 found in r = [0, 40): recall 1/2, precision 10/40, IoU 10/(40 + 10).
    # Both pieces are needed for all of e: precision omega 20/100.
    result = score([at(30, 50)], [at(0, 40)], [at(0, 40), at(40, 100)])
    assert result == (0.5, 0.25, 0.2, 0.2)


def test_what_overlapping_passages_share_is_read_twice_and_found_once():
    # e = [20, 30); r = [0, 40) and [20, 60): found 10, |r| = 80. The union of the holders is [0, 60).
    result = score([at(20, 30)], [at(0, 40), at(20, 60)], [at(0, 40), at(20, 60)])
    assert result == (1.0, 0.125, 10 / 60, 0.125)


def test_evidence_that_no_piece_holds_lowers_every_figure():
    # e = [0, 10) and [90, 100); the pieces end at 50: found 10 of 20, omega 10/(50 + 10).
    result = score([at(0, 10), at(90, 100)], [at(0, 50)], [at(0, 50)])
    assert result == (0.5, 0.2, 10 / 60, 10 / 60)


def test_a_piece_that_only_touches_the_evidence_does_not_hold_it():
    assert score([at(10, 20)], [at(0, 10)], [at(0, 10), at(10, 20)]) == (0.0, 0.0, 1.0, 0.0)


def test_nothing_retrieved_and_another_corpus_score_nothing():
    assert score([at(0, 10)], [], [at(0, 20)]) == (0.0, 0.0, 0.5, 0.0)
    assert score([at(0, 10)], [at(0, 10, "b")], [at(0, 20)]) == (0.0, 0.0, 0.5, 0.0)


MARKDOWN = """# The *long* title

A first   paragraph with **bold words** and a [link](https://example.org/a), then
more of it.[^1] Same again. Same again.

- an item
- another \\"item\\"

[^1]: The note &amp; its text.
"""


def test_positions_go_back_to_the_original_file():
    document = read_bytes(MARKDOWN.encode(), name="a.md", source="a.md")
    alignment = Alignment(document, MARKDOWN)

    def original(words, occurrence=0):
        start = document.text.index(words)
        for _ in range(occurrence):
            start = document.text.index(words, start + 1)
        begin, end = alignment.original_range(start, start + len(words))
        return MARKDOWN[begin:end]

    assert original("A first paragraph") == "A first   paragraph"
    assert original("with bold words and a link, then more") == (
        "with **bold words** and a [link](https://example.org/a), then\nmore"
    )
    first = alignment.original_range(*span(document.text, "Same again.", 0))
    second = alignment.original_range(*span(document.text, "Same again.", 1))
    assert (first, second) == (span(MARKDOWN, "Same again.", 0), span(MARKDOWN, "Same again.", 1))
    assert original("another") == "another"


def span(text, words, occurrence):
    start = -1
    for _ in range(occurrence + 1):
        start = text.index(words, start + 1)
    return start, start + len(words)


def test_what_does_not_stand_in_the_file_is_counted():
    document = read_bytes(b"One paragraph here.\n\nAnother one there.", name="a.txt", source="a.txt")
    alignment = Alignment(document, "One paragraph here.")
    assert alignment.unplaced == len("Anotheronethere.")
    assert alignment.original_range(*span(document.text, "Another", 0)) is None


def test_chunks_are_cut_from_the_text_and_share_their_overlap():
    text = "\n".join(f"Line {i} of the same words." for i in range(40))
    chunks = recursive_chunks({"a": text, "b": text}, 50, 25)
    lengths = [tokens(text[c.start : c.end]) for c in chunks]
    assert max(lengths) <= 50
    first = [c for c in chunks if c.corpus == "a"]
    assert chunks == [*first, *(c._replace(corpus="b") for c in first)]
    assert all(b.start < a.end < b.end for a, b in pairwise(first))
    assert first[0].start == 0
    assert first[-1].end == len(text)


def test_runs_of_tokens_begin_a_stride_apart():
    # "a b c d e f g" is seven tokens: "a", " b", … of 1, 2, 2, 2, 2, 2, 2 characters.
    text = "a b c d e f g"
    assert token_chunks({"x": text}, 4, 2) == [at(0, 7, "x"), at(3, 11, "x"), at(7, 13, "x")]
    assert token_chunks({"x": text}, 20, 2) == [at(0, 13, "x")]


def test_a_token_is_one_of_cl100k():
    assert tokens("antidisestablishmentarianism") == 6


TOYS = {
    "bees": "Bees dance to tell the way to flowers.\n\nA queen lays two thousand eggs a day.",
    "trains": "The first railway carried coal.\n\nA train stops slowly, for steel rolls on steel.",
    "bread": "Yeast makes the dough rise.\n\nSalt slows the yeast, and salt gives taste.",
}
ASKED = [
    ("How many eggs does a queen bee lay?", "bees", "two thousand eggs"),
    ("What did the first railway carry?", "trains", "carried coal"),
    ("What does salt do to yeast?", "bread", "Salt slows the yeast"),
]


@pytest.fixture
def toy(tmp_path):
    (tmp_path / "corpora").mkdir()
    for name, text in TOYS.items():
        (tmp_path / "corpora" / f"{name}.md").write_text(text, encoding="utf-8")
    write_questions(tmp_path, [(q, c, [(w, *span(TOYS[c], w, 0))]) for q, c, w in ASKED])
    return tmp_path


def write_questions(folder, rows):
    with (folder / "questions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "references", "corpus_id"])
        for question, corpus, references in rows:
            given = [{"content": w, "start_index": s, "end_index": e} for w, s, e in references]
            writer.writerow([question, json.dumps(given), corpus])


def test_the_harness_on_three_documents(toy, embedder, capsys):
    seen = []
    rows = chunking.run_chunking(
        toy,
        ("recursive-12-0", "passages", "passages+notes", "evidence"),
        embedder=embedder,
        progress=lambda done, total: seen.append((done, total)),
    )
    plain, passages, noted, evidence = rows
    assert plain.recall.mean == 1.0
    assert plain.pieces > passages.pieces
    # Each toy is one passage, and all three are retrieved: |r| is all the text.
    everything = sum(map(len, TOYS.values()))
    wanted = [len(w) / everything for _, _, w in ASKED]
    assert passages.pieces == 3
    assert passages.passages == 3.0
    assert passages.characters == everything
    assert passages.recall.mean == 1.0
    assert passages.recall.deviation == 0.0
    assert passages.iou.mean == pytest.approx(sum(wanted) / 3)
    assert passages.precision_omega.mean == pytest.approx(sum(len(w) / len(TOYS[c]) for _, c, w in ASKED) / 3)
    assert noted == replace(passages, variant="passages+notes")
    assert evidence.characters < passages.characters
    assert evidence.iou.mean > passages.iou.mean
    assert seen[0] == (1, 12)
    assert seen[-1] == (12, 12)

    written = chunking.print_rows(rows)
    assert json.loads(json.dumps(written))[1]["recall"] == {"mean": 1.0, "deviation": 0.0}
    assert "published: 250 tokens, overlap 125" in capsys.readouterr().out


def test_sentences_around_a_passage_are_given_once(tmp_path, embedder):
    text = "\n\n".join(f"Sentence {n} stands alone. " + f"Filling {n} " * 45 + "ends." for n in range(4))
    with ours.shelf({"a": text}, embedder) as on:
        passages = on.passages()
        assert [len(p.sentences) for p in passages] == [2, 2, 2, 2]
        pieces, retrieve, remark = ours.prepare(on, "passages+1", 4)
        one, two = passages[:2]
        assert pieces[0] == at(one.start, two.sentences[0].end)
        assert pieces[1] == at(one.sentences[1].start, passages[2].sentences[0].end)
        assert pieces[3] == at(passages[2].sentences[1].start, passages[3].end)
        assert retrieve("Which sentence?") == [at(0, len(text))]
        assert remark == "overlaps given once"


def test_wrong_data_is_named_by_file_and_line(toy):
    write_questions(toy, [("Good?", "bees", [("Bees", 0, 4)]), ("Bad?", "bees", [("Bees", 1, 5)])])
    with pytest.raises(EvaluationError, match=r"questions\.csv:3: bees\[1:5\] is not 'Bees'"):
        load(toy)
    write_questions(toy, [("Where?", "wasps", [("Bees", 0, 4)])])
    with pytest.raises(EvaluationError, match=r"questions\.csv:2: .*wasps"):
        load(toy)
    (toy / "questions.csv").write_text("references,corpus_id\n[],bees\n")
    with pytest.raises(EvaluationError, match=r"questions\.csv:2: .*'question'"):
        load(toy)
    write_questions(toy, [("Where?", "bees", [])])
    with pytest.raises(EvaluationError, match="no reference"):
        load(toy)
    write_questions(toy, [])
    with pytest.raises(EvaluationError, match="holds no question"):
        load(toy)
    (toy / "questions.csv").unlink()
    with pytest.raises(EvaluationError, match="cannot be read"):
        load(toy)


@pytest.mark.parametrize("name", ["nonsense", "recursive-10-10", "recursive-a-b", "recursive-10"])
def test_an_unknown_variant_is_refused_before_any_work(toy, name):
    with pytest.raises(EvaluationError, match="there is no variant"):
        chunking.run_chunking(toy, [name])


def test_vectors_are_kept_between_runs(tmp_path, embedder):
    texts = ["a short text", "another one, longer", "a short text"]
    first = CachedEmbedder(tmp_path).passages(texts)
    again = CachedEmbedder(tmp_path)
    assert np.array_equal(again.passages(texts), first)
    assert "network" not in vars(again)
    assert np.allclose(first, Embedder.passages(embedder, texts), atol=1e-6)
