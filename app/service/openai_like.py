"""`/v1/chat/completions` and `/v1/models`: Cited for every client that speaks to OpenAI's API.

The answer is readable as plain text, with its sources at the end. Clients that know more find each citation
under `annotations` of the message, and the whole answer under `cited`.
"""

import json
import re
import time
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from app.answer import MODEL, QUOTE, Answer, Event, quotation, written
from app.chat.turns import MOST_HISTORY
from app.parts import Part, Written
from app.service.ask import EVENTS, NOTHING_YET
from app.service.openai_schema import Chat, Completion, Model, Models, Said
from app.service.problems import Refused, refused, shape
from app.service.service import Service, as_json
from ingest.errors import CitedError

MODES = {"cited": QUOTE, "cited-quote": QUOTE, "cited-model": MODEL}
"""The mode of each model."""


def routes(router: APIRouter, service: Service) -> None:
    """Add the routes."""
    answerer, begun = service.answerer, int(time.time())

    def known() -> list[str]:
        return [name for name, mode in MODES.items() if mode == QUOTE or answerer.model is not None]

    def model(name: str) -> str:
        if name not in known():
            said = f"The model `{name}` does not exist; there are {', '.join(known())}"
            raise Refused(404, said, param="model", code="model_not_found")
        return name

    def described(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": begun, "owned_by": "cited"}

    @router.get("/models", response_model=Models, tags=["OpenAI"], summary="List models")
    async def models() -> Response:
        """Ways to answer: quotations, and where a language model is configured, what it writes."""
        return as_json({"object": "list", "data": [described(name) for name in known()]})

    @router.get(
        "/models/{name}", response_model=Model, tags=["OpenAI"], summary="Show a model", responses={404: {}}
    )
    async def one_model(name: str) -> Response:
        """One of them."""
        return as_json(described(model(name)))

    @router.post(
        "/chat/completions", response_model=Completion, tags=["OpenAI"], summary="Answer a conversation",
        responses={200: {"content": EVENTS}, 404: {}, 409: {}, 502: {}},
    )  # fmt: skip
    async def complete(chat: Chat, request: Request) -> Response:
        """The last user message is the question, those before it the history."""
        mode = MODES[model(chat.model)]
        *history, question = _questions(chat.messages)
        given = (question, history[-MOST_HISTORY:], (), mode)
        head = {"id": f"chatcmpl-{token_hex(12)}", "created": int(time.time()), "model": chat.model}
        work = service.work_for(mode)
        if not chat.stream:

            def made() -> Response:
                return as_json(_completion(answerer.answer(*given), chat, head))

            return await work.do(made)
        events = work.tell(lambda: answerer.stream(*given))
        first = await anext(events)  # so that a question that cannot be asked is refused with its status
        sent = _sent(first, events, chat, head, request)
        return StreamingResponse(sent, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _questions(messages: list[Said]) -> list[str]:
    asked = [(at, said) for at, said in enumerate(messages) if said.role == "user"]
    if not asked:
        raise Refused(400, "there is no user message to answer", param="messages")
    return [_text(said, f"messages.{at}.content") for at, said in asked]


def _text(said: Said, where: str) -> str:
    if not isinstance(said.content, list):
        return said.content or ""
    for piece in said.content:
        if piece.type != "text":
            raise Refused(400, f"{where}: only text is read, no {piece.type}", param=where)
    return "\n".join(piece.text or "" for piece in said.content)


def content(answer: Answer) -> str:
    """The answer as plain text: what it says, what must be told beside it, and its sources."""
    sources = []
    for citation in answer.citations:
        passage = citation.passage
        place = f"footnote {passage.label}" if passage.kind == "footnote" else passage.section
        where = " · ".join(part for part in (passage.title, place) if part)
        sources.append(f"[{citation.marker}] {where}: “{quotation(citation)}”")
    pieces = (answer.text, answer.notice, "\n".join(sources))
    return "\n\n".join(piece for piece in pieces if piece)


def annotations(answer: Answer) -> list[dict[str, Any]]:
    """The citations: the document as OpenAI's file citations name a file, and all of ours."""
    return [
        {
            "type": "file_citation",
            "file_id": citation.passage.document_id,
            "filename": citation.passage.title,
            "index": citation.document_index,
            "cited": citation.to_json(),
        }
        for citation in answer.citations
    ]


def usage(chat: Chat, answer: Answer) -> dict[str, int]:
    """Words and marks, for quotations have no tokens."""
    asked = " ".join(_text(said, "") for said in chat.messages if said.role == "user")
    prompt, completion = (len(re.findall(r"\w+|[^\w\s]", text)) for text in (asked, content(answer)))
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _completion(answer: Answer, chat: Chat, head: dict[str, Any]) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "content": content(answer),
        "refusal": None,
        "annotations": annotations(answer),
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    made = {"object": "chat.completion", "choices": [choice], "usage": usage(chat, answer)}
    return {**head, **made, "cited": answer.to_json()}


async def _sent(
    first: Event | None,
    events: AsyncIterator[Event | None],
    chat: Chat,
    head: dict[str, Any],
    request: Request,
) -> AsyncIterator[str]:
    """The chunks. What was sent cannot be taken back: where the answer became another one at last, it
    follows in whole after what was written, every sentence of which is supported."""
    with_usage = bool(chat.stream_options and chat.stream_options.include_usage)
    parts: list[Part] = []
    said = ""

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: object) -> str:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        used = {"usage": None} if with_usage else {}
        return _data({**head, "object": "chat.completion.chunk", "choices": choices, **used, **more})

    try:
        yield chunk({"role": "assistant", "content": "", "refusal": None})
        async for event in _all(first, events):
            if event is None:
                yield NOTHING_YET
            elif isinstance(event, Written):
                parts.append(event.part)
                yield chunk({"content": written(parts)[len(said) :]})
                said = written(parts)
            elif isinstance(event, Answer):
                whole = content(event)
                rest = whole[len(said) :] if whole.startswith(said) else f"\n\n{whole}"
                yield chunk({"content": rest, "annotations": annotations(event)})
                yield chunk({}, "stop", cited=event.to_json())
                if with_usage:
                    last = {"object": "chat.completion.chunk", "choices": [], "usage": usage(chat, event)}
                    yield _data({**head, **last})
        yield "data: [DONE]\n\n"
    except CitedError as error:
        yield _error(refused(error), request)
    except Refused as refusal:
        yield _error(refusal, request)


async def _all(first: Event | None, events: AsyncIterator[Event | None]) -> AsyncIterator[Event | None]:
    yield first
    async for event in events:
        yield event


def _error(refusal: Refused, request: Request) -> str:
    return _data(shape(refusal, request.url.path, request.state.request_id))


def _data(value: object) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
