"""A library with four users, and everything that is served of it, over real sockets."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from app.access.principal import LOCAL_OWNER, acting_as
from app.access.store import AccessStore
from app.answer import Answerer
from app.connections import Connection
from app.settings import Settings
from eval.for_page import PageEvaluations
from index.library import Library
from ingest.read import read_bytes

PASSWORD = "the tide is out"
USERS = {"rex": ("reader", ["a"]), "zoe": ("reader", ["b"]), "eve": ("editor", ["a"]), "ada": ("editor", [])}
HARBOUR = "# The harbour\n\nThe harbour of Marrow was dug in 1871. It holds forty ships.\n"
LAMP = "# Zebulon\n\nThe lamp of Marrow was lit in 1902. It burns paraffin.\n"
MILL = "# The mill\n\nThe mill of Marrow was built in 1799. It grinds rye.\n"
LIT = "When was the lamp of Marrow lit?"
DUG = "When was the harbour of Marrow dug?"
SECRETS = ("zebulon", "1902", "paraffin")
"""Words of the document of collection b alone."""
MCP = {"Accept": "application/json, text/event-stream"}


@dataclass
class House:
    """address: of the server, without a slash. keys: a header for each user. lamp: the document of b."""

    address: str
    library: Library
    answerer: Answerer
    store: AccessStore
    keys: dict[str, dict[str, str]]
    lamp: str

    def client(self, name: str = "", **headers: str) -> httpx.Client:
        """Somebody's, by key; nobody's without a name."""
        return httpx.Client(base_url=self.address, headers=self.keys.get(name, {}) | headers, timeout=60)

    @contextmanager
    def logged_in(self, name: str) -> Iterator[httpx.Client]:
        """Somebody's, with the cookie of a session."""
        with self.client() as client:
            assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
            yield client

    def entries(self) -> list[tuple[str, str, str]]:
        """Id, source and collection of all documents."""
        with acting_as(LOCAL_OWNER):
            return sorted((e.id, e.source, e.collection) for e in self.library.entries())

    def audited(self) -> list[dict]:
        """The audit trail."""
        path = self.library.folder / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@contextmanager
def house(folder: Path, embedder: object) -> Iterator[House]:
    """A new one, with users, whose documents are in the collections a, b and everyone's."""
    with Library(folder / "library", embedder) as library:  # type: ignore[arg-type]
        for text, name, collection in (
            (HARBOUR, "harbour.md", "a"),
            (LAMP, "lamp.md", "b"),
            (MILL, "mill.md", ""),
        ):
            document = read_bytes(text.encode(), name=name, source=f"/papers/{name}")
            library.add(document, collection=collection)
        lamp = library.find("Zebulon")
        store = AccessStore(library.folder)
        keys = {}
        for name, (role, collections) in USERS.items():
            store.add_user(name, PASSWORD, role, collections)  # type: ignore[arg-type]
            keys[name] = {"Authorization": f"Bearer {store.add_key(name)}"}
        answerer = Answerer(library)
        with everything(library, answerer) as address:
            yield House(address, library, answerer, store, keys, lamp)
        store.close()
        library.catalog.scope, library.before_change = (lambda: None), (lambda: None)


@contextmanager
def everything(library: Library, answerer: Answerer, **settings: object) -> Iterator[str]:
    """The address of all that is served of a library, as `cited serve` would."""
    from app.serving import access_of, application

    told = Settings(library.folder, **settings)  # type: ignore[arg-type]
    app = application(answerer, PageEvaluations(answerer), access_of(told))
    with served(app) as address:
        yield address
    app.state.jobs.close()


@contextmanager
def served(app: object, connection: type[Connection] = Connection) -> Iterator[str]:
    """The address of an application on loopback, with the connections of `cited serve`."""
    config = uvicorn.Config(
        app,
        http=connection,
        ws="none",
        host="127.0.0.1",
        port=0,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
    )  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield "http://{}:{}".format(*server.servers[0].sockets[0].getsockname())
    server.should_exit = True
    thread.join(timeout=10)


def called(client: httpx.Client, method: str, **params: object) -> httpx.Response:
    """A request to MCP."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return client.post("/mcp", json=body, headers=MCP)


def tool(client: httpx.Client, tool_name: str, **arguments: object) -> dict:
    """The result of a tool."""
    return called(client, "tools/call", name=tool_name, arguments=arguments).json()["result"]


def component(client: httpx.Client, name: str, element: str, **given: object) -> httpx.Response:
    """A function of the page, as its browser side calls it."""
    config = client.get("/config").json()
    number = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == element)
    body = {"data": given, "component_id": number, "fn_name": name, "session_hash": "s"}
    return client.post("/gradio_api/component_server", json=body)
