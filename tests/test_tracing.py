"""Traces, read back from OpenTelemetry's own exporters."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app import tracing
from app.answer import Answerer
from app.engine import CitedQueryEngine
from app.logs import RequestLog
from index.retriever import CitedRetriever
from tests.conftest import ROOT


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.begin_with(SimpleSpanProcessor(exporter))
    yield exporter
    tracing.end()


def test_a_span_has_a_name_a_duration_and_numbers(spans):
    with tracing.span("search", passages=5) as span:
        time.sleep(0.02)
        span.set(linked=2, best=0.5)
    (done,) = spans.get_finished_spans()
    assert done.name == "search"
    assert dict(done.attributes) == {"cited.passages": 5, "cited.linked": 2, "cited.best": 0.5}
    assert 20e6 <= done.end_time - done.start_time < 500e6
    assert done.resource.attributes["service.name"] == "cited"


def test_words_have_no_place_in_a_span(spans):
    with pytest.raises(TypeError, match="question is str; a trace takes numbers"):
        tracing.span("search", question="When?")


def test_a_span_of_what_failed_says_the_kind_of_the_error_and_not_its_words(spans):
    with pytest.raises(ValueError, match="1932"), tracing.span("read"):
        raise ValueError("opened in 1932")
    (done,) = spans.get_finished_spans()
    assert (done.status.status_code.name, done.status.description) == ("ERROR", "ValueError")
    assert "1932" not in done.to_json()


def write() -> Iterator[str]:
    """Goes on in another thread after each piece, as a streamed answer does."""
    with tracing.span("write") as span:
        yield "one"
        yield "two"
        span.set(sentences=2)


async def answer(_: Request) -> StreamingResponse:
    return StreamingResponse(write())


def test_spans_belong_to_their_request_and_it_to_the_callers_trace(spans, caplog):
    client = TestClient(RequestLog(Starlette(routes=[Route("/answer/{id}", answer)])))
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert client.get("/answer/7?q=secret", headers={"traceparent": caller}).text == "onetwo"
    write_span, request = spans.get_finished_spans()
    assert (write_span.name, request.name) == ("write", "GET /answer/{id}")
    assert write_span.parent.span_id == request.context.span_id
    assert f"{request.parent.span_id:x}" == "b7ad6b7169203331"
    assert f"{request.context.trace_id:x}" == "af7651916cd43dd8448eb211c80319c"
    assert dict(request.attributes) == {
        "http.request.method": "GET", "http.route": "/answer/{id}", "http.response.status_code": 200,
    }  # fmt: skip
    assert "secret" not in request.to_json()
    assert caplog.records == []


def test_a_stream_that_is_closed_early_is_no_error(spans):
    pieces = write()
    next(pieces)
    pieces.close()
    (done,) = spans.get_finished_spans()
    assert done.status.status_code.name == "UNSET"


def test_nothing_is_noted_before_the_beginning_and_after_the_end(spans):
    tracing.end()
    with tracing.span("search", passages=5) as span:
        span.set(linked=2)
    with tracing.request("") as request:
        request.http("GET", "/", 200)
    assert spans.get_finished_spans() == ()


def test_without_an_endpoint_nothing_of_opentelemetry_is_imported():
    code = (
        "import sys\nfrom app import tracing, logs\nwith tracing.span('a', b=1): pass\n"
        "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_without_the_packages_the_error_names_what_to_install():
    code = (
        "import sys\nsys.modules['opentelemetry.exporter.otlp.proto.http'] = None\n"
        "from app import tracing\nfrom ingest.errors import SettingsError\n"
        "try: tracing.begin('http://127.0.0.1:4318')\nexcept SettingsError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "pip install 'cited[tracing]'" in done.stdout


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """An address that takes what an OpenTelemetry collector takes, and what came."""
    came: list[tuple[str, bytes]] = []

    class Collect(BaseHTTPRequestHandler):
        def do_POST(self):
            came.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collect)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", came
    server.shutdown()
    thread.join()
    server.server_close()


SEND = """
import sys
from app import tracing
tracing.begin(sys.argv[1])
with tracing.span("search", passages=5): pass
tracing.end()
"""


def test_a_collector_gets_the_spans_over_otlp(collector):
    address, came = collector
    subprocess.run([sys.executable, "-c", SEND, address + "/"], cwd=ROOT, check=True)
    ((path, body),) = came
    assert path == "/v1/traces"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert span.name == "search"
    assert [(a.key, a.value.int_value) for a in span.attributes] == [("cited.passages", 5)]


def test_a_collector_that_is_down_does_not_hold_the_end_up():
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", SEND, "http://127.0.0.1:1"], cwd=ROOT, check=True)
    assert time.monotonic() - begun < 8


class Heard(BaseEventHandler):
    """Keeps what LlamaIndex's dispatcher tells."""

    told: list = []  # noqa: RUF012  (pydantic copies it)

    def handle(self, event, **_):
        self.told.append(event)


def test_llamaindex_handlers_hear_our_query_engine_and_retriever(sample_library):
    heard = Heard()
    dispatcher = get_dispatcher()
    dispatcher.add_event_handler(heard)
    try:
        question = "How much caffeine a day is considered safe for adults?"
        response = CitedQueryEngine(Answerer(sample_library)).query(question)
        CitedRetriever(sample_library).retrieve(question)
    finally:
        dispatcher.event_handlers.remove(heard)
    names = [event.class_name() for event in heard.told]
    assert [n for n in names if n.startswith("Query")] == ["QueryStartEvent", "QueryEndEvent"]
    assert [n for n in names if n.startswith("Retrieval")][-2:] == [
        "RetrievalStartEvent",
        "RetrievalEndEvent",
    ]
    ended = next(event for event in heard.told if event.class_name() == "QueryEndEvent")
    assert ended.response.response == response.response
    spans = {event.span_id.rsplit("-", 5)[0] for event in heard.told}
    assert {"CitedQueryEngine.query", "CitedRetriever.retrieve"} <= spans
