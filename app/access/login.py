"""The login page: plain HTML that needs no script, in three languages, light and dark."""

import json
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope

HERE = Path(__file__).parent
PATH, STYLES, LOGOUT = "/login", "/login.css", "/logout"
LANGUAGES = ("en", "ko", "ja")
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
MOST_BYTES = 10_000
"""Of what the form sends."""
SECONDS = 10.0
"""In which it must have come."""


@cache
def words() -> dict[str, dict[str, str]]:
    """Every string by key and language."""
    return json.loads((HERE / "login.json").read_text(encoding="utf-8"))


@cache
def template() -> str:
    """The page with {placeholders}."""
    return (HERE / "login.html").read_text(encoding="utf-8")


def language_of(headers: Headers) -> str:
    """The first language of Accept-Language that the page speaks, else English."""
    asked = [
        part.split(";")[0].strip().lower().split("-")[0]
        for part in headers.get("accept-language", "").split(",")
    ]
    return next((name for name in asked if name in LANGUAGES), LANGUAGES[0])


def page(
    headers: Headers,
    root: str,
    then: str = "/",
    status: int = 200,
    message: str = "",
    given: str = "",
    seconds: int = 0,
) -> Response:
    """The page. root: of the application's paths. then: the path to go to after. message: the key of what
    went wrong. given: the name that was tried. seconds: to wait."""
    language = language_of(headers)
    said = {key: escape(told[language].format(seconds=seconds)) for key, told in words().items()}
    html = template().format(
        language=language, root=escape(root), next=escape(then), given=escape(given),
        message=f'<p role="alert">{said[message]}</p>' if message else "", **said,
    )  # fmt: skip
    response = HTMLResponse(html, status, headers=HEADERS)
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""Of the page. With no-referrer a browser would send the form with «Origin: null»."""


def styles() -> Response:
    """The style sheet of the page."""
    data = (HERE / "login.css").read_bytes()
    return Response(data, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


def path_here(value: str) -> str:
    """A path of this site, "/" for whatever leads elsewhere."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return "/"
    here = value.startswith("/") and not value.startswith("//") and not parts.netloc and not parts.scheme
    return value if here and value.isprintable() and "\\" not in value else "/"


async def form(receive: Receive) -> dict[str, str] | None:
    """The fields of a form, None where it is too large. Raises TimeoutError where it does not come."""
    data, more = b"", True
    with anyio.fail_after(SECONDS):
        while more:
            message = await receive()
            data += message.get("body", b"")
            more = message.get("more_body", False)
            if len(data) > MOST_BYTES:
                return None
    return {name: values[-1] for name, values in parse_qs(data.decode("utf-8", "replace")).items()}


def address(root: str, then: str) -> str:
    """Of the page, with the path to go to after it."""
    return f"{root}{PATH}?{urlencode({'next': then})}"


def asked_next(scope: Scope) -> str:
    """The path to go to after the page, as its address says."""
    return path_here(parse_qs(scope["query_string"].decode("latin-1")).get("next", ["/"])[-1])
