"""Cited as a LlamaIndex query engine: CitedQueryEngine(answerer).query("…").

The response's text is the answer, its source nodes the cited spans, its metadata the whole answer.
"""

from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from app.answer import Answerer


class CitedQueryEngine(BaseQueryEngine):
    """Answers as every other interface of Cited does. Raises QuestionError for no question."""

    def __init__(self, answerer: Answerer) -> None:
        super().__init__(CallbackManager())
        self._answerer = answerer

    def _query(self, query_bundle: QueryBundle) -> Response:
        answer = self._answerer.answer(query_bundle.query_str)
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
        import asyncio

        return await asyncio.to_thread(self._query, query_bundle)

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}
