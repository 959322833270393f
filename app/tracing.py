"""OpenTelemetry traces: how long what took, in numbers, never in words of a question or a document.

Until begin() is called nothing of OpenTelemetry is imported, and a span costs next to nothing. Spans are
children of the request that they belong to, and not of each other: an answer that is written in pieces
goes on in another thread after each, which a current span would not survive.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from ingest.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Span, Tracer

SERVICE = "cited"
PATIENCE = 2.0
"""Seconds that the end waits for a collector that does not answer."""
_tracer: "Tracer | None" = None
_provider: "TracerProvider | None" = None


class Off:
    """A span that nobody wants."""

    def __enter__(self) -> "Off":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was begun."""

    def set(self, **numbers: float) -> None:
        """Nothing is noted."""

    def http(self, method: str, route: str, status: int) -> None:
        """Nothing is noted."""


class On:
    """A span while it lasts."""

    def __init__(self, span: "Span") -> None:
        self._span = span

    def __enter__(self) -> "On":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not issubclass(kind, GeneratorExit):
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, kind.__name__))
        self._span.end()

    def set(self, **numbers: float) -> None:
        """Note numbers that are known only now. Raises TypeError for words: they have no place here."""
        for name, number in numbers.items():
            if not isinstance(number, int | float):
                raise TypeError(f"{name} is {type(number).__name__}; a trace takes numbers")
            self._span.set_attribute(f"cited.{name}", number)

    def http(self, method: str, route: str, status: int) -> None:
        """Note what kind of request it was, by the names that OpenTelemetry has for it."""
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )


OFF = Off()


def span(name: str, **numbers: float) -> On | Off:
    """For `with`: a step of the work, with numbers about it."""
    if _tracer is None:
        return OFF
    begun = On(_tracer.start_span(name))
    begun.set(**numbers)
    return begun


def request(traceparent: str = "") -> AbstractContextManager[On | Off]:
    """For `with`: a request, that the spans until its end belong to. traceparent: the caller's header
    (W3C Trace Context), so that its trace goes on."""
    return OFF if _tracer is None else _request(_tracer, traceparent)


@contextmanager
def _request(tracer: "Tracer", traceparent: str) -> Iterator[On]:
    from opentelemetry.trace import SpanKind, use_span
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    before = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    began = tracer.start_span("request", before, SpanKind.SERVER)
    with On(began) as on, use_span(began, record_exception=False, set_status_on_exception=False):
        yield on


def begin(endpoint: str) -> None:
    """Send traces to an OpenTelemetry collector (OTLP over HTTP) from now on.

    endpoint: its address, as OTEL_EXPORTER_OTLP_ENDPOINT has it: http://127.0.0.1:4318. Raises
    SettingsError where the packages are missing.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsError(
            f"traces to {endpoint} need packages that are missing; install them with `pip install "
            "'cited[tracing]'`, or unset the endpoint"
        ) from error
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=PATIENCE)
    begin_with(BatchSpanProcessor(exporter))


def begin_with(processor: "SpanProcessor") -> None:
    """Hand every span to a processor of OpenTelemetry's from now on; ends what began before."""
    global _tracer, _provider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    end()
    _provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}), shutdown_on_exit=False)
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer(SERVICE)


def end() -> None:
    """Send what is left, and trace no more."""
    global _tracer, _provider
    ending, _tracer, _provider = _provider, None, None
    if ending:
        ending.shutdown()
