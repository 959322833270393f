"""What one client may ask of the server: how much, how fast, how often. Knows nothing of answers."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.principal import LOCAL_OWNER, NOBODY, current
from app.service.problems import Refused, answer_to
from index.cores import cores
from ingest.read import MOST_BYTES

ROOM = 100_000
"""Bytes that multipart encoding may add to a file."""
COUNTED = ("/v1/", "/reading/")
"""Paths below which every request counts; elsewhere those that only get something do not: the page is made
of many files."""
UPLOADS = ("/v1/documents", "/gradio_api/upload")
LONG = ("/mcp", "/gradio_api/")
"""Where a text to add, or a conversation to export, is in the body."""
MOST_CLIENTS = 10_000
"""Clients whose rate is known; the one that was quiet for longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Limits:
    """body_bytes, long_bytes, upload_bytes: the largest bodies, of JSON, of what has a whole text or
    conversation in it, and with a file. patience: seconds that a body
    may take whatever its size, and slowest: bytes a second beyond that. seconds: for an answer, a document;
    writing_seconds: for what a language model writes. threads, answering_threads, writing_threads: of quick
    calls, questions and written answers, how many at once, first come, first served; in_flight: of each, with
    those that wait. rate, burst: requests a second of one client, and how many at
    once; on loopback only with limit_loopback."""

    body_bytes: int = 1_000_000
    long_bytes: int = 8_000_000
    upload_bytes: int = MOST_BYTES + ROOM
    patience: float = 10.0
    slowest: float = 10_000.0
    seconds: float = 120.0
    writing_seconds: float = 300.0
    threads: int = 4
    answering_threads: int = cores()  # one question keeps them all busy; more make every one wait for longer
    writing_threads: int = 8
    in_flight: int = 100
    rate: float = 20.0
    burst: int = 100
    limit_loopback: bool = False


USUAL = Limits()


class Buckets:
    """A token bucket a client: burst tokens at first, rate more each second, one for a request."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float) -> float:
        """Seconds until this client may ask again, 0 where it may now. now: seconds of any clock."""
        tokens, at = self._left.pop(client, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - at) * self.rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self.rate
        self._left[client] = (tokens if wait else tokens - 1, now)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return wait


class Limited:
    """Refuses what is too much, before the application sees it or while it reads. Requests are counted by
    who is logged in, else by address. but: paths with all below them that are limited by somebody else."""

    def __init__(self, app: ASGIApp, limits: Limits, but: Sequence[str] = ()) -> None:
        self.app = app
        self.limits = limits
        self.but = but
        self.buckets = Buckets(limits.rate, limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or is_below(scope["path"], self.but):
            await self.app(scope, receive, send)
            return
        try:
            self._count(scope)
            body = self._body(scope, receive)
        except Refused as refusal:
            await answer_to(refusal, scope)(scope, receive, send)
            return
        await self.app(scope, body, send)

    def _count(self, scope: Scope) -> None:
        if scope["method"] in ("GET", "HEAD") and not scope["path"].startswith(COUNTED):
            return
        if not self.limits.limit_loopback and is_loopback(address_of(scope)):
            return
        if wait := self.buckets.take(client_of(scope), time.monotonic()):
            raise Refused(
                429,
                f"more than {self.limits.rate:g} requests a second came from you; ask again later",
                {"Retry-After": str(int(wait) + 1)},
            )

    def _most(self, path: str, headers: Headers) -> int:
        """Bytes that a body may have."""
        if path in UPLOADS and headers.get("content-type", "").lower().startswith("multipart/form-data"):
            return self.limits.upload_bytes
        return self.limits.long_bytes if path.startswith(LONG) else self.limits.body_bytes

    def _body(self, scope: Scope, receive: Receive) -> Receive:
        """The request's messages, as far as they come fast enough and are not too many. The refusals close
        the connection: nobody reads the rest."""
        headers, limits = Headers(scope=scope), self.limits
        most = self._most(scope["path"], headers)
        too_large = Refused(
            413, f"the body has more than {most / 1e6:g} MB, which is the limit", {"Connection": "close"}
        )
        declared = headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
            raise too_large
        begun, got, ended = time.monotonic(), 0, False

        async def limited() -> Message:
            nonlocal got, ended
            if ended:  # what comes now is the client's going away, whenever that is
                return await receive()
            left = begun + limits.patience + got / limits.slowest - time.monotonic()
            try:
                async with asyncio.timeout(max(left, 0)):
                    message = await receive()
            except TimeoutError as error:
                said = f"the body came too slowly: {got} bytes in {time.monotonic() - begun:.0f} seconds"
                raise Refused(408, said, {"Connection": "close"}) from error
            got += len(message.get("body", b""))
            ended = message["type"] != "http.request" or not message.get("more_body", False)
            if got > most:
                raise too_large
            return message

        return limited


def is_below(path: str, places: Sequence[str]) -> bool:
    """Whether a path is one of these places, or below one."""
    return any(path == place or path.startswith(f"{place}/") for place in places)


def client_of(scope: Scope) -> str:
    """Whom requests are counted for."""
    who = current()
    return address_of(scope) if who in (LOCAL_OWNER, NOBODY) else f"user {who.name}"


def address_of(scope: Scope) -> str:
    """The address of who asks; empty for a client on a Unix socket."""
    client = scope.get("client")
    return client[0] if client else ""


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return not address
