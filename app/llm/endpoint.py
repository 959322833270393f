"""Language models behind an OpenAI-compatible interface.

Knows nothing of documents, passages or citations: messages go in, text comes out piece by piece. What is
slow to import (LlamaIndex and the openai package, 4 s) is imported when a model is first asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from app.llm.tokens import count_tokens
from ingest.errors import SettingsError

if TYPE_CHECKING:
    from app.llm.local import Local
    from app.llm.stream import Writing

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Message:
    """What is said to a model, and by whom."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: connect, to get a connection; first, until the first piece, for a small machine reads a
    prompt slowly; between, from one piece to the next, the model's thoughts included."""

    connect: float = 5.0
    first: float = 120.0
    between: float = 60.0


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is. address: URL without a slash at its end. context: tokens, the answer included."""

    model: str
    address: str
    context: int
    key: str | None = field(default=None, repr=False)
    patience: Patience = PATIENCE

    @property
    def host(self) -> str:
        """The name or address of the machine."""
        return urlsplit(self.address).hostname or ""


class LanguageModel:
    """A model at an endpoint. Several threads may ask it at once.

    local: the server of our own that is behind the endpoint, where there is one.
    """

    def __init__(self, endpoint: Endpoint, local: "Local | None" = None) -> None:
        self._endpoint, self._local = endpoint, local

    def __repr__(self) -> str:
        return f"LanguageModel({self.name!r} at {self.address})"

    @property
    def name(self) -> str:
        """As the endpoint knows it; of a file, its name without the ending."""
        return self._endpoint.model

    @property
    def address(self) -> str:
        """The endpoint's URL."""
        return self._endpoint.address

    @property
    def context(self) -> int:
        """Tokens that it takes, its answer included."""
        return self._endpoint.context

    def stream(self, messages: Sequence[Message], most_tokens: int) -> "Writing":
        """Pieces of the text that the model writes at temperature 0, without its thoughts.

        Nothing is sent before the first piece is asked for. Raises LanguageModelError then, after three
        tries where trying again may help; and later, with "broke off" in its message, when the connection
        ends before the text does, or is silent for too long. Ends by itself after 8 characters a token.
        Closing it closes the connection at once, from whichever thread.
        """
        from app.llm.stream import Writing

        return Writing(self._endpoint, messages, most_tokens)

    def models(self) -> list[str]:
        """Names of the models that the endpoint offers. Raises LanguageModelError."""
        from app.llm.stream import offered

        return offered(self._endpoint)

    def count(self, text: str) -> int:
        """Tokens of a text, estimated, rather too many than too few; see app/llm/tokens.py."""
        return count_tokens(text)

    def close(self) -> None:
        """Let go of the server of a GGUF file; it ends with the last model that uses it."""
        self._local = None


def connect(
    model: str,
    endpoint: str | None = None,
    api_key: str | None = None,
    context: int = 4096,
    timeout: Patience = PATIENCE,
) -> LanguageModel:
    """The language model of that name at an endpoint, or that of a .gguf file, which runs in this process.

    An endpoint is sent nothing yet; a file is loaded. A key without an endpoint is one of OpenAI. Raises
    SettingsError for what is no address or no key, and where an endpoint is missing; LanguageModelError for
    a file that cannot be run.
    """
    key = checked_key(api_key)
    if not endpoint and model.lower().endswith(".gguf"):
        from app.llm.local import run

        local = run(model, context)
        return LanguageModel(Endpoint(local.name, local.address, context, local.key, timeout), local)
    if not endpoint and key is None:
        raise SettingsError(
            f"it is not said where the language model {model} is: set --endpoint or CITED_ENDPOINT "
            "(OPENAI_API_BASE and OLLAMA_BASE_URL are read too), or name a .gguf file"
        )
    return LanguageModel(Endpoint(model, checked_address(endpoint or OPENAI), context, key, timeout))


def checked_address(endpoint: str) -> str:
    """An endpoint's URL without slashes at its end. Raises SettingsError, which repeats no credentials."""
    import httpx

    shown = "the endpoint" if "@" in endpoint else f"the endpoint {endpoint!r}"
    try:
        parts = urlsplit(endpoint.strip())
        wrong = "names no machine" if not parts.hostname or parts.port == 0 else ""
        httpx.URL(endpoint.strip())
    except (ValueError, httpx.InvalidURL):
        raise SettingsError(f"{shown} is no address; one is like http://127.0.0.1:8080/v1") from None
    if parts.scheme not in ("http", "https"):
        wrong = "does not begin with http:// or https://"
    elif parts.username is not None or parts.password is not None:
        wrong = "holds a name or a password; set the API key (CITED_API_KEY) instead"
    elif parts.query or parts.fragment or any(c.isspace() or not c.isprintable() for c in endpoint.strip()):
        wrong = "holds a question mark, a # or a blank; it is an address such as http://127.0.0.1:8080/v1"
    if wrong:
        raise SettingsError(f"{shown} {wrong}")
    return endpoint.strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")


def checked_key(key: str | None) -> str | None:
    """A key without blanks around it; an empty one is none. Raises SettingsError, without the key."""
    key = (key or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError("the API key holds a character that no key has; copy it again (CITED_API_KEY)")
    return key or None
