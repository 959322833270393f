"""`Library.add_all`: many documents through the model together, each visible whole or not at all."""

import random
import time
from contextlib import suppress

import numpy as np
import pytest

import index.library as library_module
from index.library import Library
from ingest.errors import LibraryMismatch, ModelError
from ingest.passages import cut_passages
from ingest.read import read_bytes, read_file
from tests.test_crash import PROCESSES, check_whole, write_papers
from tests.test_embed import WordLengths

KILLS = 12


class Counting(WordLengths):
    """Tells how many texts each call of the model had."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def passages(self, texts, batch=32):
        self.calls.append(len(texts))
        return super().passages(texts)


def paper(name, paragraphs=1, edition=1):
    body = "\n\n".join(f"Ship {n} of {name} sails in {edition}. " * 12 for n in range(paragraphs))
    return read_bytes(f"# {name}\n\n{body}\n".encode(), name=f"{name}.md", source=f"/papers/{name}.md")


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", Counting()) as opened:
        yield opened


def is_whole(library):
    ids = library.catalog.passage_ids()
    found = library.vectors.search(library.embedder.question("a"), len(ids) + 10)
    swept = library.catalog.loose() == [] and library.vectors.count() == len(ids)
    return swept and sorted(name for name, _ in found) == sorted(ids)


def test_documents_of_a_batch_share_one_call_of_the_model_and_are_told_in_order(library):
    papers = [paper(f"p{n}") for n in range(20)]
    assert list(library.add_all(papers)) == [(p, "added") for p in papers]
    sentences = sum(len(q.sentences) for p in papers for q in cut_passages(p))
    assert library.embedder.calls == [20 + sentences]  # a heading each
    assert [library.document(p.id) for p in papers] == papers
    assert is_whole(library)


def test_vectors_are_those_that_adding_one_by_one_makes(library, tmp_path):
    papers = [paper(f"p{n}", paragraphs=3) for n in range(4)]
    list(library.add_all(papers))
    ids = library.catalog.passage_ids()
    with Library(tmp_path / "other", WordLengths()) as other:
        for p in papers:
            other.add(p)
        assert other.catalog.passage_ids() == ids
        question = other.embedder.question("a ship sails")
        near = dict(other.vectors.search(question, len(ids)))
        assert dict(library.vectors.search(question, len(ids))) == pytest.approx(near, abs=1e-6)
        ours, theirs = (x.catalog.sentence_vectors(ids) for x in (library, other))
        assert all(np.array_equal(ours[name], theirs[name]) for name in ids)


def test_batches_are_bounded_and_a_long_document_is_one_of_its_own(library, monkeypatch):
    monkeypatch.setattr(library_module, "EMBED_AT_ONCE", 10)
    papers = [paper("a", 4), paper("b", 4), paper("long", 25), paper("c", 4), paper("d", 6)]
    counts = [len(cut_passages(p)) for p in papers]
    assert counts == [4, 4, 25, 4, 6]
    told = []
    assert [p.id for p, _ in library.add_all(papers, lambda *x: told.append(x))] == [p.id for p in papers]
    assert told == [(8, 8), (18, 33), (28, 33), (33, 33), (43, 43)]
    assert is_whole(library)


def test_documents_are_taken_as_they_are_needed(library, monkeypatch):
    monkeypatch.setattr(library_module, "EMBED_AT_ONCE", 10)
    taken = []
    added = library.add_all(p for p in (paper(f"p{n}", 5) for n in range(9)) if not taken.append(p))
    next(added)
    assert len(taken) == 3  # two fill a batch, the third did not fit
    assert len(library.entries()) == 2


def test_what_has_not_changed_is_told_at_once_and_skips_the_model(library):
    papers = [paper(f"p{n}") for n in range(30)]
    list(library.add_all(papers))
    library.embedder.calls.clear()
    again = [paper(f"p{n}", edition=2 if n == 20 else 1) for n in range(30)]
    outcomes = {p.id: outcome for p, outcome in library.add_all(again)}
    assert [outcomes[p.id] for p in again] == ["replaced" if n == 20 else "unchanged" for n in range(30)]
    assert len(library.embedder.calls) == 1
    assert library.embedder.calls[0] == 1 + sum(len(q.sentences) for q in cut_passages(again[20]))
    assert library.document(again[20].id) == again[20]
    assert is_whole(library)


def test_a_document_that_comes_again_in_another_edition_ends_as_the_last(library):
    first, second = paper("p"), paper("p", edition=2)
    outcomes = [outcome for _, outcome in library.add_all([first, first, second, first, paper("q")])]
    assert outcomes == ["added", "unchanged", "replaced", "replaced", "added"]
    assert library.document(first.id) == first
    assert is_whole(library)


def test_no_documents_are_no_outcomes_and_open_nothing(library):
    assert list(library.add_all([])) == []
    assert not (library.folder / "chroma").exists()


def test_a_model_that_fails_in_a_batch_leaves_the_batches_before_it(library, monkeypatch, tmp_path):
    monkeypatch.setattr(library_module, "EMBED_AT_ONCE", 10)

    def fails(texts, batch=32):
        raise ModelError("the embedding model cannot be loaded")

    added = library.add_all(paper(f"p{n}", 5) for n in range(6))
    assert [outcome for _, outcome in (next(added), next(added))] == ["added", "added"]
    monkeypatch.setattr(library.embedder, "passages", fails)
    with pytest.raises(ModelError):
        list(added)
    library.close()
    with Library(tmp_path / "library", WordLengths()) as again:
        assert len(again.entries()) == 2
        again.sweep()
        assert is_whole(again)


def test_another_model_is_refused_before_anything_is_changed(library, tmp_path):
    list(library.add_all([paper("p")]))
    library.close()
    other = WordLengths()
    other.fingerprint = "other@2"
    with Library(tmp_path / "library", other) as again, pytest.raises(LibraryMismatch, match="other@2"):
        list(again.add_all([paper("p", edition=2)]))


def add_papers(folder, papers, said):
    """What the process does that gets killed; says what it has done."""
    with Library(folder, WordLengths()) as library:
        said.send("begun")
        for document, _ in library.add_all(map(read_file, papers)):
            said.send((document.id, document.version))


def test_killed_at_any_instant_the_library_opens_answers_and_loses_nothing(tmp_path):
    folder, chance = tmp_path / "library", random.Random(1714)
    known: dict[str, set[str]] = {}
    finished, seconds = 0, 0.6
    for turn in range(KILLS):
        papers = write_papers(tmp_path / "papers", turn)
        for document in map(read_file, papers):
            known.setdefault(document.id, set()).add(document.text)
        heard, said = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=add_papers, args=(folder, papers, said))
        process.start()
        said.close()
        assert heard.recv() == "begun"
        begun = time.monotonic()
        process.join(chance.uniform(0, seconds))
        if process.exitcode is None:
            process.kill()
            process.join()
        else:
            finished += 1
            seconds = time.monotonic() - begun
        with Library(folder, WordLengths(), wait=5) as library:
            with suppress(EOFError):
                while True:
                    name, version = heard.recv()
                    assert library.catalog.version(name) == version
            check_whole(library, known)
            if turn % 3 == 0:
                list(library.add_all(map(read_file, papers)))
                check_whole(library, {d.id: {d.text} for d in map(read_file, papers)})
                assert len(library.entries()) == 5
                assert library.vectors.count() == library.catalog.passage_count()
                assert library.catalog.loose() == []
    assert finished < KILLS
