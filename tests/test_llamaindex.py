"""Cited inside other people's LlamaIndex programs, with LlamaIndex's own parts beside it."""

import asyncio

import pytest
from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.base.base_selector import BaseSelector, SelectorResult, SingleSelection
from llama_index.core.llms.mock import MockLLM
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine, RouterQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.core.tools import QueryEngineTool

from app.answer import REFUSAL, Answerer
from app.engine import CitedQueryEngine
from index.library import Library
from index.retriever import CitedRetriever
from ingest.errors import DocumentUnknown, LibraryError
from ingest.read import read_file
from tests.conftest import SAMPLES

QUESTION = "How much caffeine a day is considered safe for adults?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, embedder):
    folder = tmp_path_factory.mktemp("llamaindex") / "library"
    with Library(folder, embedder) as library:
        for name in ("coffee.md", "tides.html"):
            library.add(read_file(SAMPLES / name))
    return folder


@pytest.fixture
def engine(folder):
    engine = CitedQueryEngine.from_library(folder)
    yield engine
    engine.close()


@pytest.fixture
def retriever(folder):
    retriever = CitedRetriever.from_library(folder)
    yield retriever
    retriever.close()


def test_three_lines_answer_with_the_exact_spans_as_source_nodes(engine):
    response = engine.query(QUESTION)
    assert "400 milligrams" in str(response)
    (source,) = response.source_nodes
    text = engine.answerer.library.document(source.node.metadata["document_id"]).text
    assert text[source.node.start_char_idx : source.node.end_char_idx] == source.node.text
    assert response.metadata["answered"] is True
    assert response.metadata["citations"][0]["cited_text"] == source.node.text


def test_what_the_documents_do_not_answer_is_refused_without_sources(engine):
    response = engine.query("Who won the 1998 World Cup?")
    assert (str(response), response.source_nodes) == (REFUSAL, [])


def test_many_questions_at_once_do_not_block_the_event_loop(engine):
    engine.query(QUESTION)

    async def ask():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        answers = await asyncio.gather(*(engine.aquery(f"{QUESTION} {n}") for n in range(4)))
        ticking.cancel()
        return answers, ticks

    answers, ticks = asyncio.run(ask())
    assert len(answers) == 4
    assert ticks > 3


def test_some_documents_can_be_named_by_title_or_path_and_unknown_ones_are_an_error(folder):
    retriever = CitedRetriever.from_library(folder, most=3, documents=["tides.html"])
    found = asyncio.run(retriever.aretrieve(QUESTION))
    retriever.close()
    assert {n.node.metadata["title"] for n in found} == {"Why the Sea Comes and Goes"}
    engine = CitedQueryEngine.from_library(folder, documents=["Why the Sea Comes and Goes"])
    response = engine.query(QUESTION)
    engine.close()
    assert all(p["document_title"] == "Why the Sea Comes and Goes" for p in response.metadata["passages"])
    for of in (CitedRetriever, CitedQueryEngine):
        with pytest.raises(DocumentUnknown, match="there is no document nothing"):
            of.from_library(folder, documents=["nothing"])


def test_where_there_is_no_library_none_is_made(tmp_path):
    for of in (CitedRetriever, CitedQueryEngine):
        with pytest.raises(LibraryError, match="cited ingest PATH --library"):
            of.from_library(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_retriever_query_engine_of_llamaindex_reads_the_passages(retriever):
    other = RetrieverQueryEngine(
        retriever,
        get_response_synthesizer(llm=MockLLM()),
        node_postprocessors=[SimilarityPostprocessor(similarity_cutoff=0.0)],
    )
    response = other.query(QUESTION)
    assert len(response.source_nodes) == 6
    assert "400 milligrams" in str(response)  # the mock repeats its prompt, which holds the passages
    assert "title: Coffee: The Seed That Had to Be Burnt" in str(response)


def test_it_is_fused_with_a_retriever_of_llamaindex(retriever):
    notes = [TextNode(text="A note about caffeine.", id_="note"), TextNode(text="Another note.", id_="other")]
    index = VectorStoreIndex(notes, embed_model=MockEmbedding(embed_dim=8))
    fused = QueryFusionRetriever(
        [retriever, index.as_retriever(similarity_top_k=2)],
        llm=MockLLM(),
        num_queries=1,
        mode="reciprocal_rerank",
        similarity_top_k=8,
        use_async=False,
    )
    found = [n.node.node_id for n in fused.retrieve(QUESTION)]
    assert {"note", "other"} < set(found)
    assert len(found) == 8


class ByWord(BaseSelector):
    """Chooses a tool whose description shares a word with the question: a router without a model."""

    def _get_prompts(self):
        return {}

    def _update_prompts(self, prompts):
        pass

    def _select(self, choices, query):
        words = set(query.query_str.lower().split())
        index = next(i for i, c in enumerate(choices) if words & set(c.description.split()))
        return SelectorResult(selections=[SingleSelection(index=index, reason="a shared word")])

    async def _aselect(self, choices, query):
        return self._select(choices, query)


def test_a_router_of_llamaindex_sends_questions_to_it(engine):
    coffee = QueryEngineTool.from_defaults(engine, name="coffee", description="caffeine coffee")
    answerer = Answerer(engine.answerer.library)
    tides = QueryEngineTool.from_defaults(
        CitedQueryEngine(answerer, documents=[answerer.library.find("tides")]),
        name="tides",
        description="tides moon sea",
    )
    router = RouterQueryEngine(ByWord(), [coffee, tides], llm=MockLLM())
    assert "400 milligrams" in str(router.query(QUESTION))
    moon = router.query("How long after the moon does high water come?")
    assert {p["document_title"] for p in moon.metadata["passages"]} == {"Why the Sea Comes and Goes"}
