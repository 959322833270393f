"""`/v1/ask`, `/v1/search` and `/v1/feedback`."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from app.answer import Answer, Event, checked, document_order, hit_to_json
from app.parts import LeftOut, Written
from app.service import schema
from app.service.problems import Refused, refused, shape
from app.service.service import Service, as_json
from index.feedback import add_feedback
from index.search import search
from ingest.errors import CitedError

EVENT = {
    "type": "object",
    "description": "One event; its data is JSON.",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}
EVENTS = {"text/event-stream": {"schema": EVENT}}
NOTHING_YET = ": the answer is being made\n\n"
"""A comment, which keeps proxies from closing the connection."""


def routes(router: APIRouter, service: Service) -> None:
    """Add the routes."""
    answerer, library = service.answerer, service.answerer.library

    @router.post(
        "/ask", response_model=schema.Answer, tags=["questions"], summary="Ask a question",
        responses={200: {"content": EVENTS}, 409: {}, 502: {}},
    )  # fmt: skip
    async def ask(asked: schema.Ask, request: Request) -> Response:
        """An answer with exact citations, or `answered: false` where the documents do not say."""
        given = (asked.question, asked.history, asked.documents, asked.mode)
        work = service.work_for(asked.mode)
        if not asked.stream and "text/event-stream" not in request.headers.get("accept", ""):
            return await work.do(lambda: as_json(answerer.answer(*given).to_json()))
        events = work.tell(lambda: answerer.stream(*given))
        first = await anext(events)  # so that a question that cannot be asked is refused with its status
        sent = _sent(first, events, request)
        return StreamingResponse(sent, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @router.post("/search", response_model=schema.Found, tags=["questions"], summary="Find passages")
    async def find(asked: schema.Search) -> Response:
        """The passages nearest to a question with the footnotes that belong to them, best first."""

        def made() -> Response:
            hits = search(library, checked(asked.question), asked.k, asked.documents)
            order = document_order(hits)
            found = [hit_to_json(hit, order[hit.passage.document_id]) for hit in hits]
            return as_json({"passages": found})

        return await service.answering.do(made)

    @router.post("/feedback", status_code=204, tags=["questions"], summary="Say what you think of an answer")
    async def feedback(said: schema.Feedback) -> Response:
        """Kept in the library; `cited eval harvest` makes candidate questions of it."""

        def kept() -> None:
            add_feedback(library.catalog, said.answer.model_dump(), said.good, said.comment.strip())

        await service.work.do(kept)
        return Response(status_code=204)


async def _sent(
    first: Event | None, events: AsyncIterator[Event | None], request: Request
) -> AsyncIterator[str]:
    """The events on the wire; what goes wrong in the middle is an event, too."""
    try:
        yield _event(first)
        async for event in events:
            yield _event(event)
    except CitedError as error:
        yield _error(refused(error), request)
    except Refused as refusal:
        yield _error(refusal, request)


def _event(event: Event | None) -> str:
    if event is None:
        return NOTHING_YET
    if isinstance(event, Answer):
        return framed("answer", event.to_json())
    if isinstance(event, LeftOut):
        return framed("left_out", {"text": event.unsupported.text, "reason": event.unsupported.reason})
    assert isinstance(event, Written)
    part = event.part
    citations = [citation.to_json() for citation in event.citations]
    told = {"text": part.text, "markers": part.markers, "begins": part.begins, "citations": citations}
    return framed("part", told)


def _error(refusal: Refused, request: Request) -> str:
    return framed("error", shape(refusal, request.url.path, request.state.request_id))


def framed(name: str, value: object) -> str:
    """An event of the text/event-stream format; its JSON is one line."""
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"
