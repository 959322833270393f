"""One answer as it is written: asked for, tried again, watched, cut off.

The only module that imports LlamaIndex's client of the OpenAI interface and, with app/llm/refusals.py, the
openai package.
"""

import codecs
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING

import httpx
import openai
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from app.llm.line import Line
from app.llm.refusals import cleaned, explained, pause_before
from ingest.errors import LanguageModelError

if TYPE_CHECKING:
    from app.llm.endpoint import Endpoint, Message

TRIES = 3
CHARACTERS_A_TOKEN = 8
"""More than any language has on average; what goes on beyond is not an answer but endless."""
A_DAY = 86_400.0
FAILURES = (
    *(openai.OpenAIError, httpx.HTTPError),
    # What openai and LlamaIndex raise on an answer of another shape than the interface's.
    *(ValueError, TypeError, AttributeError, LookupError),
)


class Writing(Iterator[str]):
    """Pieces of one answer. To be read by one thread; close() may come from any, at any time, and ends the
    connection at once, also while the reading thread waits for the first piece: that gets StopIteration."""

    def __init__(self, endpoint: "Endpoint", messages: Sequence["Message"], most_tokens: int) -> None:
        # The generator knows the grip and not this object, which can so be dropped without a close().
        self._grip = _Grip()
        self._pieces = without_thoughts(
            whole_characters(_attempts(endpoint, messages, most_tokens, self._grip))
        )

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """End the writing and the connection."""
        self._grip.let_go()
        with suppress(ValueError):  # Another thread is in it, and comes out now that the line is cut.
            self._pieces.close()


class _Grip:
    """What a stream is ended by."""

    def __init__(self) -> None:
        self.closed = Event()
        self.line: Line | None = None

    def let_go(self) -> None:
        self.closed.set()
        if self.line is not None:
            self.line.cut()


def _attempts(
    endpoint: "Endpoint", messages: Sequence["Message"], most_tokens: int, grip: _Grip
) -> Iterator[str]:
    """The pieces of the first attempt that gets any."""
    for attempt in range(1, TRIES + 1):
        line = grip.line = _line(endpoint, endpoint.patience.first)
        begun = False
        try:
            if grip.closed.is_set():
                return
            for piece in _written(endpoint, line, messages, most_tokens):
                begun = True
                yield piece
            return
        except FAILURES as error:
            if grip.closed.is_set():
                return
            pause = pause_before(attempt + 1, error)
            if pause is None or begun or line.late or attempt == TRIES:
                raise _failure(endpoint, line, error, begun) from error
        finally:
            line.close()
        if grip.closed.wait(pause):
            return


def _written(
    endpoint: "Endpoint", line: Line, messages: Sequence["Message"], most_tokens: int
) -> Iterator[str]:
    model = OpenAILike(
        model=endpoint.model,
        api_base=endpoint.address,
        api_key=endpoint.key or "none",  # Else LlamaIndex takes OPENAI_API_KEY.
        context_window=endpoint.context,
        is_chat_model=True,
        temperature=0.0,
        max_retries=0,
        http_client=line.http,
    )
    told = [ChatMessage(role=m.role, content="".join(whole_characters(iter([m.text])))) for m in messages]
    left = most_tokens * CHARACTERS_A_TOKEN
    heard = finished = False
    for response in model.stream_chat(told, max_tokens=most_tokens):
        heard = True
        piece = (response.delta or "")[:left]
        thought = response.additional_kwargs.get("thinking_delta", "")
        if piece or thought:  # An event without either may be a sign of life without end.
            line.allow(endpoint.patience.between)
        left -= len(piece) + len(thought)
        finished = finished or any(getattr(choice, "finish_reason", None) for choice in response.raw.choices)
        if piece:
            line.allow(A_DAY)  # What the reader does meanwhile is not the model's silence.
            yield piece
            line.allow(endpoint.patience.between)
        if left <= 0:
            return
    if not heard and not line.ended:
        raise ValueError("there is no event of a stream in its answer")
    if not finished and not line.ended:
        raise httpx.RemoteProtocolError("the connection ended before the answer did")


def whole_characters(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces without halves of characters, which JSON can hold: two that follow each other become the
    character, one alone U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-16-le")("replace")
    for piece in pieces:
        if whole := decoder.decode(piece.encode("utf-16-le", "surrogatepass")):
            yield whole
    if rest := decoder.decode(b"", final=True):
        yield rest


def without_thoughts(pieces: Iterator[str]) -> Generator[str, None, None]:
    """The pieces without blanks at the beginning and without what stands there in <think>…</think>; what is
    never closed is all thought."""
    held = ""
    for piece in pieces:
        held = (held + piece).lstrip()
        if held.startswith("<think>"):
            _, closed, after = held.partition("</think>")
            if not closed:
                continue
            held = after.lstrip()
        if held and not "<think>".startswith(held):
            yield held
            yield from pieces
            return
    if held and not held.startswith("<think>"):
        yield held


def offered(endpoint: "Endpoint") -> list[str]:
    """Names of the models at an endpoint. Raises LanguageModelError."""
    line = _line(endpoint, endpoint.patience.between)
    try:
        client = openai.OpenAI(
            api_key=endpoint.key or "none", base_url=endpoint.address, max_retries=0, http_client=line.http
        )
        return [model.id for model in client.models.list().data if isinstance(model.id, str)]
    except FAILURES as error:
        raise _failure(endpoint, line, error, listing=True) from error
    finally:
        line.close()


def _line(endpoint: "Endpoint", allowed: float) -> Line:
    try:
        return Line(endpoint.host, not endpoint.key, endpoint.patience.connect, allowed)
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise LanguageModelError(
            f"the proxy that the environment names cannot be used: {cleaned(str(error))}. "
            "Correct or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
        ) from error


def _failure(
    endpoint: "Endpoint", line: Line, error: Exception, begun: bool = False, listing: bool = False
) -> LanguageModelError:
    where = f"{endpoint.model} at {endpoint.address}"
    if line.late and not begun:
        return LanguageModelError(
            f"{where} said nothing for {line.allowed:g} seconds. Is the machine too slow for it?"
        )
    if begun:
        why = f"silence for {line.allowed:g} seconds" if line.late else cleaned(str(error), endpoint.key)
        return LanguageModelError(f"{where} broke off: {why}")
    return explained(error, endpoint, None if listing else offered)
