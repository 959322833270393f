"""Attempts that fail make the next one wait: by the name that is tried, and by the address it comes from."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock

FREE = 5
"""Attempts before the first wait."""
FIRST = 4.0
"""Seconds of it; each one after that is twice as long."""
MOST_REMEMBERED = 10_000


class Throttle:
    """Counts attempts of each key, in this process. longest: seconds to wait at most; twice as long without
    one, and all is forgotten. An attempt counts from its beginning, so that many at once are many."""

    def __init__(self, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.longest = longest
        self._clock = clock
        self._kept: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._guard = Lock()

    def attempt(self, key: str) -> float:
        """0 where an attempt may be made now, which it then is; else the seconds to wait."""
        with self._guard:
            now = self._clock()
            left, count, last = self.judged(*self._kept.pop(key, (0, now)), now)
            self._kept[key] = (count, last)
            if len(self._kept) > MOST_REMEMBERED:
                self._kept.popitem(last=False)
            return left

    def judged(self, count: int, last: float, now: float) -> tuple[float, int, float]:
        """Seconds to wait after so many attempts, of which the last was then; and both as they are now."""
        if now - last > 2 * self.longest:
            count = 0
        wait = min(FIRST * 2 ** (count - FREE), self.longest) if count >= FREE else 0.0
        left = max(0.0, last + wait - now)
        return (left, count, last) if left else (0.0, count + 1, now)

    def undo(self, key: str) -> None:
        """An attempt was right, and counts no more; those before it do."""
        with self._guard:
            if key in self._kept:
                count, last = self._kept[key]
                self._kept[key] = (max(0, count - 1), last)

    def forget(self, key: str) -> None:
        """An attempt was right: the ones before it count no more."""
        with self._guard:
            self._kept.pop(key, None)


def network_of(address: str) -> str:
    """What one customer of a provider has: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> 64 << 64)) + "/64"
