"""Two `cited serve` on one PostgreSQL and one Chroma, under load, while one part after the other is taken
away; tests/test_ray.py does the same while a Ray cluster fills them."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from threading import Event

import httpx
import pytest

from app.ingesting import Wishes, ingest_paths
from index.fingerprint import fingerprint, holdings
from index.library import Library
from index.place import Servers
from tests.conftest import ROOT
from tests.servers import Server

CITED = str(Path(sys.executable).with_name("cited"))
SECONDS = 90
"""At most, for a server to start or a document to be added."""


class Serving:
    """`cited serve` of a library on servers. address: where it is."""

    def __init__(self, servers: Servers, log: Path) -> None:
        self.log = log
        command = [CITED, "serve", "--port", "0", "--library", servers.catalog, "--vectors", servers.vectors]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with log.open("w") as errors:
            self.process = subprocess.Popen(command, stdout=errors, stderr=errors, env=environment, cwd=ROOT)

    @property
    def address(self) -> str:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            for line in self.log.read_text().splitlines():
                if "Cited is at " in line:
                    return line.split("Cited is at ")[1].split(" ")[0].rstrip("/")
            time.sleep(0.1)
        pytest.fail(f"the server did not start:\n{self.log.read_text()[-2000:]}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Load:
    """Clients of both servers, which try again what a server that goes away has refused."""

    def __init__(self, addresses: list[str], papers: list[Path]) -> None:
        self.addresses = addresses
        self.papers = papers
        self.ended = Event()
        self.killed: set[str] = set()
        self.told: Counter[str] = Counter()

    def request(self, address: str, path: str, **given) -> httpx.Response | None:
        """An answer; None where it was a clean refusal, or the server was killed."""
        try:
            response = httpx.post(address + path, timeout=SECONDS, **given)
        except httpx.TransportError:
            assert address in self.killed, f"{address} broke off"
            return None
        self.told[f"{path} {response.status_code}"] += 1
        if response.status_code == 503:
            assert response.headers["content-type"] == "application/problem+json"
            assert int(response.headers["retry-after"]) > 0
            assert response.json()["status"] == 503
            return None
        assert response.status_code in (200, 201), response.text
        return response

    def ask(self, number: int) -> int:
        """Ask until the end; how many answers there were."""
        answers = 0
        for address in cycle(self.addresses):
            if self.ended.is_set():
                return answers
            question = {"question": f"How long is ship number {number}?"}
            if address not in self.killed and (response := self.request(address, "/v1/ask", json=question)):
                said = response.json()
                for citation in said["citations"]:
                    assert citation["cited_text"] in papers_text(self.papers)
                answers += 1
            else:
                time.sleep(0.2)
        return answers

    def add(self, papers: list[Path]) -> list[str]:
        """Add papers, each until it is there; what became of each."""
        outcomes = []
        for paper, first in zip(papers, cycle((0, 1)), strict=False):
            for address in cycle(self.addresses[first:] + self.addresses[:first]):
                sent = {"file": (paper.name, paper.read_bytes())}
                if address not in self.killed and (r := self.request(address, "/v1/documents", files=sent)):
                    outcomes.append(r.json()["outcome"])
                    break
                time.sleep(0.2)
        return outcomes


def papers_text(papers: list[Path]) -> str:
    return "\n".join(paper.read_text() for paper in papers)


def write_papers(folder: Path, many: int = 8, log: int = 0) -> list[Path]:
    """Papers on a ship each. log: how many days of its log are in them."""
    folder.mkdir()
    papers = []
    for n in range(many):
        paper = folder / f"ship-{n}.md"
        days = "\n\n".join(
            f"On day {k} ship {n} made {k * 7 % 97 + n} miles and met {k} gulls." for k in range(log)
        )
        text = f"Ship number {n} is {n + 20} metres long. It sailed in {1900 + n}."
        paper.write_text(f"# Ship {n}\n\n{text}\n\n{days}\n")
        papers.append(paper)
    return papers


def wait_ready(address: str, status: int) -> None:
    until = time.monotonic() + SECONDS
    while (found := httpx.get(address + "/ready", timeout=SECONDS).status_code) != status:
        assert time.monotonic() < until, f"{address}/ready says {found}"
        time.sleep(0.2)


@contextmanager
def under_load(
    servers: Servers, papers: list[Path], logs: Path
) -> Iterator[tuple[list[Serving], Load, Executor]]:
    """Two `cited serve`, two clients that ask them until the end, and an executor for more."""
    with ExitStack() as ends:
        serving = [Serving(servers, logs / f"{n}.log") for n in range(2)]
        for server in serving:
            ends.callback(server.end)
        load = Load([server.address for server in serving], papers)
        pool = ends.enter_context(ThreadPoolExecutor(4))
        ends.callback(load.ended.set)
        asking = [pool.submit(load.ask, n) for n in range(2)]
        yield serving, load, pool
        load.ended.set()
        assert all(done.result(SECONDS) > 0 for done in asking)
        assert load.told["/v1/ask 503"] > 0  # something was really away


def take_away(server: Server, load: Load) -> None:
    """Kill a server, wait until both `cited serve` say so, and bring it back."""
    server.kill()
    for address in load.addresses:
        wait_ready(address, 503)
    server.start()
    for address in load.addresses:
        wait_ready(address, 200)


def take_the_first_away(serving: list[Serving], load: Load) -> None:
    load.killed.add(load.addresses[0])
    serving[0].end()


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_under_load_everything_may_be_killed_in_turn_and_nothing_is_lost_or_twice(
    postgres, chroma_server, embedder, tmp_path
):
    servers = Servers(postgres.database(), chroma_server.url)
    papers = write_papers(tmp_path / "papers")
    with under_load(servers, papers, tmp_path) as (serving, load, pool):
        adding = [pool.submit(load.add, papers[n::2]) for n in range(2)]
        for server in (chroma_server, postgres):
            time.sleep(1)
            take_away(server, load)
        take_the_first_away(serving, load)
        outcomes = [outcome for done in adding for outcome in done.result(SECONDS)]
    assert len(outcomes) == 8
    assert set(outcomes) <= {"added", "unchanged"}
    uploaded = Wishes(uploads={str(path): path.name for path in papers})
    check_as_one_process_makes_it(servers, papers, uploaded, tmp_path / "alone", embedder)


def check_as_one_process_makes_it(servers, papers, wishes, folder, embedder):
    """The library on the servers holds what one process makes of the papers in a folder, once."""
    with Library(folder, embedder) as alone, Library(servers, embedder) as shared:
        ingest_paths(alone, papers, wishes=wishes)
        assert len(shared.entries()) == len(papers)
        assert fingerprint(holdings(shared.catalog).values()) == fingerprint(holdings(alone.catalog).values())
        shared.sweep()
        assert shared.vectors.ids() == set(shared.catalog.passage_ids())
        assert shared.catalog.loose() == []
