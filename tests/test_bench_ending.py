"""A benchmark that is broken off, or whose parts fail, says so and leaves nothing behind."""

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

import pytest

from eval.bench import clients
from eval.bench.apart import apart
from eval.bench.claims import load_wice
from eval.bench.clients import CITED, ingested
from eval.bench.ending import ending_in_order
from eval.bench.reader import run_reader
from eval.bench.speed import step
from ingest.errors import EvaluationError
from tests.conftest import SAMPLES

LONG = 60.0
"""Seconds that nothing here may take."""


@contextmanager
def broken_off(after: float) -> Iterator[None]:
    """SIGTERM to this process after so many seconds; what runs here must end of it, and soon."""
    begun = time.perf_counter()
    told = Timer(after, os.kill, (os.getpid(), signal.SIGTERM))
    told.start()
    with suppress(SystemExit), ending_in_order():
        try:
            yield
        finally:
            told.cancel()
        pytest.fail("it was not broken off")
    assert time.perf_counter() - begun < LONG / 2


def test_what_the_ingest_says_is_not_among_the_figures(tmp_path, capfd):
    ingested([SAMPLES / "coffee.md"], tmp_path / "library")
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "added" in printed.err


def test_an_ingest_that_fails_is_an_error_that_says_where_to_look(capfd):
    with pytest.raises(EvaluationError, match="`cited ingest` ended with status 1; mend what it says above"):
        ingested([SAMPLES / "coffee.md"], "postgresql://127.0.0.1:1/x", "--vectors", "http://127.0.0.1:1")
    assert "cited: " in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "measure"),
    [("squad", lambda data: run_reader(data, object())), ("wice", load_wice)],  # type: ignore[arg-type]
)
def test_data_that_are_missing_or_cut_off_are_an_error_that_names_the_file(name, measure, tmp_path):
    file = tmp_path / f"{name}.jsonl.gz"
    with pytest.raises(EvaluationError, match=f"{name}.jsonl.gz cannot be read"):
        measure(tmp_path)
    file.write_bytes(gzip.compress(b"{}\n" * 9999)[:-20])
    with pytest.raises(EvaluationError, match=f"{name}.jsonl.gz cannot be read"):
        measure(tmp_path)


def test_a_server_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(clients, "ENDING", 0.2)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as server:
        assert server.stdout
        server.stdout.readline()
        clients._end(server)
        assert server.returncode == -signal.SIGKILL


def test_work_apart_gives_what_it_returns_and_says_when_it_was_ended():
    assert apart(max, 3, 5) == 5
    with pytest.raises(EvaluationError, match="was ended, as for want of memory"):
        apart(os._exit, 9)


def test_work_apart_that_is_broken_off_is_not_waited_for():
    with broken_off(after=1):
        apart(time.sleep, LONG)


def test_a_way_of_the_speed_bench_that_is_broken_off_is_not_waited_for(tmp_path):
    endless = tmp_path / "endless.md"
    os.mkfifo(endless)
    with broken_off(after=1):
        step("cited", "build", tmp_path, json.dumps({"files": [str(endless)]}))


def serving(parent: int) -> list[str]:
    """The command of a process that serves for another, [] where there is none."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = file.read_bytes().decode().split("\0")
            stat = (file.parent / "stat").read_text()
            if "serve" in command and int(stat.rpartition(")")[2].split()[1]) == parent:
                return [file.parent.name, *command]
    return []


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.mark.heavy
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [["clients", "--clients", "2", "--pause", "600"], ["load", "--connections", "2", "--seconds", "600"]],
)
def test_a_benchmark_told_to_end_stops_its_server_and_removes_its_folder(command, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with subprocess.Popen([*CITED, "eval", "bench", *command, "--json"], stdout=subprocess.PIPE) as bench:
        while not (found := serving(bench.pid)):
            assert bench.poll() is None
            time.sleep(0.2)
        server, port = Path("/proc", found[0]), int(found[found.index("--port") + 1])
        while not listens(port):
            time.sleep(0.2)
        time.sleep(2)  # into the questions
        bench.terminate()
        assert bench.wait(timeout=LONG) == 143
        assert bench.stdout
        assert bench.stdout.read() == b""
    assert not server.exists()
    assert list(tmp_path.glob("tmp*")) == []  # what Gradio keeps there is its own
