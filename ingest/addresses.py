"""Which addresses may be fetched: http and https, without a password, of the public internet."""

import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from ingest.errors import AddressRefused, SourceUnreachable, SourceUnreadable

EMBEDDING = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that hold an IPv4 address, of networks without IPv4 (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Which addresses may be connected to: public ones, those of `allowed` ("host:port"), or `all`."""

    allowed: Collection[str] = ()
    all: bool = False

    def check(self, host: str, port: int, addresses: Collection[str]) -> None:
        """Raises AddressRefused for a host with an address that is not public."""
        if self.all or f"{host}:{port}" in self.allowed:
            return
        if inner := [address for address in addresses if not is_public(address)]:
            raise AddressRefused(
                f"{host} is {inner[0]}, an address of this machine or of a private network, and was not "
                "fetched; if you mean it, add --allow-private"
            )


PUBLIC = Doors()


def checked_address(url: str) -> httpx.URL:
    """A URL that can be fetched, without its fragment. Raises SourceUnreadable."""
    try:
        address = httpx.URL(url).copy_with(fragment=None)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise SourceUnreadable(f"{url!a} is not an address that can be fetched: {error}") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise SourceUnreadable(f"{url} cannot be fetched; only http:// and https:// addresses can")
    if address.userinfo:
        plain = address.copy_with(username=None, password=None)
        raise SourceUnreadable(
            f"the address {plain} was given with a name or password, which the library would keep; "
            "save the page, and ingest the file"
        )
    return address


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever form it is written in."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in EMBEDDING:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = inner or ip
    elsewhere = ip.is_multicast or ip.is_reserved or getattr(ip, "is_site_local", False)
    return ip.is_global and not elsewhere


def resolved(host: str, port: int) -> list[str]:
    """The IP addresses of a host, whose name may itself be one in any form. Raises SourceUnreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnreachable(
            f"the name {host} cannot be resolved; see that the address is right"
        ) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
