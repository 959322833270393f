"""Passage vectors on a Chroma server, for any number of processes: what one writes, the others find at once.

Everything done here may be done twice, so what a broken connection interrupts is tried again. `chroma run`
knows no tokens; what stands before it may. Certificates are always checked; SSL_CERT_FILE says against what.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import sleep

import httpx
from chromadb.api.fastapi import FastAPI
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings, System
from chromadb.errors import ChromaError, InvalidArgumentError, NotFoundError

from index.place import Servers, shown
from index.vectors import HNSW, TO_READ, TO_WRITE, T, Vectors
from ingest.errors import LibraryDamaged, LibraryError

TIMEOUT = httpx.Timeout(30, connect=5)
"""Seconds; a batch is written in 0.7 (chroma run, loopback)."""
PAUSE = 0.3
"""Seconds before the second try."""
AWAY = (401, 403, 407, 429, 502, 503, 504)
"""What a proxy says in Chroma's place, in words of its own."""
HTTP = "chromadb.api.fastapi.FastAPI"


class ServerVectors(Vectors):
    """The vectors of a library in a collection on a Chroma server.

    name: asked for the collection's name at first, by refresh(), and where the collection is gone, for a
    rebuild puts another one in its place. new: make it where it is missing. Raises LibraryError where the
    server does not answer, LibraryDamaged where the collection is gone or does not fit.
    """

    def __init__(self, servers: Servers, name: Callable[[], str], new: bool = False) -> None:
        self.place = f"the Chroma server {shown(servers.vectors)}"
        self._name = name
        with self._translated(TO_READ):
            self._api, self._session = _connected(servers.vectors, servers.token)
            try:
                if new:
                    self.make(name())
                self._open()
            except BaseException:
                self.close()
                raise

    @property
    def collection(self) -> str:
        """The name of the collection that is used here."""
        return self._collection.name

    def make(self, name: str) -> str:
        """Make a collection, where there is none of that name; its name."""
        with self._translated(TO_WRITE):
            self._twice(lambda: self._api.get_or_create_collection(name, configuration={"hnsw": HNSW}))
        return name

    def refresh(self) -> None:
        """Use the collection that the library uses now."""
        if self.collection != self._name():
            with self._translated(TO_READ):
                self._open()

    def remove(self, name: str) -> None:
        """Throw a collection away; one that is not there is no error."""
        with self._translated(TO_WRITE):
            try:
                self._twice(lambda: self._api.delete_collection(name))
            except NotFoundError:
                return

    def empty(self) -> None:
        """Throw all vectors away."""
        name = self._name()
        self.remove(name)
        self.make(name)
        with self._translated(TO_WRITE):
            self._open()

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _open(self) -> None:
        model = self._twice(lambda: self._api.get_collection(self._name()))
        self._collection = Collection(client=self._api, model=model, embedding_function=None)

    def _do(self, work: Callable[[Collection], T], way_out: str) -> T:
        with self._translated(way_out):
            try:
                return self._twice(lambda: work(self._collection))
            except NotFoundError:
                self._open()
                return self._twice(lambda: work(self._collection))

    @staticmethod
    def _twice(work: Callable[[], T]) -> T:
        """Tried again where the connection broke, as it does when the server starts anew."""
        try:
            return work()
        except (httpx.NetworkError, httpx.ProtocolError):
            sleep(PAUSE)
            return work()

    def _translated(self, way_out: str) -> AbstractContextManager[None]:
        return _translated(self.place, way_out)


def version_of(servers: Servers) -> str:
    """What the server says of its version. Raises LibraryError."""
    with _translated(f"the Chroma server {shown(servers.vectors)}", TO_READ):
        api, session = _connected(servers.vectors, servers.token)
        with session:
            return api.get_version()


@contextmanager
def _translated(place: str, way_out: str) -> Iterator[None]:
    """Errors as ours, naming the server and what to do."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        token = "; give its token in CITED_VECTORS_TOKEN" if code in (401, 403) else ""
        raise LibraryError(
            f"{place} answers {code} {error.response.reason_phrase}{token}; "
            "see that --vectors names it, and try again"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LibraryError(
            f"{place} does not answer ({str(error) or type(error).__name__}); nothing is lost: "
            "see that it runs and can be reached, and try again"
        ) from error
    except NotFoundError as error:
        raise LibraryDamaged(
            f"{place} has not the vectors of this library ({error}); the documents are safe: "
            "run `cited doctor --repair`"
        ) from error
    except InvalidArgumentError as error:
        raise LibraryDamaged(f"{place} cannot be used ({error}); {way_out}") from error
    except (ChromaError, ValueError) as error:
        raise LibraryError(
            f"{place} failed ({error}); try again, and if that stays so, see its log"
        ) from error


def _connected(url: str, token: str | None) -> tuple[FastAPI, httpx.Client]:
    """Chroma's own client of a server, on connections with time limits, which it makes without."""
    settings = Settings(
        chroma_api_impl=HTTP, chroma_server_host=url, chroma_server_http_port=0, anonymized_telemetry=False
    )
    api = System(settings).instance(FastAPI)
    made = api._session
    # The two names under which Chroma, and what stands before it, look for a token.
    headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {}
    session = httpx.Client(
        timeout=TIMEOUT, headers={**made.headers, **headers}, event_hooks={"response": [_checked]}
    )
    made.close()
    api._session = session
    return api, session


def _checked(response: httpx.Response) -> None:
    """Refuse what Chroma did not say: its client makes a bare Exception of it."""
    told = "json" in response.headers.get("content-type", "")
    if not response.is_success and (response.status_code in AWAY or not told):
        response.raise_for_status()
