"""`eval.bench.load`: what the server does under load, worked out from what was asked and what it says."""

import json
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread, Timer

import pytest

from app.answer import Answerer
from eval.bench import clients
from eval.bench.load import Asked, Under, as_text, ask_for, in_a_loop, run_load, summed
from eval.bench.servers import Serving, as_lines, run_servers
from eval.questions import SETS
from index.library import Library
from ingest.errors import EvaluationError
from tests.conftest import SAMPLES
from tests.test_service_api import offered

QUESTION = "How much caffeine a day is considered safe for adults?"


def look(memory: float) -> dict[str, list[float]]:
    return {
        "process_resident_memory_bytes": [memory * 1e6],
        "cited_event_loop_lag_max_seconds": [0.02],
        "python_gc_collections_total": [9.0, 3.0, 1.0],
    }


ASKED = Asked([0.1] * 98 + [0.3, 0.5], {"503": 2}, 10.0, [look(500), look(505), look(510)])


def test_percentiles_shares_and_growth_are_worked_out_by_hand():
    under = summed(4, ASKED, (8.0, 12.0))
    assert (under.requests, under.errors, under.per_second) == (102, {"503": 2}, 10.0)
    assert (under.p50, under.p95) == (0.1, 0.1)
    assert under.p99 == pytest.approx(0.302)  # 0.01 of the way from the 99th to the 100th of 100
    assert (under.of_looped, under.growth) == (1.0, 1.02)
    assert (under.memory_mb, under.stall, under.collections) == ((500, 505, 510), 0.02, (9, 3, 1))


def test_the_figures_are_told_in_words():
    assert as_text(summed(4, ASKED, (8.0, 12.0))).splitlines() == [
        "4 connections, 10 s: 102 requests, 2 errors; 2 × 503",
        "p50 0.10 s, p95 0.10 s, p99 0.30 s",
        "10.0 answers a second, 100% of answer() in a loop (8.0 before, 12.0 after)",
        "memory 500, 505, 510 MB at 10, 50 and 100 % of the time (+2.0%)",
        "the event loop was held up for 20 ms at the longest",
        "garbage collections, by generation: 9, 3, 1",
    ]


def test_of_clients_too_no_percentile_is_more_than_any_of_them_took():
    load = clients.summed(2, [0.1] * 4 + [None] + [0.1] * 4 + [0.5], 10.0)
    assert (load.clients, load.questions, load.failed, load.per_second) == (2, 10, 1, 0.9)
    assert (load.p50, load.p95, load.p99) == pytest.approx((0.1, 0.34, 0.468))  # 0.6, 0.92 of the way to 0.5


def test_a_server_that_answers_nothing_is_an_error():
    with pytest.raises(EvaluationError, match="no question was answered"):
        summed(4, Asked([], {"503": 50}, 10.0, [look(500)]), (8.0, 8.0))
    with pytest.raises(EvaluationError, match="no question was answered"):
        clients.summed(4, [0.1, None], 10.0)


def test_the_loop_answers_at_least_one_question_and_tells_how_many_a_second(sample_library, tmp_path):
    # A folder of its own: one process and one library object at a time.
    with Library(tmp_path / "library", sample_library.embedder):
        pass
    assert 0 < in_a_loop(tmp_path / "library", ["When?"], 0.1) < 100_000


def test_every_connection_asks_and_what_the_service_says_of_itself_is_read(sample_library):
    answerer = Answerer(sample_library)
    answerer.warm_up()
    with offered(answerer) as client:
        asked = ask_for(str(client.base_url), [QUESTION, "Who won the 1998 World Cup?"], 3, 1.0)
    assert asked.errors == {}
    assert len(asked.took) >= 3
    assert all(0 < seconds < 30 for seconds in asked.took)
    assert 1.0 <= asked.seconds < 30
    under = summed(3, asked, (1.0, 1.0))
    assert len(under.memory_mb) == 3
    assert under.memory_mb[0] > 50
    assert 0 <= under.stall < 30
    assert len(under.collections) == 3


class Wrong(BaseHTTPRequestHandler):
    """Answers another question than the one asked, and hangs up on every third."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1  # type: ignore[attr-defined]
        if self.server.asked % 3 == 0:  # type: ignore[attr-defined]
            self.close_connection = True
            return
        self.said(json.dumps({"question": "another"}).encode())

    def do_GET(self) -> None:
        self.said(b'# HELP a\nprocess_resident_memory_bytes 5.0e+06\na{b="c"} 2\na{b="d"} 3\n')

    def said(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def wrong() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Wrong)
    server.asked = 0  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_asking_that_is_ended_ends(wrong):
    ended = Event()
    Timer(0.3, ended.set).start()
    begun = time.perf_counter()
    ask_for(f"http://127.0.0.1:{wrong.server_port}/", ["Who?"], 2, 60.0, ended)
    assert time.perf_counter() - begun < 30


def test_wrong_answers_and_broken_connections_are_errors_and_the_asking_goes_on(wrong):
    asked = ask_for(f"http://127.0.0.1:{wrong.server_port}/", ["Who?"], 2, 0.3)
    assert asked.took == []
    assert asked.errors.keys() == {"another question", "RemoteDisconnected"}
    assert sum(asked.errors.values()) == wrong.asked > 6  # type: ignore[attr-defined]
    assert asked.looks[0] == {"process_resident_memory_bytes": [5e6], "a": [2.0, 3.0]}


@pytest.mark.heavy
def test_sixteen_connections_are_answered_without_errors_in_the_order_in_which_they_asked(monkeypatch):
    monkeypatch.setattr("eval.bench.load.LEAST_LOOP", 1.0)
    under: Under = run_load(SETS / "samples.jsonl", [SAMPLES], 16, 5)
    assert under.errors == {}
    assert under.requests >= 16
    assert under.p99 < 5 * under.p50
    assert under.growth < 1.25


def test_several_servers_are_told_as_multiples_of_one():
    rows = [
        Serving(1, 1, 10.0, 0.1, 0.2, 0),
        Serving(2, 1, 17.0, 0.1, 0.3, 1),
        Serving(1, 2, 19.0, 0.1, 0.2, 0),
    ]
    assert as_lines(rows) == [
        "1 × 1 core: 10.0 answers a second (1.00×), p50 0.10 s, p99 0.20 s, 0 errors",
        "2 × 1 core: 17.0 answers a second (1.70×), p50 0.10 s, p99 0.30 s, 1 errors",
        "1 × 2 cores: 19.0 answers a second (1.90×), p50 0.10 s, p99 0.20 s, 0 errors",
    ]


@pytest.mark.heavy
def test_servers_of_one_library_answer_side_by_side_each_on_its_core(postgres, chroma_server):
    there = len(os.sched_getaffinity(0))
    shared = postgres.database(), chroma_server.url
    rows = run_servers(SETS / "samples.jsonl", [SAMPLES], shared, 4, 2.0)
    assert [(row.processes, row.cores) for row in rows] == [(1, 1), (there, 1), (1, there)]
    assert [row.errors for row in rows] == [0, 0, 0]
    assert all(row.per_second > 0 for row in rows)
