"""The MCP server at /mcp of the application that serves the page, as streamable HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.access.principal import asking_through
from app.answer import Answerer
from app.mcp.server import server_of

PATH = "/mcp"
OWN = ("127.0.0.1", "localhost", "[::1]")
"""Names that this machine has for itself; no page from elsewhere is served under them."""
MOST_BYTES = 8_000_000
"""Of a request; a text to add is in it."""


def mount(
    app: FastAPI, answerer: Answerer, read_only: bool = False, hosts: Sequence[str] | None = ()
) -> None:
    """Serve /mcp from an application, before or after the page is mounted in it.

    hosts: names, without ports, under which the application is reached beside this machine's own; a request
    for another name is refused, so that no web page whose name was pointed here can use it (DNS rebinding).
    None: any name, for where every request must bring a key. Each request stands alone: there are no
    sessions, and answers are plain JSON.
    """
    endpoint = _Endpoint(server_of(answerer, read_only), security(hosts))
    app.router.routes.insert(0, Route(PATH, endpoint=endpoint, methods=["POST"]))
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: Any) -> AsyncIterator[Any]:
        async with inner(served) as state, endpoint.running():
            yield state

    app.router.lifespan_context = lifespan


def security(hosts: Sequence[str] | None) -> TransportSecuritySettings:
    """Which Host and Origin headers are taken."""
    if hosts is None:
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    names = dict.fromkeys([*OWN, *hosts])
    return TransportSecuritySettings(
        allowed_hosts=[f"{name}{port}" for name in names for port in ("", ":*")],
        allowed_origins=[
            f"{scheme}://{name}{port}"
            for scheme in ("http", "https")
            for name in names
            for port in ("", ":*")
        ],
    )


class _Endpoint:
    """What answers at /mcp, with a new session manager each time that the application starts: one cannot be
    started twice."""

    def __init__(self, server: Server, settings: TransportSecuritySettings) -> None:
        self.server = server
        self.settings = settings
        self.manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.manager = StreamableHTTPSessionManager(
            self.server, json_response=True, stateless=True, security_settings=self.settings,
            max_request_body_size=MOST_BYTES,
        )  # fmt: skip
        async with self.manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.manager is not None, "the application's lifespan must run"
        with asking_through("mcp"):
            await self.manager.handle_request(scope, receive, send)
