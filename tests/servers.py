"""Real servers for a library on servers: PostgreSQL and Chroma, on loopback, gone with the test session.

Each can be taken away and brought back: stop() ends it in order, kill() at once, start() brings it back, at
the same address and with what it had kept.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

SECONDS = 60
"""To start or stop; PostgreSQL takes 0.1 and Chroma 1 where nothing else runs."""
QUICK = ("fsync=off", "full_page_writes=off")
"""What is safe where only processes are killed, never the machine."""


class Server:
    """A process that listens on a loopback port; url: its address."""

    name: str
    command: list[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.log = folder / f"{self.name}.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start, and wait until it answers; nothing where it runs."""
        if self._process is not None:
            return
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                # The children of a killed PostgreSQL live on for a moment, and the next one does not start.
                with self.log.open("ab") as log:
                    self._process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)
            if self.answers():
                return
            time.sleep(0.05)
        self.kill()
        pytest.fail(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def answers(self) -> bool:
        """Whether requests are taken."""
        raise NotImplementedError

    def stop(self) -> None:
        """End in order; nothing where it does not run."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End at once, in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(SECONDS)
            self._process = None


class PostgresServer(Server):
    """PostgreSQL with one superuser, `cited`, who needs no password. It refuses to run as root, and then runs
    as the user postgres."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        tools = shutil.which("initdb")
        if not found and not tools:
            pytest.fail("there is no PostgreSQL; `make test` installs it (Debian: apt install postgresql)")
        self._bin = found[-1] if found else Path(str(tools)).parent
        self._as: list[str] = []
        if os.geteuid() == 0:
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        make = ["-D", str(data), "-U", "cited", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        initdb = [*self._as, str(self._bin / "initdb"), *make]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
        options = ("listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={folder}")
        self.command = [*self._as, str(self._bin / "postgres"), "-D", str(data)]
        for option in (*options, *QUICK):
            self.command += ["-c", option]
        self._names = (f"library_{number}" for number in count(1))

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://cited@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = next(self._names)
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What a statement says, by the server's own client: a line a row, its columns with | between."""
        run = subprocess.run(
            [self._bin / "psql", "-X", "-q", "-A", "-t", "-c", statement, self.url(database)],
            capture_output=True,
            text=True,
        )
        if run.returncode:
            pytest.fail(f"psql failed: {run.stderr}")
        return run.stdout.strip()

    def answers(self) -> bool:
        ready = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready).returncode == 0


class ChromaServer(Server):
    """`chroma run`."""

    name = "chroma"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        tool = Path(sys.executable).with_name("chroma")
        where = ["--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(self.port)]
        self.command = [str(tool), "run", *where]
        self.url = f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                line.sendall(
                    b"GET /api/v2/heartbeat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                return line.recv(12) == b"HTTP/1.1 200"
        except OSError:
            return False


def running(kind: type[Server]) -> Iterator[Server]:
    """A server that runs, in a folder of its own that goes afterwards."""
    # Not in pytest's folders, which nobody but their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix=f"cited-{kind.name}-"))
    try:
        server = kind(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """PostgreSQL; `postgres.database()` is the address of a new database."""
    yield from running(PostgresServer)


@pytest.fixture(scope="session")
def chroma_server() -> Iterator[Server]:
    """Chroma; `chroma_server.url` is its address."""
    yield from running(ChromaServer)
