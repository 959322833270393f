"""What the service does, for Prometheus; and the outermost edge, which names, counts and guards requests."""

import logging
import re
import time
from secrets import token_hex

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.principal import asking_through, current_interface
from app.answer import QUOTE, Answer
from app.service.lag import Lag
from app.service.problems import LIKE_OPENAI, Refused, answer_to
from index.library import Library

SANE = re.compile(r"[A-Za-z0-9._~-]{1,128}")
"""A request id that is taken over: nothing that could spoil a log or a header."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
log = logging.getLogger(__name__)


class Metrics:
    """The figures of one service, in a registry of their own."""

    def __init__(self, library: Library) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.requests = Counter(
            "cited_requests", "Requests, by route.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "cited_request_seconds", "Seconds that a request took.", ["route"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.stages = Histogram(
            "cited_stage_seconds", "Seconds that a stage of an answer took.", ["stage"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.answers = Counter(
            "cited_answers", "Answers, by how they were made and through what they were asked for.",
            ["mode", "answered", "interface"], registry=self.registry,
        )  # fmt: skip
        self.lag = Lag(self.registry)
        self.in_flight = Gauge("cited_in_flight", "Work being done or waited for.", registry=self.registry)
        documents, passages = "SELECT count(*) FROM documents", "SELECT count(*) FROM passages"
        self._count("cited_documents", "Documents in the library.", library, documents)
        self._count("cited_passages", "Passages in the library.", library, passages)

    def _count(self, name: str, told: str, library: Library, query: str) -> None:
        Gauge(name, told, registry=self.registry).set_function(lambda: library.catalog.rows(query)[0][0])

    def answered(self, answer: Answer) -> None:
        """Count an answer of whatever interface, and its stages."""
        mode = QUOTE if answer.mode == QUOTE else "model"
        self.answers.labels(mode, str(answer.answered).lower(), current_interface()).inc()
        for stage, milliseconds in answer.timings.items():
            self.stages.labels(stage).observe(milliseconds / 1000)

    def text(self) -> bytes:
        """All of it, in the format that Prometheus reads."""
        return generate_latest(self.registry)


class Observed:
    """The outermost edge: a request gets its id, is counted, and is answered whatever happens."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        self.metrics.lag.watch()
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if SANE.fullmatch(given) else token_hex(16)
        scope.setdefault("state", {})["request_id"] = name
        begun, status = time.perf_counter(), 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = name
            await send(message)

        try:
            with asking_through("openai" if scope["path"].startswith(LIKE_OPENAI) else "http"):
                await self.app(scope, receive, observed)
        except Exception:  # the edge: the client gets the id, the log gets the rest
            log.exception("request %s failed: %s %s", name, scope["method"], scope["path"])
            if not status:
                await answer_to(mistake(), scope)(scope, receive, observed)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            self.metrics.requests.labels(method_of(scope), route, str(status or 499)).inc()
            self.metrics.seconds.labels(route).observe(time.perf_counter() - begun)


def method_of(scope: Scope) -> str:
    """The request's method; others than the usual ones are one, so that nobody can make up series."""
    usual = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
    return scope["method"] if scope["method"] in usual else "other"


def mistake() -> Refused:
    """What is told of an error that nobody expected."""
    return Refused(500, "this is a mistake in Cited; its log says more, by the id of this request")
