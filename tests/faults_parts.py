"""What the tests of faults share: server processes, the command line, small disks, and documents whose
answers are known."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from ingest.read import document_id
from tests.conftest import ROOT

CITED = (sys.executable, "-c", "from eval.cli import main; main()")
WITHOUT_PAGE = (sys.executable, "-m", "tests.faults_server")
ENVIRONMENT = {**os.environ, "HF_HUB_OFFLINE": "1"}


class Server:
    """A server process and its address."""

    def __init__(self, library: Path, page: bool = False, **environment: str) -> None:
        command = [*CITED, "serve", "--port", "0", "--library"] if page else [*WITHOUT_PAGE]
        self._said = library.parent / f"said-{time.monotonic_ns()}"
        if not os.access(library.parent, os.W_OK) or os.path.ismount(library.parent):
            self._said = library.parent.parent / self._said.name
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [*command, str(library)],
                cwd=ROOT,
                env=ENVIRONMENT | environment,
                stdout=said,
                stderr=said,
            )
        self.http = httpx.Client(timeout=60)

    def said(self) -> str:
        """All that it has said."""
        return self._said.read_text()

    def up(self, seconds: float = 120) -> "Server":
        """Wait until it answers."""
        until = time.monotonic() + seconds
        while "Cited is at " not in self.said():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                pytest.fail(f"the server did not start:\n{self.said()}")
            time.sleep(0.02)
        self.http.base_url = self.said().split("Cited is at ")[1].split(" (")[0]
        return self

    def ended(self, seconds: float = 60) -> tuple[int, str]:
        """Exit status and what it said, of one that ends by itself."""
        try:
            return self.process.wait(seconds), self.said()
        finally:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()
        self.http.close()

    def upload(self, name: str, text: str) -> httpx.Response:
        """Add a document."""
        return self.http.post("/v1/documents", files={"file": (name, text.encode())})

    def ask(self, question: str, *documents: str) -> httpx.Response:
        """Ask."""
        return self.http.post("/v1/ask", json={"question": question, "documents": documents})


@contextmanager
def serving(library: Path, page: bool = False, **environment: str) -> Iterator[Server]:
    """A server that is up, killed afterwards."""
    server = Server(library, page, **environment)
    try:
        yield server.up()
    finally:
        server.kill()


def cited(library: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    """Exit status, output and messages of a command."""
    done = subprocess.run(
        [*CITED, *words, "--library", str(library)],
        cwd=ROOT, env=ENVIRONMENT | environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def problem(response: httpx.Response, status: int) -> str:
    """The detail of a problem, after a look at its shape."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    return told["detail"]


TOWNS = ("Arvik", "Bellmar", "Corvo", "Dunwich", "Elsby", "Farrow", "Gorran", "Hulme", "Istel", "Jarrow")


def name_of(town: str) -> str:
    """The file name of a town's paper."""
    return f"{town.lower()}.md"


def id_of(town: str) -> str:
    """The id of a town's paper, uploaded."""
    return document_id(f"upload:{name_of(town)}")


def sentence(town: str, year: int) -> str:
    """What a paper says, and an answer cites."""
    return f"The lighthouse of {town} was finished in {year}."


def paper(town: str, year: int, paragraphs: int = 1) -> str:
    """A town's paper; an edition of it for each year."""
    more = "".join(f"\n\nKeeper {n} of {town} counted {n * 7} ships in fog." for n in range(paragraphs - 1))
    return f"# {town}\n\n{sentence(town, year)}{more}\n"


def question(town: str) -> str:
    """What a paper answers."""
    return f"When was the lighthouse of {town} finished?"


def text_is_right(server: Server, name: str, citation: dict) -> bool:
    """Whether a citation is of the document's text as the server gives it."""
    text = server.http.get(f"/v1/documents/{name}/text").text
    return text[citation["start_char_index"] : citation["end_char_index"]] == citation["cited_text"]


def answers(server: Server, town: str, year: int) -> None:
    """Check that a paper is there, in this edition, and cited exactly."""
    answer = server.ask(question(town), id_of(town)).json()
    assert [c["cited_text"] for c in answer["citations"]] == [sentence(town, year)]
    assert text_is_right(server, id_of(town), answer["citations"][0])


@contextmanager
def disk(place: Path, size: str) -> Iterator[Path]:
    """A small file system of its own."""
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def closed(folder: Path, place: Path) -> Iterator[Path]:
    """A folder once more, at a place where nothing can be written, not even by root."""
    place.mkdir()
    _mount("--bind", str(folder), str(place))
    try:
        _mount("-o", "remount,bind,ro", str(place))
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def resize(place: Path, size: str) -> None:
    """Make room on a disk."""
    _mount("-o", f"remount,size={size}", str(place))


def fill(place: Path, leave: int = 0) -> Path:
    """Fill a disk but for so many bytes; the file that does it, to be removed."""
    filler = place / "filler"
    with filler.open("wb") as file:
        file.write(bytes(max(shutil.disk_usage(place).free - leave, 0)))
    with suppress(OSError), filler.open("ab", buffering=0) as file:  # what others have let go of meanwhile
        while not leave:
            file.write(bytes(4096))
    return filler


def _mount(*words: str) -> None:
    if os.name != "posix" or not shutil.which("mount"):
        pytest.skip("there is no mount here, for a disk of the test's own")
    done = subprocess.run(["mount", *words], capture_output=True, text=True)
    if done.returncode and os.geteuid() == 0 and "CI" in os.environ:
        pytest.fail(f"root may not mount here: {done.stderr}")
    if done.returncode:
        pytest.skip(f"no right to mount a disk of the test's own: {done.stderr.strip()}")
