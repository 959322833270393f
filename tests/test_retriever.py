import pytest
from llama_index.core.schema import MetadataMode

from index.library import Library
from index.retriever import CitedRetriever
from ingest.read import read_bytes
from tests.test_embed import WordLengths

TEXT = "# Watches\n\n## At sea\n\nA watch sailed to Jamaica.[^1]\n\n[^1]: On board Deptford.\n"


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", WordLengths()) as opened:
        opened.add(read_bytes(TEXT.encode(), name="w.md", source="/papers/w.md"))
        yield opened


def test_a_node_is_a_passage_in_its_place_with_its_footnotes(library):
    found = {n.node.metadata["kind"]: n for n in CitedRetriever(library, most=5).retrieve("Jamaica Deptford")}
    body, note = found["body"].node, found["footnote"].node
    document = library.document(body.metadata["document_id"])
    for node in (body, note):
        assert document.text[node.start_char_idx : node.end_char_idx] == node.text
    assert (body.metadata["title"], body.metadata["section"]) == ("Watches", "At sea")
    assert (body.metadata["footnote"], note.metadata["footnote"]) == (None, "1")
    (linked,) = body.metadata["linked"]
    assert linked == {
        "kind": "footnote", "footnote": "1", "text": note.text,
        "start_char_idx": note.start_char_idx, "end_char_idx": note.end_char_idx,
    }  # fmt: skip
    assert [x["text"] for x in note.metadata["linked"]] == [body.text]


def test_scores_are_those_of_the_search_best_first_and_no_more_than_asked(library):
    scored = CitedRetriever(library, most=2).retrieve("Jamaica")
    assert [n.score for n in scored] == sorted((n.score for n in scored), reverse=True)
    assert len(CitedRetriever(library, most=1).retrieve("Jamaica")) == 1


def test_only_title_and_section_go_into_what_a_model_reads(library):
    (found,) = CitedRetriever(library, most=1).retrieve("Jamaica")
    for mode in (MetadataMode.LLM, MetadataMode.EMBED):
        shown = found.node.get_content(mode)
        assert "title: Watches" in shown
        assert "section: At sea" in shown
        assert "document_id" not in shown
        assert "Deptford" not in shown


def test_an_empty_library_retrieves_nothing(tmp_path):
    with Library(tmp_path / "empty", WordLengths()) as empty:
        assert CitedRetriever(empty).retrieve("anything") == []
