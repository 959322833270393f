"""A connection that goes to checked addresses only and ends at its deadline, for httpx.

A name is resolved once, and the connection goes to an address that was checked. Where the user has set a
proxy (http_proxy, https_proxy, no_proxy), the proxy resolves the name: there only names that resolve here
to an address that is not public, too, are refused.
"""

import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from ingest.addresses import Doors, resolved
from ingest.errors import SourceUnreachable

if TYPE_CHECKING:
    import ssl


@cache
def ssl_context() -> "ssl.SSLContext":
    """What certificates are checked with; made once, for it takes 30 ms."""
    return httpx.create_ssl_context()


def transport(address: httpx.URL, doors: Doors, deadline: float) -> httpx.BaseTransport:
    """What sends a request to an address, through the user's proxy where there is one. Raises
    AddressRefused for an address that the doors keep out. deadline: of time.monotonic(), in seconds."""
    proxy = getproxies().get(address.scheme) or getproxies().get("all")
    if not proxy or proxy_bypass(address.host):
        return _Direct(_Network(doors, deadline))
    try:
        addresses = resolved(address.host, address.port or 0)
    except SourceUnreachable:  # The proxy may know a name that is not known here.
        addresses = []
    doors.check(address.host, address.port or (443 if address.scheme == "https" else 80), addresses)
    return httpx.HTTPTransport(proxy=proxy if "://" in proxy else f"http://{proxy}", verify=ssl_context())


class _Direct(httpx.BaseTransport):
    """As httpx.HTTPTransport, over a network of ours, for which that has no parameter."""

    def __init__(self, network: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=ssl_context(), network_backend=network)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response, its body unread."""
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Network(httpcore.NetworkBackend):
    """Connects to checked addresses only, and waits for nothing beyond the deadline."""

    def __init__(self, doors: Doors, deadline: float) -> None:
        self._doors, self._deadline, self._plain = doors, deadline, httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *given: Any, **more: Any
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers."""
        addresses = resolved(host, port)
        self._doors.check(host, port, addresses)
        for address in addresses:
            try:
                wait = _left(timeout, self._deadline)
                stream = self._plain.connect_tcp(address, port, wait, *given, **more)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if address == addresses[-1]:
                    raise
            else:
                return _Stream(stream, self._deadline)
        raise SourceUnreachable(f"the name {host} has no address")


class _Stream(httpcore.NetworkStream):
    """A connection on which every wait ends at the deadline: headers that come a byte at a time, too."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: "ssl.SSLContext", server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wait = _left(timeout, self._deadline)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, wait), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is up")
    return left if timeout is None else min(timeout, left)
