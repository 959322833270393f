"""What went wrong at an endpoint, in words that say what to do."""

import unicodedata
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from random import uniform
from time import time
from typing import TYPE_CHECKING

import openai

from ingest.errors import LanguageModelError

if TYPE_CHECKING:
    from app.llm.endpoint import Endpoint

RETRIED = (429, 500, 502, 503, 504)
LONGEST_WAIT = 10.0
"""Seconds; a server that wants more is not waited for."""
MOST_CHARACTERS = 300
"""Of a server's own words."""
MOST_NAMES = 5
ENDING = "Does the address end as it should? Most end in /v1"


def pause_before(attempt: int, error: Exception) -> float | None:
    """Seconds to wait before the attempt (2, 3, ...) that follows an error, or None where none should.

    Doubles from 0.5 s, with chance, lest all who were refused come back at once; or what the server asks
    for by Retry-After, in seconds or as a date.
    """
    if isinstance(error, openai.APIStatusError):
        if error.status_code not in RETRIED:
            return None
        asked = _retry_after(error.response.headers.get("retry-after", ""))
        if asked is not None:
            return asked if asked <= LONGEST_WAIT else None
    elif not isinstance(error, openai.APIConnectionError):
        return None
    return 0.5 * 2 ** (attempt - 2) * uniform(0.5, 1.0)


def _retry_after(value: str) -> float | None:
    try:
        seconds = float(value) if value[:1].isdigit() else parsedate_to_datetime(value).timestamp() - time()
    except (ValueError, OverflowError):
        return None
    return max(seconds, 0.0)


def explained(
    error: Exception, endpoint: "Endpoint", offered: "Callable[[Endpoint], list[str]] | None"
) -> LanguageModelError:
    """An error of the openai package or of the connection, as ours. offered: asks which models there are;
    None where just that went wrong."""
    model, address, key = endpoint.model, endpoint.address, endpoint.key
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, endpoint, offered)
    if isinstance(error, openai.APIConnectionError):
        reason = cleaned(str(error.__cause__ or error), key)
        return LanguageModelError(
            f"no language model can be reached at {address}: {reason}. Is it running, is the address right?"
        )
    if isinstance(error, openai.APIError):
        words = cleaned(_words(error.body) or error.message, key)
        return LanguageModelError(f"{model} at {address} stopped: {words}")
    return LanguageModelError(
        f"{address} does not answer as the OpenAI interface does ({cleaned(str(error), key)}). {ENDING}"
    )


def _of_status(
    error: openai.APIStatusError,
    endpoint: "Endpoint",
    offered: "Callable[[Endpoint], list[str]] | None",
) -> LanguageModelError:
    model, address, key = endpoint.model, endpoint.address, endpoint.key
    words = cleaned(_words(error.body) or error.response.text, key)
    said = f": {words}" if words else ""
    if error.status_code in (401, 403):
        what, todo = ("the API key", "check") if key else ("to answer without an API key", "set")
        return LanguageModelError(f"{address} refuses {what}{said}; {todo} CITED_API_KEY")
    if error.status_code == 404:
        return _of_absence(endpoint, offered)
    if error.response.is_redirect:
        to = cleaned(error.response.headers["location"], key)
        return LanguageModelError(f"{address} sends on to {to}, which is not followed; is that the endpoint?")
    if error.status_code == 429:
        return LanguageModelError(f"{address} takes no more requests now{said}. Try again later")
    return LanguageModelError(f"{model} at {address} answers with status {error.status_code}{said}")


def _of_absence(
    endpoint: "Endpoint", offered: "Callable[[Endpoint], list[str]] | None"
) -> LanguageModelError:
    if offered is None:
        return LanguageModelError(f"{endpoint.address} has no list of models. {ENDING}")
    try:
        names = offered(endpoint)
    except LanguageModelError:
        return LanguageModelError(
            f"there is no model {endpoint.model} at {endpoint.address}, and no list of models. {ENDING}"
        )
    return LanguageModelError(
        f"there is no model {endpoint.model} at {endpoint.address}; it has {_listed(names)}"
    )


def _listed(names: list[str]) -> str:
    if not names:
        return "none"
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _words(body: object) -> str:
    """The message in an error's body; the openai package has taken it out of its `error` already."""
    if isinstance(body, Mapping):
        body = body.get("message") or body.get("detail") or body
    return str(body or "")


def cleaned(text: str, key: str | None = None) -> str:
    """A server's words on one line, without control characters and without the key, 300 characters at
    most."""
    if key:
        text = text.replace(key, "[key]")
    text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text[: 10 * MOST_CHARACTERS])
    text = " ".join(text.split())
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
