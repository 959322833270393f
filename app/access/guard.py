"""Before every interface: who asks, and may they? An ASGI application around another.

An API key (`Authorization: Bearer cited_…`) or the cookie of a session says who; without one there is the
login page, and what tells that the server is up. What a principal may see is held to below, by the library
(index/visible.py); changes are refused to readers there, too, and here as early as a path tells.
"""

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import login
from app.access.principal import (
    KEY,
    NOBODY,
    Principal,
    acting_as,
    closed,
    require_editor,
    visible_collections,
)
from app.access.proxies import Proxies
from app.access.rules import is_editing, is_foreign, wants_page
from app.access.store import SESSION_SECONDS, AccessStore
from app.access.throttle import network_of
from index.library import Library
from ingest.errors import LibraryError

log = logging.getLogger(__name__)
Found = TypeVar("Found")
COOKIE = "cited_session"
PUBLIC = ("/health", "/ready")
LONGEST_WAIT_OF_NAME, LONGEST_WAIT_OF_ADDRESS = 60.0, 900.0
"""Seconds. Whoever tries a name from many addresses keeps its owner out no longer than a minute."""
LONGEST_NAME = 64
"""Characters of a name that is tried and remembered; no user's has more than 63."""
HASHING = 2
"""Passwords that are checked at once; each takes 32 MiB."""


