"""A connection of the server, and how long a client may keep it without asking for anything.

uvicorn's own waits for the head of a request without end, takes one of any size, and goes on reading the body
of a request that was answered: a few bytes a minute would hold a connection for ever, and many hold them all.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connection(HttpToolsProtocol):
    """For uvicorn's `http`. seconds: until the head of the next request must have come, from the beginning or
    the last answer. most_bytes: of a head, as far as it does not come in one piece with its end."""

    seconds: ClassVar[float] = 20.0
    most_bytes: ClassVar[int] = 65_536
    _end: asyncio.TimerHandle | None = None
    _got = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless this is no head any more."""
        super().data_received(data)
        self._got += len(data)
        if self._end is not None and self._got > self.most_bytes:
            self.send_400_response("The head of this request is too large.")

    def on_headers_complete(self) -> None:
        """There is a request."""
        self._stop()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, where there is none yet."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait()

    def _wait(self) -> None:
        self._stop()
        self._got = 0
        self._end = self.loop.call_later(self.seconds, self.transport.close)

    def _stop(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
