"""Work that takes time, in threads beside the event loop: bounded in number, and in how long one waits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from functools import partial
from threading import BoundedSemaphore, Event
from typing import Protocol, TypeVar

from app.service.problems import Refused

T = TypeVar("T")
QUIET = 15.0
"""Seconds after which whoever waits is told that the work goes on; proxies cut connections at 30 or 60."""


class Gauge(Protocol):
    """What counts the work in flight."""

    def inc(self) -> None:
        """One more."""

    def dec(self) -> None:
        """One less."""


class Work:
    """threads: calls done at once. most: of them with those that wait. seconds: that a caller waits."""

    def __init__(self, name: str, threads: int, most: int, seconds: float, gauge: Gauge) -> None:
        self.seconds = seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = BoundedSemaphore(most)
        self._gauge = gauge

    def begin(self, function: Callable[..., T], *given: object) -> "Future[T]":
        """Call a function in a thread, in the context of the caller. Refuses with 503 where too many are
        in flight; one that nobody waits for any more counts until it is done."""
        if not self._room.acquire(blocking=False):
            raise Refused(503, "too many requests are being worked on; ask again soon", {"Retry-After": "2"})
        self._gauge.inc()
        future = self._threads.submit(partial(copy_context().run, function, *given))
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Future) -> None:
        self._gauge.dec()
        self._room.release()

    async def do(self, function: Callable[..., T], *given: object) -> T:
        """What a function returns or raises; 504 where it takes too long: it is not begun then, or goes on
        by itself."""
        return await finished(self.begin(function, *given), self.seconds)

    async def tell(self, make: Callable[[], Iterator[T]]) -> AsyncIterator[T | None]:
        """What an iterator yields, as it does, and None after each QUIET seconds without anything. Where
        the listener stops or the time is over, the iterator is closed after what it is about to yield."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.seconds
        told: asyncio.Queue[tuple[T] | None] = asyncio.Queue()
        gone = Event()

        def listen() -> None:
            with closing(make()) as found:  # type: ignore[type-var]  # a generator
                for one in found:
                    if gone.is_set():
                        return
                    loop.call_soon_threadsafe(told.put_nowait, (one,))

        future = asyncio.wrap_future(self.begin(listen))
        future.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while True:
                try:
                    one = await asyncio.wait_for(told.get(), min(QUIET, max(until - loop.time(), 0)))
                except TimeoutError:
                    if loop.time() >= until:
                        raise _too_long(self.seconds) from None
                    yield None
                    continue
                if one is None:
                    future.result()
                    return
                yield one[0]
        finally:
            gone.set()
            future.cancel()


async def finished(future: "Future[T]", seconds: float) -> T:
    """A future's result, or 504 where it takes longer."""
    wrapped = asyncio.wrap_future(future)
    done, _ = await asyncio.wait({wrapped}, timeout=seconds)
    if not done:
        wrapped.cancel()
        raise _too_long(seconds)
    return wrapped.result()


def _too_long(seconds: float) -> Refused:
    return Refused(504, f"this took more than {seconds:g} seconds; ask for less, or again later")
