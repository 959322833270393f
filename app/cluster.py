"""Work over a Ray cluster: workers that load once, each with one job at a time.

Knows nothing of documents or questions. Ray could restart workers and repeat their jobs by itself, but would
not know which of several jobs a worker died of; with one job a worker it is known, so a job that ends its
worker again and again harms no other. The only module that imports ray.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from ingest.errors import CitedError, ClusterError, SettingsError

LOCAL, AUTO = "local", "auto"
CORES_EACH = 2
"""Of a worker: its model takes all it can get, its reader one. Fewer where a node has fewer."""
TRIES = 3
"""Times a job is done whose workers end; machines that go away cost tries, too."""
TO_START = 300.0
"""Seconds in which a worker must have begun where none works; one of a cluster that grows takes minutes."""
TO_CONNECT = 5.0
"""Seconds; Ray itself tries for 200, and ends the process then."""
TO_CLOSE = 10.0
"""Seconds that workers have to remove what they put on the disk."""


class Worker(Protocol):
    """What works. Made on its node, of a class that can be imported there."""

    def about(self) -> object:
        """Loads what it needs, and says what its results depend on."""

    def do(self, job: Any) -> Any:
        """One job."""

    def close(self) -> None:
        """No job will come any more."""


Job = TypeVar("Job")


@dataclass(frozen=True, slots=True)
class Lost:
    """The result of a job whose workers ended TRIES times, and of what."""

    reason: str


def check_installed() -> None:
    """Raises SettingsError where Ray is not installed."""
    if find_spec("ray") is None:
        raise SettingsError("--ray needs Ray, which is not installed; run: pip install 'cited[ray]'")


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A Ray cluster to work on, let go of at the end.

    address: "auto", the one that runs on this machine; "local", one that is started here and ends with
    this; or HOST:PORT. Raises SettingsError, and ClusterError where none answers.
    """
    check_installed()
    # Ray reads these when it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == LOCAL:  # On loopback, which Ray says so, and for nobody who does not know the token.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    elif address != AUTO:
        _reach(address)
    import ray

    dashboard = False if address == LOCAL else None
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=dashboard)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        hint = "; start one with --ray local" if address == AUTO else ""
        raise ClusterError(f"no Ray cluster at {address}: {_last_line(error)}{hint}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.path:
        raise SettingsError(
            f"{address!r} is no address of a Ray cluster; there are auto, local and HOST:PORT"
        )
    try:
        socket.create_connection((host, port), TO_CONNECT).close()
    except OSError as error:
        raise ClusterError(f"no Ray cluster at {address}: {error.strerror or error}") from error


def work(
    kind: Callable[..., Worker], given: Sequence[object], jobs: Iterable[Job], *, expected: object, most: int
) -> Generator[tuple[Job, Any], None, None]:
    """Do jobs on the connected cluster; each comes back with its result, or Lost, as it is done.

    Jobs are taken in order, no more of them than there are workers. kind(*given) makes a worker; expected:
    what about() says here and must say there. most: workers. Raises ClusterError where no worker begins or
    one is of another kind, and the CitedError that a job raises.
    """
    import ray

    cores = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    some = [int(n) for n in cores if n >= 1] or [1]
    each = min(CORES_EACH, *some)
    references = [ray.put(value) for value in given]
    make = ray.remote(num_cpus=each, max_restarts=0)(kind)
    crew = _Crew[Job](lambda: make.remote(*references), expected, iter(jobs))
    for _ in range(max(1, min(most, sum(n // each for n in some)))):
        crew.start()
    yield from crew.work()
    if closing := crew.close():
        ray.wait(closing, num_returns=len(closing), timeout=TO_CLOSE)


@dataclass
class _Crew(Generic[Job]):
    """The workers by what is awaited of them, and the jobs in hand with how often they were tried."""

    make: Callable[[], Any]
    expected: object
    jobs: Iterator[Job]
    starting: dict[Any, Any] = field(default_factory=dict)
    busy: dict[Any, tuple[Any, Job, int]] = field(default_factory=dict)
    idle: list[Any] = field(default_factory=list)
    again: list[tuple[Job, int]] = field(default_factory=list)
    failed: int = 0

    def start(self) -> None:
        """One worker more, as soon as there is room for it."""
        worker = self.make()
        self.starting[worker.about.remote()] = worker

    def work(self) -> Iterator[tuple[Job, Any]]:
        """All jobs, as they are done."""
        self._hand_out()
        while self.busy or not self.idle:
            done = self._wait()
            if done in self.starting:
                self._begin(done)
            else:
                yield from self._end(done)
            self._hand_out()

    def close(self) -> list[Any]:
        """What to wait for until the workers have ended what they hold."""
        return [worker.close.remote() for worker in self.idle]

    def _hand_out(self) -> None:
        while self.idle:
            if self.again:
                job, tries = self.again.pop(0)
            else:
                try:
                    job, tries = next(self.jobs), 1
                except StopIteration:
                    return
            worker = self.idle.pop()
            self.busy[worker.do.remote(job)] = worker, job, tries

    def _wait(self) -> Any:
        import ray

        done, _ = ray.wait([*self.busy, *self.starting], timeout=None if self.busy else TO_START)
        if not done:
            raise ClusterError(
                f"no worker of the cluster began within {TO_START:.0f} s; it may have no cores that are free"
            )
        return done[0]

    def _begin(self, reference: Any) -> None:
        import ray

        worker = self.starting.pop(reference)
        try:
            about = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise _told(error) from error
        except ray.exceptions.RayError as error:
            self.failed += 1
            if self.failed <= TRIES:
                self.start()
            elif not (self.busy or self.idle or self.starting):
                raise ClusterError(
                    f"no worker of the cluster begins ({_last_line(error)}); every node needs the same "
                    "Cited: pip install 'cited[ray]'"
                ) from error
            return
        if about != self.expected:
            raise ClusterError(
                f"a worker of the cluster has {about}, and this machine {self.expected}; install the same "
                "Cited and the same models on every node"
            )
        self.failed = 0
        self.idle.append(worker)

    def _end(self, reference: Any) -> Iterator[tuple[Job, Any]]:
        """A result, none where the job is to be done again."""
        import ray

        worker, job, tries = self.busy.pop(reference)
        try:
            result = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise _told(error) from error
        except ray.exceptions.RayError as error:  # the worker is gone, or its node, or what it said
            ray.kill(worker)
            self.start()
            if tries < TRIES:
                self.again.append((job, tries + 1))
                return
            result = Lost(_last_line(error))
        else:
            self.idle.append(worker)
        self._hand_out()  # before the result is used, which may take long
        yield job, result


def _told(error: Any) -> CitedError:
    """What a worker raised: ours as it was, anything else as a mistake."""
    if isinstance(error.cause, CitedError):
        return error.cause
    return ClusterError(f"a worker of the cluster failed: {_last_line(error)}")


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
