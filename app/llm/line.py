"""One connection to an endpoint: how long it may be silent, how much it may say, and how it is cut.

Knows nothing of models, messages or answers. A connection is made for each request: beside the seconds in
which a model writes, the new one is nothing, and closing it is certain to end the writing.
"""

import codecs
import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import httpx

from ingest.connection import ssl_context

MOST_UNHEARD = 1_000_000
"""Bytes that may come without being a whole event; more is no answer of a language model."""
TELLTALES = ("x-stainless-", "openai-")
"""Headers of the openai package that name this machine, and variables of the environment that are no
settings of ours."""


class Line:
    """A connection for one request, to be used by one thread and cut by any.

    host: where it will go. keyless: no key is sent. connect and allowed: seconds, to get a connection and
    until something must have been heard. http: what sends the request. late: the silence lasted longer than
    allowed, and the line was cut.
    """

    def __init__(self, host: str, keyless: bool, connect: float, allowed: float) -> None:
        self.late = False
        self._connect, self._keyless = connect, keyless
        self._socket: socket.socket | None = None
        self._over = False
        self._news = Event()
        self._until = 0.0
        self._tail = b""
        self.http = httpx.Client(
            verify=ssl_context(),
            trust_env=not is_loopback(host),  # No proxy knows what runs on this machine.
            follow_redirects=False,
            event_hooks={"request": [self._on_request], "response": [self._on_response]},
        )
        self.allow(allowed)
        Thread(target=self._watch, name="cited-line", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether the last that came was `data: [DONE]`."""
        return self._tail.rstrip().endswith(b"[DONE]")

    def allow(self, seconds: float) -> None:
        """Something was heard; the next may take so long."""
        self.allowed, before = seconds, self._until
        self._until, self._unheard = time.monotonic() + seconds, 0
        if self._until < before:
            self._news.set()

    def cut(self) -> None:
        """End it. Who waits for a byte in another thread gets an error at once."""
        self._over = True
        self._news.set()
        if self._socket is not None:
            with suppress(OSError):  # It may have ended by itself.
                # Of the class, for an SSLSocket's own would first wait for its reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Cut it and give everything back; for the thread that uses it."""
        self.cut()
        self.http.close()

    def _watch(self) -> None:
        while not self._over and (left := self._until - time.monotonic()) > 0:
            self._news.wait(left)
            self._news.clear()
        if not self._over:
            self.late = True
            self.cut()

    def _on_request(self, request: httpx.Request) -> None:
        request.extensions |= {
            "trace": self._on_trace,
            # Reading has no limit of its own: the watch has the limit, which changes with the first piece.
            "timeout": {"connect": self._connect, "read": None, "write": 60, "pool": 60},
        }
        for name in list(request.headers):
            if name.startswith(TELLTALES) or (self._keyless and name == "authorization"):
                del request.headers[name]
        # A compressed stream comes in lumps.
        request.headers["Accept-Encoding"] = "identity"

    def _on_trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore tells what it does; a connection's socket can be had from nowhere else."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self._over:
                self.cut()

    def _on_response(self, response: httpx.Response) -> None:
        if isinstance(response.stream, httpx.SyncByteStream) and not response.headers.get("content-encoding"):
            response.stream = _Body(response.stream, self)

    def heard(self, piece: bytes) -> None:
        """Bytes came. Raises RemoteProtocolError where they are endless and mean nothing."""
        self._unheard += len(piece)
        if self._unheard > MOST_UNHEARD:
            raise httpx.RemoteProtocolError("it sends without end what says nothing")
        self._tail = (self._tail + piece)[-32:]


class _Body(httpx.SyncByteStream):
    """A body that is UTF-8 whatever was sent, for the openai package decodes strictly: what is not
    becomes U+FFFD. A character that is cut by the border of a piece waits for its other half."""

    def __init__(self, body: httpx.SyncByteStream, line: Line) -> None:
        self._body, self._line = body, line

    def __iter__(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for piece in self._body:
            self._line.heard(piece)
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()

    def close(self) -> None:
        self._body.close()


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own (127.0.0.1, ::1, localhost; 0.0.0.0 leads there, too)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
