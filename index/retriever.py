"""The library as a LlamaIndex retriever. The only module of index/ that imports LlamaIndex."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.embed import PACKAGED, Embedder
from index.library import Library
from index.place import is_url
from index.search import Hit, search
from ingest.errors import LibraryError
from ingest.passages import Passage

FOR_THE_MODEL = ("title", "section")
"""Metadata that LlamaIndex puts before a node's text; every other key is excluded."""


class CitedRetriever(BaseRetriever):
    """Retrieves passages with their linked footnotes. most: passages a question. documents: ids of those to
    search in, none for all."""

    def __init__(self, library: Library, most: int = 6, documents: Sequence[str] = ()) -> None:
        self.library = library
        self._most = most
        self._documents = tuple(documents)
        super().__init__()

    @classmethod
    def from_library(
        cls,
        folder: str | Path,
        most: int = 6,
        documents: Sequence[str] = (),
        embedding_model: str = PACKAGED,
        vectors: str | None = None,
        token: str | None = None,
    ) -> Self:
        """Of the library in a folder, which the process owns from the first question on, until close(); or of
        one on servers, by both their URLs (index/place.py). documents: ids, titles or paths. Raises
        LibraryError where there is no library, DocumentUnknown."""
        library = existing(folder, embedding_model, vectors, token)
        try:
            return cls(library, most, [library.find(name) for name in documents])
        except BaseException:
            library.close()
            raise

    def close(self) -> None:
        """Let go of the library."""
        self.library.close()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = search(self.library, query_bundle.query_str, self._most, self._documents)
        return [NodeWithScore(node=to_node(hit), score=hit.score) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


def existing(
    folder: str | Path,
    embedding_model: str = PACKAGED,
    vectors: str | None = None,
    token: str | None = None,
) -> Library:
    """The library in a folder, opened, or the one on servers. Raises LibraryError where there is none in a
    folder, and makes none."""
    if is_url(folder):
        return Library(folder, Embedder(embedding_model), vectors=vectors, token=token)
    path = Path(folder).expanduser()
    if not (path / "catalog.sqlite").is_file():
        raise LibraryError(
            f"there is no library in {path}; make one with `cited ingest PATH --library {path}`"
        )
    return Library(path, Embedder(embedding_model))


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
