"""An OpenAI-compatible endpoint on loopback that answers as a test tells it to; a real HTTP server.

    with scripted(Text("The bridge opened in 1932."), Status(503)) as endpoint:
        ...  # endpoint.url, endpoint.requests

Each request for an answer gets the next reply; the last one is repeated. `GET /v1/models` gets the names.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select
from typing import Any

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Text:
    """A text in pieces of so many characters, `pause` seconds between them, `delay` seconds before the
    headers. finish: the finish_reason at the end; None for a server that sends none. done: whether `[DONE]`
    ends it."""

    text: str
    size: int = 8
    pause: float = 0.0
    delay: float = 0.0
    finish: str | None = "stop"
    done: bool = True


@dataclass(frozen=True)
class Raw:
    """Bytes of an event stream, sent in pieces of `size` bytes. cut: after so many bytes the connection is
    reset, without an end. kind: the Content-Type."""

    body: bytes
    size: int = 1 << 20
    cut: int | None = None
    kind: str = "text/event-stream"
    pause: float = 0.0
    delay: float = 0.0


@dataclass(frozen=True)
class Status:
    """An HTTP status with headers and a body; of a mapping the JSON."""

    code: int
    body: bytes | dict[str, Any] = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Endless:
    """A piece again and again, as an event or (raw) as it stands, until the client leaves."""

    piece: str = "and so on "
    pause: float = 0.0
    raw: bool = False


Reply = Text | Raw | Status | Endless


@dataclass
class Request:
    """What was asked. body: the JSON. left: set when the client closed the connection before the end."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    left: threading.Event = field(default_factory=threading.Event)


class Endpoint:
    """A running endpoint. url: the base URL of its interface. requests: all, in order. names: its models."""

    def __init__(self, replies: Sequence[Reply], names: Sequence[str]) -> None:
        self.replies, self.names = list(replies), list(names)
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                endpoint._listed(self)

            def do_POST(self) -> None:
                endpoint._answered(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    @property
    def asked(self) -> list[Request]:
        """The requests for an answer."""
        return [request for request in self.requests if request.path == "/v1/chat/completions"]

    def _remembered(self, handler: BaseHTTPRequestHandler) -> Request:
        raw = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(handler.command, handler.path, headers, json.loads(raw) if raw else None)
        self.requests.append(request)
        return request

    def _listed(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self._remembered(handler)
        if handler.path != "/v1/models" or not self.names:
            return _whole(handler, Status(404, {"error": {"message": "Not Found"}}))
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in self.names]
        return _whole(handler, Status(200, {"object": "list", "data": models}))

    def _answered(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            request = self._remembered(handler)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        try:
            if isinstance(reply, Status):
                return _whole(handler, reply)
            time.sleep(reply.delay if isinstance(reply, Text | Raw) else 0)
            _streamed(handler, reply)
        except OSError:
            request.left.set()
            handler.close_connection = True
        return None


def _whole(handler: BaseHTTPRequestHandler, reply: Status) -> None:
    body = json.dumps(reply.body).encode() if isinstance(reply.body, dict) else reply.body
    handler.send_response(reply.code)
    for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _streamed(handler: BaseHTTPRequestHandler, reply: Text | Raw | Endless) -> None:
    """Chunks of a body. Raises OSError as soon as the client has left."""
    _heed(handler, 0)
    handler.send_response(200)
    handler.send_header("Content-Type", reply.kind if isinstance(reply, Raw) else "text/event-stream")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    sent = 0
    for piece in _pieces(reply):
        if isinstance(reply, Raw) and reply.cut is not None:
            piece = piece[: reply.cut - sent]
        if piece:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        sent += len(piece)
        if isinstance(reply, Raw) and reply.cut is not None and sent >= reply.cut:
            handler.close_connection = True
            return handler.connection.shutdown(socket.SHUT_RDWR)
        _heed(handler, reply.pause)
    handler.wfile.write(b"0\r\n\r\n")
    return None


def _heed(handler: BaseHTTPRequestHandler, seconds: float) -> None:
    """Wait, unless the client leaves before."""
    ready, _, _ = select([handler.connection], [], [], seconds)
    if ready and not handler.connection.recv(1, socket.MSG_PEEK):
        raise ConnectionResetError("the client has left")


def _pieces(reply: Text | Raw | Endless) -> Iterator[bytes]:
    if isinstance(reply, Raw):
        yield from (reply.body[at : at + reply.size] for at in range(0, len(reply.body), reply.size))
    elif isinstance(reply, Endless):
        while True:
            yield reply.piece.encode() if reply.raw else event({"content": reply.piece})
    else:
        yield event({"role": "assistant", "content": ""})
        for at in range(0, len(reply.text), reply.size):
            yield event({"content": reply.text[at : at + reply.size]})
        yield event({}, reply.finish) + (DONE if reply.done else b"")


def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """One event of an answer, as the interface's reference has it."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "scripted",
        "choices": [choice],
    }
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


@contextmanager
def scripted(*replies: Reply, names: Sequence[str] = ("scripted",)) -> Iterator[Endpoint]:
    """An endpoint that gives these replies, one after the other."""
    endpoint = Endpoint(replies or [Text("Yes.")], names)
    thread = threading.Thread(target=endpoint.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.server.shutdown()
        endpoint.server.server_close()
        thread.join(timeout=5)
