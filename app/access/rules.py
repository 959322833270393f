"""Rules that a request is held to before anything runs, and whether a server may be opened to others."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from app.access.store import AccessStore
from ingest.errors import SettingsError

SAFE = ("GET", "HEAD", "OPTIONS")
CHANGING = ("PUT", "PATCH", "DELETE")
EDITING = (
    *("/gradio_api/upload", "/v1/documents", "/v1/evaluations"),
    *("/model", "/model/look", "/model/remove"),
)
"""What is posted there changes something; the functions behind the page check for themselves."""


def is_foreign(method: str, headers: Headers) -> bool:
    """Whether a browser sends a change from a page of another origin."""
    if method in SAFE:
        return False
    origin = headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        except ValueError:  # no address at all
            return True
    return headers.get("sec-fetch-site") in ("cross-site", "same-site")


def is_editing(method: str, path: str) -> bool:
    """Whether a request by itself is for editors. The protocol at /mcp has methods of its own."""
    if method in CHANGING:
        return path != "/mcp" and not path.startswith("/mcp/")
    return method == "POST" and path.rstrip("/") in EDITING


def wants_page(method: str, headers: Headers) -> bool:
    """Whether a person waits for a page, who is better led to the login."""
    return method in ("GET", "HEAD") and "text/html" in headers.get("accept", "")


def host_of(headers: Headers) -> str:
    """The name or address by which a request calls this server, without its port; "" for what is none."""
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server at this host."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_open(host: str, store: AccessStore, insecure: bool) -> None:
    """Raises SettingsError where others than this machine could reach a server that asks nobody who they
    are. insecure: it was asked for with --no-authentication."""
    if insecure or is_loopback(host) or store.users():
        return
    raise SettingsError(
        f"at {host} everybody on the network could read, change and delete the documents; add a user with "
        "`cited user add NAME --role editor`, or say --no-authentication if that is what you want"
    )
