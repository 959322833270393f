"""`app.service.lag`: how long the event loop was held up."""

import asyncio
import time

from prometheus_client import CollectorRegistry

from app.service.lag import Lag


def figures(held_up: float) -> tuple[float, float]:
    """The longest lag and the number of looks, of a loop that something holds up."""
    registry = CollectorRegistry()

    async def held() -> None:
        lag = Lag(registry)
        lag.watch()
        lag.watch()  # as every request does
        await asyncio.sleep(0.1)
        time.sleep(held_up)
        await asyncio.sleep(0.1)

    asyncio.run(held())
    longest = registry.get_sample_value("cited_event_loop_lag_max_seconds")
    looks = registry.get_sample_value("cited_event_loop_lag_seconds_count")
    assert longest is not None
    assert looks is not None
    return longest, looks


def test_what_holds_the_event_loop_up_is_seen_with_a_tick_too_little_at_most():
    longest, _ = figures(0.5)
    assert 0.48 < longest < 5


def test_a_loop_is_looked_at_once_a_tick_however_often_it_is_asked_for():
    _, looks = figures(0.0)
    assert 2 <= looks <= 20  # 0.2 s at a tick of 0.01 s, fewer where the machine is busy
