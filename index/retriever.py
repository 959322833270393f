"""The library as a LlamaIndex retriever. The only module of index/ that imports LlamaIndex."""

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.library import Library
from index.search import Hit, search
from ingest.passages import Passage

FOR_THE_MODEL = ("title", "section")
"""Metadata that LlamaIndex puts before a node's text; every other key is excluded."""


class CitedRetriever(BaseRetriever):
    """Retrieves passages with their linked footnotes. most: passages a question."""

    def __init__(self, library: Library, most: int = 6) -> None:
        self._library = library
        self._most = most
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = search(self._library, query_bundle.query_str, self._most)
        return [NodeWithScore(node=to_node(hit), score=hit.score) for hit in hits]


def to_node(hit: Hit) -> TextNode:
    """A hit as a node; `document.text[start_char_idx:end_char_idx] == text`."""
    p = hit.passage
    metadata = {
        "document_id": p.document_id,
        "title": p.title,
        "section": p.section,
        "kind": p.kind,
        "footnote": p.label,
        "linked": [_linked(passage) for passage in hit.linked],
    }
    excluded = [key for key in metadata if key not in FOR_THE_MODEL]
    return TextNode(
        id_=p.id,
        text=p.text,
        start_char_idx=p.start,
        end_char_idx=p.end,
        metadata=metadata,
        excluded_embed_metadata_keys=excluded,
        excluded_llm_metadata_keys=excluded,
    )


def _linked(passage: Passage) -> dict:
    return {
        "kind": passage.kind,
        "footnote": passage.label,
        "text": passage.text,
        "start_char_idx": passage.start,
        "end_char_idx": passage.end,
    }
