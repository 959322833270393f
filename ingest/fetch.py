"""A URL becomes bytes, with a name that tells their format and an address that is their identity.

Only that page is fetched: nothing that it refers to. Addresses of this machine and of networks behind
it are refused unless they are allowed (`ingest.addresses`, `ingest.connection`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

import httpcore
import httpx
from selectolax.lexbor import LexborHTMLParser

from ingest.addresses import PUBLIC, Doors, checked_address
from ingest.connection import transport
from ingest.errors import IngestError, SourceTooLarge, SourceUnreachable, SourceUnreadable
from ingest.formats import TYPES, named, recoded, suffix_of
from ingest.read import MOST_BYTES

MOST_REDIRECTS = 5
ENCODINGS = ("", "identity", "gzip", "deflate")
"""Of a response. One layer only, and of 1 to 1000 at most: a few bytes cannot fill the memory."""
HEADERS = {"user-agent": "cited", "accept": "text/html, text/*;q=0.9, */*;q=0.8"}
HEADERS["accept-encoding"] = "gzip, deflate"
MOST_ADDRESS = 2000
FAILURES = (httpx.HTTPError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError)
TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for a connection, for each piece of the answer, and for everything together."""

    connect: float = 10.0
    read: float = 20.0
    total: float = 120.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page's content; name: with the suffix of its format; source: its own address."""

    data: bytes
    name: str
    source: str
    warnings: tuple[str, ...] = ()


def fetch(
    url: str, most_bytes: int = MOST_BYTES, *, doors: Doors = PUBLIC, patience: Patience = Patience()
) -> Fetched:
    """The page at an http or https URL. Raises an IngestError that names it."""
    deadline = time.monotonic() + patience.total
    cookies = httpx.Cookies()
    address = checked_address(url)
    for _ in range(MOST_REDIRECTS + 1):
        with (
            _translated(address),
            httpx.Client(
                transport=transport(address, doors, deadline),
                timeout=httpx.Timeout(patience.read, connect=patience.connect),
                headers=HEADERS,
                cookies=cookies,
            ) as client,
            client.stream("GET", address) as response,
        ):
            cookies = client.cookies
            if response.next_request is not None:
                address = checked_address(str(response.next_request.url))
                continue
            _check_status(response, address)
            return _fetched(_body(response, address, most_bytes, deadline), response, address)
    raise SourceUnreadable(f"{url} leads on to other addresses more than {MOST_REDIRECTS} times")


def _check_status(response: httpx.Response, address: httpx.URL) -> None:
    if response.is_success:
        return
    status = f"{response.status_code} {response.reason_phrase}".strip()
    if response.status_code in (401, 402, 403, 407, 451):
        raise SourceUnreachable(
            f"{address} answered {status}; save the page with a browser, and ingest the file"
        )
    again = "try again later" if response.status_code >= 429 else "see that the address is right"
    raise SourceUnreachable(f"{address} answered {status}; {again}")


def _body(response: httpx.Response, address: httpx.URL, most_bytes: int, deadline: float) -> bytes:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise SourceUnreadable(f"{address} came compressed as {encoding}, which was not asked for")
    pieces, size = [], 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > most_bytes:
            raise SourceTooLarge(
                f"{address} has more than the limit of {most_bytes / 1e6:.0f} MB; raise it with --max-mb"
            )
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the body came too slowly")
        pieces.append(piece)
    return b"".join(pieces)


def _fetched(data: bytes, response: httpx.Response, address: httpx.URL) -> Fetched:
    said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    suffix = suffix_of(data, said=said, name=address.path, source=str(address))
    warnings: tuple[str, ...] = ()
    if said in TYPES and suffix != TYPES[said] and said != "text/plain":
        warnings = (f"the server said that this is {said}; it was read as {suffix}, which it is",)
    data = recoded(data, response.charset_encoding, suffix, str(address))
    own = page_address(data, address) if suffix == ".html" else address
    return Fetched(data, named(PurePosixPath(address.path).name or address.host, suffix), str(own), warnings)


@contextmanager
def _translated(address: httpx.URL) -> Iterator[None]:
    try:
        yield
    except IngestError:
        raise
    except TIMEOUTS as error:
        raise SourceUnreachable(f"{address} did not answer in time; try again later") from error
    except FAILURES as error:
        reason = str(error) or type(error).__name__
        raise SourceUnreachable(
            f"{address} cannot be fetched: {reason}; see that the address is right"
        ) from error


def page_address(data: bytes, address: httpx.URL) -> httpx.URL:
    """The address that a page gives as its own, where that is on the same host; else where it was found.

    A page below the front page that names the front page is a mistake of its site.
    """
    for link in LexborHTMLParser(data[:100_000].decode("utf-8", "replace")).css("link[rel][href]"):
        if "canonical" in (link.attributes["rel"] or "").lower().split():
            try:
                own = checked_address(str(address.join((link.attributes["href"] or "").strip())))
            except (SourceUnreadable, httpx.InvalidURL):
                continue
            if own.host == address.host and (own.path != "/" or address.path == "/"):
                return own if len(str(own)) <= MOST_ADDRESS else address
    return address
