"""Cited as a LlamaIndex query engine: CitedQueryEngine.from_library("folder").query("…").

The response's text is the answer, its source nodes the cited spans, its metadata the whole answer.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from app.answer import QUOTE, Answerer
from index.embed import PACKAGED
from index.retriever import existing


class CitedQueryEngine(BaseQueryEngine):
    """Answers as every other interface of Cited does. mode: "quote", or "model" where the answerer has a
    language model. documents: ids of those to answer from, none for all. Raises QuestionError for no
    question."""

    def __init__(self, answerer: Answerer, mode: str = QUOTE, documents: Sequence[str] = ()) -> None:
        super().__init__(CallbackManager())
        self.answerer = answerer
        self._mode = mode
        self._documents = tuple(documents)

    @classmethod
    def from_library(
        cls,
        folder: str | Path,
        threshold: float | None = None,
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
            among = [library.find(name) for name in documents]
            return cls(Answerer(library, threshold=threshold), documents=among)
        except BaseException:
            library.close()
            raise

    def close(self) -> None:
        """Let go of the library."""
        self.answerer.library.close()

    def _query(self, query_bundle: QueryBundle) -> Response:
        answer = self.answerer.answer(query_bundle.query_str, documents=self._documents, mode=self._mode)
        nodes = [
            NodeWithScore(
                node=TextNode(
                    id_=f"{c.passage.document_id}:{c.start}-{c.end}",
                    text=c.cited_text,
                    start_char_idx=c.start,
                    end_char_idx=c.end,
                    metadata={
                        "document_id": c.passage.document_id,
                        "title": c.passage.title,
                        "section": c.passage.section,
                        "kind": c.passage.kind,
                    },
                ),
                score=c.score,
            )
            for c in answer.citations
        ]
        return Response(response=answer.text, source_nodes=nodes, metadata=answer.to_json())

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return await asyncio.to_thread(self._query, query_bundle)

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}
