import pytest

from index import words
from index.catalog import Catalog
from index.words import any_of, rare_of
from ingest.passages import cut_passages
from ingest.read import read_bytes


@pytest.fixture
def catalog(tmp_path):
    """Ten documents: a ship in each, sails in half of them, a compass in two."""
    opened = Catalog(tmp_path / "catalog.sqlite")
    for n in range(10):
        text = "A ship is there" + (", it sails" if n % 2 else "") + (" by compass." if n < 2 else ".")
        made = read_bytes(f"# T\n\n{text}\n".encode(), name=f"{n}.md", source=f"/papers/{n}.md")
        opened.put(made, cut_passages(made), collection="fleet" if n < 2 else "")
    yield opened
    opened.close()


def found(catalog, question, most=30, documents=()):
    return {name.split("-")[0]: score for name, score in catalog.search_words(question, most, documents)}


def test_words_that_few_passages_have_are_all_asked_for_alike():
    assert rare_of({"ship": 5, "compass": 2}) == '"compass" OR "ship"'
    assert rare_of({"ship": 5, "unicorn": 0}) == '"ship"'


def test_beyond_so_many_passages_only_those_with_a_rarer_word_are_ranked_and_the_others_count(monkeypatch):
    monkeypatch.setattr(words, "MOST_RANKED", 10)
    monkeypatch.setattr(words, "MOST_COUNTED", 100)
    counts = {"ship": 90, "compass": 2, "rope": 8, "the": 101}
    assert rare_of(counts) == '("compass" OR "rope") AND ("compass" OR "rope" OR "ship" OR "ship")'
    assert rare_of({"the": 101, "of": 102}) == '"the"'


def test_the_rarest_word_is_asked_for_however_frequent_it_is(monkeypatch):
    monkeypatch.setattr(words, "MOST_RANKED", 10)
    assert rare_of({"ship": 90, "sea": 91}) == '("ship") AND ("ship" OR "sea" OR "sea")'


def test_passages_with_a_rare_word_keep_their_order_and_get_twice_the_score(catalog, monkeypatch):
    whole = found(catalog, "ship sails compass")
    assert len(whole) == 10
    monkeypatch.setattr(words, "MOST_RANKED", 2)
    pruned = found(catalog, "ship sails compass")
    assert list(pruned) == ["0", "1"] == list(whole)[:2]
    assert pruned == pytest.approx({name: 2 * whole[name] for name in pruned})


def test_a_word_that_nearly_everything_has_counts_where_there_is_no_other(catalog, monkeypatch):
    monkeypatch.setattr(words, "MOST_RANKED", 2)
    assert len(found(catalog, "ship")) == 10


def test_in_the_documents_asked_for_every_word_counts(catalog, monkeypatch):
    monkeypatch.setattr(words, "MOST_RANKED", 2)
    ids = [
        row[0]
        for row in catalog.rows("SELECT id FROM documents WHERE source IN ('/papers/5.md', '/papers/8.md')")
    ]
    assert list(found(catalog, "ship sails compass", documents=ids)) == ["5", "8"]


def test_what_may_be_seen_is_found_by_frequent_words_where_the_rarer_ones_stand_elsewhere(
    catalog, monkeypatch
):
    monkeypatch.setattr(words, "MOST_RANKED", 2)
    catalog.scope = lambda: frozenset({""})
    assert len(found(catalog, "ship compass")) == 8
    catalog.scope = lambda: frozenset({"fleet"})
    assert set(found(catalog, "ship compass")) == {"0", "1"}


def test_no_words_are_no_query():
    assert any_of([]) == rare_of({}) == ""
