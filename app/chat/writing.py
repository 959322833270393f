"""Answers while a language model writes them: `POST /write` tells each sentence as soon as it was checked.

Server-sent events with JSON: `part` (a sentence and its new cards), `left-out` (a sentence and the reason),
and at last `turn` (the whole, which replaces what came before) or `error`. When the browser leaves, the model
is stopped.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import copy_context
from copy import copy
from threading import BoundedSemaphore, Thread
from threading import Event as Flag
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Body, FastAPI, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.answer import MODEL, Answerer, Event
from app.chat.strings import language_of, say
from app.chat.turns import asked_of, cards_of, part_of, turn_of
from app.llm import LanguageModel, Message
from app.parts import LeftOut, Written
from index.library import Library
from index.search import Hit, linked
from ingest.errors import CitedError

if TYPE_CHECKING:
    from app.llm.stream import Writing

AT_ONCE = 16
"""Answers being written; each has a thread, and the language model is another's machine."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, lest something between drops the connection."""
log = logging.getLogger(__name__)


def routes(app: FastAPI, answerer: Answerer) -> None:
    """Add the route. Call it before gradio is mounted at the root."""

    room = BoundedSemaphore(AT_ONCE)

    @app.post("/write")
    async def write(given: Annotated[dict, Body()], request: Request) -> Response:
        if not room.acquire(blocking=False):
            busy = sent("error", {"error": say("writing.busy", language_of(request))})
            return Response(busy, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        return WrittenEvents(answerer, given, room)


class WrittenEvents(StreamingResponse):
    """The events of one answer. The answerer works in a thread of its own, for it may take minutes, and the
    threads of the server are for what is quick. room: given back when that thread ends."""

    def __init__(self, answerer: Answerer, given: Mapping, room: BoundedSemaphore) -> None:
        self.answerer, self.given, self.room = answerer, given, room
        self.model = Stoppable(answerer.model) if answerer.model else None
        self.left = Flag()
        self.told: asyncio.Queue[str | None] = asyncio.Queue()
        self.loop = asyncio.get_running_loop()
        super().__init__(
            self.lines(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the browser leaves."""
        Thread(target=copy_context().run, args=(self.work,), name="cited-writing", daemon=True).start()
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.left.set()
            if self.model:
                self.model.stop()

    async def lines(self) -> AsyncIterator[str]:
        """What is sent."""
        while True:
            try:
                event = await asyncio.wait_for(self.told.get(), HEARTBEAT)
            except TimeoutError:
                event = ": still at it\n\n"
            if event is None:
                return
            yield event

    def work(self) -> None:
        """Answer, in the thread."""
        answerer = self.answerer
        if self.model:
            assert answerer.checker  # Made before the copy, which then has the same one.
            answerer = copy(answerer)
            answerer.model = cast(LanguageModel, self.model)
        try:
            for event in answerer.stream(*asked_of(self.given), mode=str(self.given.get("mode", MODEL))):
                if self.left.is_set():
                    return
                self.tell(sent(*said_of(event, answerer.library)))
        except CitedError as error:
            self.tell(sent("error", {"error": str(error)}))
        except Exception as error:  # the edge of this thread: nobody else would ever tell
            log.exception("an answer failed while it was written")
            said = f"this is a mistake in Cited, please report it ({type(error).__name__})"
            self.tell(sent("error", {"error": said}))
        finally:
            self.room.release()
            self.tell(None)

    def tell(self, event: str | None) -> None:
        """Hand an event to the server's loop, which may be over when nobody listens any more."""
        if not self.left.is_set():
            self.loop.call_soon_threadsafe(self.told.put_nowait, event)


class Stoppable:
    """A language model as one answer uses it: what it writes can be stopped from another thread, also while
    nothing comes."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.stopped = False
        self.writing: Writing | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self.model, name)

    def stream(self, messages: Sequence[Message], most_tokens: int) -> "Writing":
        """As the model's."""
        self.writing = self.model.stream(messages, most_tokens)
        if self.stopped:
            self.writing.close()
        return self.writing

    def stop(self) -> None:
        """Close the connection to the model, now and where it would be asked again."""
        self.stopped = True
        if self.writing:
            self.writing.close()


def said_of(event: Event, library: Library) -> tuple[str, dict]:
    """Name and data of an event."""
    if isinstance(event, LeftOut):
        return "left-out", {"text": event.unsupported.text, "reason": event.unsupported.reason}
    if isinstance(event, Written):
        passages = {citation.passage.id: citation.passage for citation in event.citations}
        hits = [Hit(passage, 0.0, None, linked(library, passage)) for passage in passages.values()]
        return "part", part_of(event.part) | {"cards": cards_of(event.citations, hits, library.catalog)}
    return "turn", turn_of(event, library.catalog)


def sent(name: str, data: dict) -> str:
    """A server-sent event. JSON has no line ends within, so one line of data holds it."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
