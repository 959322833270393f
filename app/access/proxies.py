"""Where a request really comes from. What forwarded headers say counts only when a named proxy sent them."""

from collections.abc import MutableMapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from starlette.datastructures import Headers

from ingest.errors import SettingsError

FORWARDED = (
    *(b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port"),
    *(b"x-forwarded-prefix", b"x-forwarded-server", b"x-real-ip"),
)


class Proxies:
    """trusted: addresses and networks, such as "127.0.0.1" and "10.0.0.0/8". Raises SettingsError."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self.networks: list[IPv4Network | IPv6Network] = []
        for word in trusted:
            try:
                self.networks.append(ip_network(word, strict=False))
            except ValueError as error:
                raise SettingsError(f"{word!r} is no address or network of a proxy") from error

    def resolved(self, scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The ASGI scope with the client, the scheme and the host that the proxies report, and without what
        anybody else claims to have forwarded."""
        headers = Headers(raw=scope["headers"])
        peer = (scope.get("client") or ("", 0))[0]
        kept = [(name, value) for name, value in scope["headers"] if name.lower() not in FORWARDED]
        if not self._trusts(peer):
            return {**scope, "headers": kept}
        client = self._client(peer, ",".join(headers.getlist("x-forwarded-for")))
        scheme = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower()
        if host := headers.get("x-forwarded-host", "").split(",")[-1].strip():
            kept = [(name, value) for name, value in kept if name.lower() != b"host"]
            kept.append((b"host", host.encode("latin-1")))
        resolved = {**scope, "headers": kept, "client": (client, 0)}
        return {**resolved, "scheme": scheme} if scheme in ("http", "https") else resolved

    def _client(self, peer: str, forwarded: str) -> str:
        """The last address that no trusted proxy has; what stands before it anyone may have written."""
        for word in reversed([word.strip() for word in forwarded.split(",") if word.strip()]):
            try:
                peer = str(ip_address(word.removeprefix("[").removesuffix("]")))
            except ValueError:
                return peer
            if not self._trusts(peer):
                return peer
        return peer

    def _trusts(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.networks)