class AccessGuard:
    """trusted_proxies: addresses and networks whose forwarded headers count. Raises SettingsError.

    From here on the library is seen through the principal of each request.
    """

    def __init__(
        self, app: ASGIApp, store: AccessStore, library: Library, trusted_proxies: Sequence[str] = ()
    ) -> None:
        self.app = app
        self.store = store
        self.audit = store.audit
        self.proxies = Proxies(trusted_proxies)
        self.names = store.throttle("name", LONGEST_WAIT_OF_NAME)
        self.addresses = store.throttle("address", LONGEST_WAIT_OF_ADDRESS)
        self.hashing = anyio.CapacityLimiter(HASHING)
        self.looking = anyio.CapacityLimiter(8)
        self._closed = ExitStack()
        self._is_closed = False
        library.catalog.scope = visible_collections
        library.before_change = require_editor
        library.changed = self.audit.note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        self._close()
        if scope["type"] == "lifespan":
            with self._closed:
                await self.app(scope, receive, send)
            self._is_closed = False
        elif scope["type"] == "http":
            await self._http(self.proxies.resolved(scope), receive, send)
        else:  # A websocket. There is none, and none gets past.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _close(self) -> None:
        if not self._is_closed:
            self._closed.enter_context(closed())
            self._is_closed = True

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        address = (scope.get("client") or ("",))[0]
        session = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        answer: Response | None
        try:
            principal = None if path in PUBLIC else await self._who(headers, session)
            with acting_as(principal or NOBODY, address):
                if path in (login.PATH, login.STYLES, login.LOGOUT):
                    answer = await self._login(scope, path, headers, session, receive)
                elif path in PUBLIC:
                    answer = None
                else:
                    answer = await self._refusal(scope, path, headers, principal)
        except LibraryError as error:  # whoever asks may be anybody, and is not told more
            log.error("%s", error)
            principal, answer = None, problem(503, "The list of users cannot be reached; try again.")
        with acting_as(principal or NOBODY, address):
            if answer is None:
                await self.app({**scope, KEY: principal or NOBODY}, receive, _unkept(send))
            else:
                await answer(scope, receive, send)

    async def _who(self, headers: Headers, session: str) -> Principal | None:
        kind, _, key = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return await self._looked(lambda: self.store.of_key(key.strip()))
        if session:
            return await self._looked(lambda: self.store.of_session(session))
        return None

    async def _looked(self, look: Callable[[], Found]) -> Found:
        """What a look into the store finds: a thread's work, as it may be far away."""
        return await anyio.to_thread.run_sync(look, limiter=self.looking)

    async def _note(self, action: str, what: str = "", outcome: str = "ok", who: str | None = None) -> None:
        await self._looked(lambda: self.audit.note(action, what, outcome, who))

    async def _refusal(
        self, scope: Scope, path: str, headers: Headers, principal: Principal | None
    ) -> Response | None:
        """Why this goes no further, None where it does."""
        if principal is None:
            if wants_page(scope["method"], headers):
                root = scope.get("root_path", "")
                query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
                return RedirectResponse(login.address(root, f"{scope['path']}{query}"), 303)
            return problem(401, "Send an API key as «Authorization: Bearer …», or log in at /login.")
        by_key = headers.get("authorization", "").lower().startswith("bearer ")
        if not by_key and is_foreign(scope["method"], headers):
            await self._note("request from another site", path, "refused")
            return problem(403, "A page of another site may change nothing here.")
        if principal.role != "editor" and is_editing(scope["method"], path):
            await self._note("change", path, "refused")
            return problem(403, f"{principal.name} may read and ask; changing takes the role editor.")
        return None

    async def _login(
        self, scope: Scope, path: str, headers: Headers, session: str, receive: Receive
    ) -> Response:
        root, method = scope.get("root_path", ""), scope["method"]
        if path == login.STYLES:
            return login.styles()
        if path == login.PATH and method in ("GET", "HEAD"):
            return login.page(headers, root, login.asked_next(scope))
        if method != "POST":
            return Response("use POST", 405, {"Allow": "POST"}, "text/plain")
        if is_foreign(method, headers):
            return login.page(headers, root, status=403, message="foreign")
        if path == login.LOGOUT:
            if session:
                await self._looked(lambda: self.store.log_out(session))
                await self._note("logout")
            left = RedirectResponse(f"{root}{login.PATH}", 303)
            left.delete_cookie(COOKIE, path="/")
            return left
        try:
            given = await login.form(receive)
        except TimeoutError:
            return problem(408, "The name and the password did not come.")
        if given is None:
            return problem(413, "This form is larger than a name and a password.")
        return await self._logged_in(scope, headers, given)

    async def _logged_in(self, scope: Scope, headers: Headers, given: dict[str, str]) -> Response:
        root, name = scope.get("root_path", ""), given.get("name", "").strip().lower()[:LONGEST_NAME]
        then, at = login.path_here(given.get("next", "/")), network_of((scope.get("client") or ("",))[0])
        wait = await self._looked(lambda: self.addresses.attempt(at) or self.names.attempt(name))
        if wait:
            await self._note("login", outcome="too many attempts", who=name)
            return login.page(headers, root, then, 429, "wait", name, math.ceil(wait))
        session = await anyio.to_thread.run_sync(
            self.store.log_in, name, given.get("password", ""), limiter=self.hashing
        )
        if session is None:
            await self._note("login", outcome="failed", who=name)
            return login.page(headers, root, then, 401, "wrong", name)
        await self._looked(partial(self.addresses.undo, at))
        await self._looked(partial(self.names.forget, name))
        await self._note("login", who=name)
        answer = RedirectResponse(then, 303)
        answer.set_cookie(
            COOKIE, session, SESSION_SECONDS, path="/", httponly=True, samesite="lax",
            secure=scope["scheme"] == "https",
        )  # fmt: skip
        return answer


def problem(status: int, detail: str) -> Response:
    """A refusal for programs (RFC 9457). It closes the connection: nobody reads a body that comes along."""
    title = HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = {"Connection": "close"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Cited"'
    if status == 503:
        headers["Retry-After"] = "5"
    return JSONResponse(content, status, headers, "application/problem+json")


def _unkept(send: Send) -> Send:
    """Answers are for whoever asked: no cache on the way may give them to another."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Cookie, Authorization")
            if "cache-control" in headers and "private" not in headers["cache-control"]:
                headers["cache-control"] = headers["cache-control"].replace("public", "private")
            else:
                headers.setdefault("cache-control", "private")
        await send(message)

    return sending
