import pytest

from index.library import Library
from index.search import CANDIDATES, WEIGHTS, linked, search
from ingest.read import read_bytes
from tests.test_embed import WordLengths


def document(text, name):
    return read_bytes(f"# T\n\n{text}\n".encode(), name=name, source=f"/papers/{name}")


@pytest.fixture
def toys(tmp_path):
    with Library(tmp_path / "library", WordLengths()) as opened:
        yield opened


NOTED = """The watch was tried at sea.[^1] It was far from shore, and nobody on board could see any of it for
more than forty days, which in those days was thought a long time for a ship to be out of the sight of land
without so much as a gull to be seen in the sky above it.

The Board did not pay.[^2]

[^1]: Deptford carried it to Jamaica.
[^2]: Suspicion of luck was the reason."""


def test_a_body_passage_brings_its_footnotes_and_a_footnote_its_body_passage(toys):
    toys.add(document(NOTED, "watch.md"))
    hits = {hit.passage.label or hit.passage.text[:9]: hit for hit in search(toys, "watch Deptford Board", 9)}
    assert set(hits) == {"The watch", "The Board", "1", "2"}
    assert [p.text for p in hits["The watch"].linked] == ["Deptford carried it to Jamaica."]
    assert [p.text[:9] for p in hits["1"].linked] == ["The watch"]
    assert hits["1"].linked[0] == hits["The watch"].passage
    assert hits["The Board"].linked == (hits["2"].passage,)


def test_every_marker_of_the_samples_is_linked_both_ways(sample_library):
    for entry in sample_library.entries():
        passages = sample_library.catalog.passages_of(entry.id)
        notes = [p for p in passages if p.kind == "footnote"]
        assert len(notes) >= entry.notes > 0
        for note in notes:
            around = [p for p in linked(sample_library, note) if p.kind == "body"]
            assert bool(around) == any(
                p.start <= at < p.end for at in note.marked_at for p in passages if p.kind == "body"
            )
            for body in around:
                assert note in linked(sample_library, body)


def test_scores_are_fused_from_all_three_and_similarity_is_the_cosine(toys):
    toys.add(document("a ship", "a.md"))
    toys.add(document("compass", "b.md"))
    near, far = search(toys, "a compass", 2)
    assert (near.passage.text, far.passage.text) == ("compass", "a ship")
    assert (near.score, far.score) == pytest.approx((1, 0))
    vectors = dict(toys.vectors.search(toys.embedder.question("a compass"), 2))
    assert near.similarity == pytest.approx(vectors[near.passage.id])


def test_sentences_carry_their_own_cosine(toys):
    toys.add(document("A ship sails. Roasted beans smell.[^1]\n\n[^1]: Not all.", "a.md"))
    question = toys.embedder.question("A ship sails.")
    (hit,) = [h for h in search(toys, "A ship sails.", 9) if h.passage.kind == "body"]
    assert len(hit.sentences) == 3  # two of the body, one of the footnote
    for passage in (hit.passage, *hit.linked):
        for s in passage.sentences:
            words = passage.text[s.start - passage.start : s.end - passage.start].replace("[1]", "")
            expected = question @ toys.embedder.question(words)
            assert hit.sentences[passage.document_id, s.start] == pytest.approx(expected, abs=2e-3)


def test_at_most_as_many_hits_as_asked_each_once_best_first(toys):
    for n in range(40):
        toys.add(document(f"Ship number {n} " + "sails " * (n % 7 + 1), f"{n}.md"))
    hits = search(toys, "ship sails", 12)
    assert len(hits) == len({hit.passage.id for hit in hits}) == 12
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(search(toys, "ship", 100)) == 40 > CANDIDATES


def test_only_the_documents_asked_for_are_searched_however_many_others_are_nearer(toys):
    for n in range(3 * CANDIDATES):
        toys.add(document("a ship at sea", f"{n}.md"))
    far = document("Considerable circumnavigations notwithstanding.", "far.md")
    toys.add(far)
    (hit,) = search(toys, "a ship at sea", 9, documents=[far.id])
    assert hit.passage.document_id == far.id
    assert hit.similarity is not None
    assert hit.score == pytest.approx(sum(WEIGHTS[:2]) / sum(WEIGHTS))  # it shares no word
    assert search(toys, "a ship at sea", 9, documents=["unknown"]) == []


def test_an_empty_library_has_no_hits(toys):
    assert search(toys, "ship", 5) == []


@pytest.mark.parametrize("question", ['"NEAR( OR *', "?", "🙂", "the", "x" * 10_000])
def test_any_question_gets_hits_and_no_error(toys, question):
    toys.add(document("A ship sails.", "a.md"))
    assert len(search(toys, question, 5)) == 1


def test_the_real_model_finds_the_passage_that_other_words_ask_for(sample_library):
    (hit, *_) = search(sample_library, "How many seconds did the sea watch lose on its way to Jamaica?", 3)
    assert "5.1 seconds in 81 days" in hit.passage.text
    assert hit.passage.text == sample_library.document(hit.passage.document_id).text[
        hit.passage.start : hit.passage.end
    ]  # fmt: skip
