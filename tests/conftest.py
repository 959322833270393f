"""What every test may use: real parts, loaded once."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.embed import Embedder
from index.library import Library
from ingest.read import read_file
from tests.databases import catalog, database, store  # noqa: F401 - fixtures for all
from tests.ray_nodes import cluster  # noqa: F401 - a fixture for all
from tests.servers import chroma_server, postgres  # noqa: F401 - fixtures for all

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).parent.parent
ARTICLE = ROOT.parent / "shared" / "article" / "security-cooperation.txt"
SAMPLES = ROOT / "ingest" / "samples"


@pytest.fixture(scope="session")
def article_path() -> Path:
    """The article everything started from; not ours to publish, so it may be absent."""
    path = Path(os.environ.get("ARTICLE", ARTICLE))
    if not path.exists():
        pytest.skip(f"the article is not at {path}")
    return path


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The real model, loaded once."""
    return Embedder()


@pytest.fixture
def library(tmp_path: Path, embedder: Embedder) -> Iterator[Library]:
    """An empty library with the real model."""
    with Library(tmp_path / "library", embedder) as opened:
        yield opened


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Library]:
    """A library of the sample articles; tests leave it as it is."""
    with Library(tmp_path_factory.mktemp("samples") / "library", embedder) as opened:
        for path in sorted(SAMPLES.iterdir()):
            opened.add(read_file(path))
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = chromium(playwright)
        yield opened
        opened.close()


def chromium(playwright: "Playwright") -> "Browser":
    """A real headless Chromium, started."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.fail("there is no Chromium; `make test` installs it")
    # Without a sandbox, for tests may run as root; and without its own calls home.
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    return playwright.chromium.launch(executable_path=found, args=quiet)


@contextmanager
def served(app: "FastAPI") -> Iterator[str]:
    """The address of an application, served on loopback by the real server."""
    import uvicorn

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            pytest.fail("the server did not start")
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(timeout=10)
