"""The server: runs an ASGI application until it is told to end, and ends it in order.

Knows nothing of what it serves, but that there is something to close at the end.
"""

import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Timer
from types import FrameType

import click
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.proxies import Proxies
from app.connections import Connection
from app.listening import Listening
from app.logs import RequestLog
from app.settings import service_manager

GRACE = 10.0
"""Seconds that requests have to finish once the server is told to end."""
LAST = 3
"""Times the grace: what keeps the process from ending until then is cut off."""
SWITCH = 0.0005
"""Seconds that a thread may keep the others from running Python. With Python's own 0.005 the event loop waits
for as long behind each thread that makes an answer."""
OF_A_SOCKET = "127.0.0.1"
"""What a peer at a Unix socket counts as: it has no address, and is on this machine."""


def nothing() -> None:
    """What is called where nothing is to be done."""


def run_server(
    app: ASGIApp,
    listening: Listening,
    *,
    trusted_proxies: Sequence[str] = (),
    on_stopping: Callable[[], object] = nothing,
    on_stop: Callable[[], object] = nothing,
    grace: float = GRACE,
) -> None:
    """Serve until SIGTERM or SIGINT; call it in the main thread. Then no new connection is taken, requests
    have `grace` seconds to finish, and this returns, for the process to end. A second signal ends it at
    once, and so does what keeps it from ending. Raises SettingsError where another process was faster.

    trusted_proxies: networks whose X-Forwarded-For, -Proto and -Host are believed; nobody else's are.
    on_stopping: called when the end begins, in the event loop, to end streams that would never end.
    on_stop: called when requests are over, whatever way.
    """
    app = _from_whom(RequestLog(app), Proxies(trusted_proxies), bool(listening.unix))
    manager, watchdog = service_manager()
    config = uvicorn.Config(
        app, http=Connection, ws="none", log_config=None, access_log=False, proxy_headers=False,
        server_header=False, workers=1,
        callback_notify=_alive(manager) if watchdog else None,
        timeout_notify=max(1, int((watchdog or 0) / 3)),
    )  # fmt: skip
    # By attributes: uvicorn's own types are narrower than what it takes.
    config.timeout_graceful_shutdown = grace  # type: ignore[assignment]
    if listening.tls:
        config.ssl_context_factory = lambda *_: listening.tls  # type: ignore[assignment]
    server = Server(config, listening, manager, on_stopping)
    with server.signals():
        try:
            listening.begin(config.backlog)
            server.run(list(listening.sockets))
        finally:
            on_stop()
            listening.close()


class Server(uvicorn.Server):
    """uvicorn's, that says where it is, tells systemd, and comes back where uvicorn's raises the signal anew,
    of which the process would die with everything open."""

    def __init__(
        self, config: uvicorn.Config, listening: Listening, manager: str | None, on_stopping: Callable
    ) -> None:
        super().__init__(config)
        self._listening, self._manager, self._on_stopping = listening, manager, on_stopping
        self._closed = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        sys.setswitchinterval(SWITCH)
        await super().startup(sockets)
        if self.started:
            gc.collect()
            gc.freeze()  # What is there now stays; looking through it again held requests up for 0.1 s.
            click.echo(f"Cited is at {self._listening.address} (Ctrl-C ends it)", err=True)
            notify(self._manager, "READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is left."""
        self._on_stopping()
        await super().shutdown(sockets)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Within this, signals end the server, until everything is closed."""
        ours = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in ours}
        try:
            yield
        finally:
            self._closed = True
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are captured for longer than uvicorn runs; see signals()."""
        yield

    def handle_exit(self, sig: int, _: FrameType | None) -> None:
        """The first signal asks for the end, the second is the end."""
        if self.should_exit:
            os._exit(128 + sig)
        self.should_exit = True
        notify(self._manager, "STOPPING=1")
        last = Timer(LAST * (self.config.timeout_graceful_shutdown or GRACE), self._cut_off)
        last.daemon = True
        last.start()

    def _cut_off(self) -> None:
        """Python waits for its threads, and none can be told to end: one that waits for a language model
        may take minutes. A library survives it."""
        print("cited: something did not end in time and was cut off", file=sys.stderr, flush=True)
        os._exit(0 if self._closed else 1)


def notify(manager: str | None, state: str) -> None:
    """Tell systemd how it goes, where it wants to know (sd_notify(3)). One that is gone is not missed."""
    if not manager:
        return
    address = "\0" + manager[1:] if manager.startswith("@") else manager
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as message:
        message.sendto(state.encode(), address)


def _alive(manager: str | None) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        notify(manager, "WATCHDOG=1")

    return tell


def _from_whom(app: ASGIApp, proxies: Proxies, by_socket: bool) -> ASGIApp:
    """Client, scheme and host as far as somebody says them who is believed."""

    async def resolving(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if by_socket:
                scope = {**scope, "client": (OF_A_SOCKET, 0)}
            scope = proxies.resolved(scope)
        await app(scope, receive, send)

    return resolving
