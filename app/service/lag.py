"""How long the event loop was held up: everybody waits meanwhile, whatever they asked for."""

import asyncio

from prometheus_client import CollectorRegistry, Gauge, Histogram

TICK = 0.01
"""Seconds between looks, as Node's monitor of the event loop has it; a look costs some 30 µs. What holds the
loop up is seen with up to a tick too little."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Lag:
    """A clock in the event loop, and how much too late it was."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "cited_event_loop_lag_seconds", "Seconds that the event loop was late, at each look.",
            buckets=BUCKETS, registry=registry,
        )  # fmt: skip
        self._longest = Gauge(
            "cited_event_loop_lag_max_seconds", "The longest of them since the start.", registry=registry
        )
        self._most = 0.0
        self._watching: asyncio.Task | None = None

    def watch(self) -> None:
        """Begin, in the running event loop, until it ends; once is enough."""
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            late = max(0.0, loop.time() - due)
            self._seconds.observe(late)
            if late > self._most:
                self._most = late
                self._longest.set(late)
