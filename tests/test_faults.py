"""Servers that are killed, and two of them for one library, as real processes.

`python -m tests.test_faults 100` kills as often as one likes.
"""

import random
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from index.embed import Embedder
from index.library import Library
from tests.faults_parts import (
    TOWNS,
    Server,
    answers,
    id_of,
    name_of,
    paper,
    question,
    serving,
)  # fmt: skip

KILLS = 12
"""`python -m tests.test_faults 100` was run, too (LOG.md)."""
CLIENTS = 3
LONG = 40
"""Paragraphs of one paper in four; its embedding takes a moment in which to be killed."""
GONE = 0
"""In place of a year: there is no such document."""


@dataclass
class Told:
    """What a client knows of its papers, by town. confirmed: the year of the edition that the server said was
    there. asked: what it asked for and has not heard of. done: changes confirmed."""

    chance: random.Random
    towns: tuple[str, ...]
    year: int = 1000
    confirmed: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    done: int = 0

    def work(self, server: Server) -> None:
        """Upload and delete until the server is gone."""
        try:
            with httpx.Client(base_url=server.http.base_url, timeout=60) as http:
                while True:
                    self._change(http, self.chance.choice(self.towns))
        except httpx.TransportError:
            return

    def _change(self, http: httpx.Client, town: str) -> None:
        delete = self.confirmed.get(town, GONE) != GONE and self.chance.random() < 0.4
        self.year += 1
        self.asked[town] = GONE if delete else self.year
        if delete:
            response = http.delete(f"/v1/documents/{id_of(town)}")
            assert response.status_code == 204, response.text
        else:
            text = paper(town, self.year, LONG if self.chance.random() < 0.25 else 1)
            response = http.post("/v1/documents", files={"file": (name_of(town), text.encode())})
            assert response.status_code == 201, response.text
        self.confirmed[town] = self.asked.pop(town)
        self.done += 1

    def check(self, server: Server, listed: set[str]) -> None:
        """Hold the library against what was said, and learn how what was asked for ended."""
        for town in self.towns:
            may_be = {self.confirmed.get(town, GONE)} | {self.asked.pop(town, self.confirmed.get(town, GONE))}
            found = self._edition(server, town) if id_of(town) in listed else GONE
            assert found in may_be, f"{town} is in edition {found}, and must be in one of {may_be}"
            if found == GONE:
                everywhere = server.ask(question(town)).json()
                assert id_of(town) not in {p["document_id"] for p in everywhere["passages"]}
                assert id_of(town) not in {c["document_id"] for c in everywhere["citations"]}
            else:
                answers(server, town, found)
            self.confirmed[town] = found

    def _edition(self, server: Server, town: str) -> int:
        text = server.http.get(f"/v1/documents/{id_of(town)}/text").text
        year = int(text.split("finished in ")[1][:4])
        assert text.split() in [paper(town, year, size)[2:].split() for size in (1, LONG)]
        return year


def killed(folder: Path, kills: int, seed: int) -> list[Told]:
    """Clients change a library whose server is killed so many times, and look at it after each."""
    chance = random.Random(seed)
    clients = [Told(random.Random(n), TOWNS[n::CLIENTS]) for n in range(CLIENTS)]
    for _ in range(kills):
        with serving(folder) as server:
            look(server, clients)
            change(server, clients, chance.uniform(0.05, 1.5))
    with serving(folder) as server:
        look(server, clients)
    with Library(folder, Embedder()) as library:
        library.sweep()
        assert library.vectors.count() == library.catalog.passage_count()
    return clients


def change(server: Server, clients: list[Told], seconds: float) -> None:
    """Let the clients work for so long, and kill the server."""
    failures: list[BaseException] = []

    def work(client: Told) -> None:
        try:
            client.work(server)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join(60)
    assert failures == []


def look(server: Server, clients: list[Told]) -> None:
    """Check everything, as a server that has just started tells it."""
    listed = {one["id"] for one in server.http.get("/v1/documents").json()["documents"]}
    assert listed <= {id_of(town) for town in TOWNS}
    for client in clients:
        client.check(server, listed)


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_a_server_killed_while_documents_come_and_go_keeps_what_it_confirmed(tmp_path):
    clients = killed(tmp_path / "library", KILLS, 1957)
    assert sum(client.done for client in clients) > KILLS


if __name__ == "__main__":
    begun = time.monotonic()
    with TemporaryDirectory() as made:
        done = killed(Path(made) / "library", int(sys.argv[1]), 1884)
    changes = sum(client.done for client in done)
    seconds = time.monotonic() - begun
    print(f"{sys.argv[1]} kills, {changes} changes confirmed, all of them kept; {seconds:.0f} s")
