"""The language model of a running page: `GET /model` says which there is. Where it may be configured,
`POST /model` connects another, `POST /model/remove` takes it away, and `POST /model/look` asks what an
endpoint offers.

An API key comes from the browser and never goes back; it is used for the endpoint that it was given for, and
no other. Knows nothing of gradio.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Body, Depends, FastAPI, HTTPException, Request

from app.access.rules import host_of
from app.answer import Answerer
from app.chat.calls import told
from app.llm import LanguageModel, connect
from app.llm.line import is_loopback
from ingest.errors import SettingsError

CONTEXT = 4096
"""Tokens that a model takes, where nothing else was said when the server was started."""


class ModelSettings:
    """What the dialog of the page sets, for as long as the server runs."""

    def __init__(self, answerer: Answerer, may_configure: bool) -> None:
        self.answerer, self.may_configure = answerer, may_configure
        self.keys: dict[str, str] = {}

    def state(self) -> dict:
        """model: its name, None where there is none. host: the machine that questions and passages are sent
        to, None for this one. endpoint, and has_key (one was given for it here): only for those who may
        change them."""
        model = self.answerer.model
        host = urlsplit(model.address).hostname if model else None
        state = {
            "model": model and model.name,
            "host": None if host is None or is_loopback(host) else host,
            "may_configure": self.may_configure,
        }
        if self.may_configure:
            state |= {
                "endpoint": model and model.address,
                "has_key": bool(model and model.address in self.keys),
            }
        return state

    def use(self, given: Mapping) -> dict:
        """Connect {endpoint, model, api_key}, once the endpoint has answered. Raises SettingsError and
        LanguageModelError; the model stays what it was then."""
        if not _text(given, "model"):
            raise SettingsError("name the model; “Look” asks the endpoint which it offers")
        model, key = self.asked(given)
        model.models()
        if key:
            self.keys[model.address] = key
        self.replace(model)
        return self.state()

    def look(self, given: Mapping) -> dict:
        """The models that {endpoint, api_key} offers. Raises SettingsError and LanguageModelError."""
        return {"models": self.asked(given)[0].models()}

    def remove(self, _: Mapping) -> dict:
        """Go on without a language model."""
        self.replace(None)
        return self.state()

    def asked(self, given: Mapping) -> tuple[LanguageModel, str | None]:
        """A model as it is described, not yet asked anything, and the key for it: the one given, or else the
        one that was given for the same endpoint before."""
        endpoint, name, key = (_text(given, field) for field in ("endpoint", "model", "api_key"))
        if not endpoint:
            raise SettingsError(
                "give the endpoint's address, such as http://127.0.0.1:11434/v1; a .gguf file is named with "
                "--model when the server is started"
            )
        now = self.answerer.model
        context = now.context if now else CONTEXT
        model = connect(name or "?", endpoint, key or None, context)
        if not key and model.address in self.keys:
            key = self.keys[model.address]
            model = connect(name or "?", endpoint, key, context)
        return model, key or None

    def replace(self, model: LanguageModel | None) -> None:
        """Answer with this model from now on; answers that the other one is writing come to their end."""
        before, self.answerer.model = self.answerer.model, model
        if before:
            before.close()


def routes(app: FastAPI, answerer: Answerer, may_configure: bool) -> None:
    """Add the routes. Call it before gradio is mounted at the root."""
    settings = ModelSettings(answerer, may_configure)

    @app.get("/model")
    def state() -> dict:
        return settings.state()

    if not may_configure:
        return

    for path, act in (("", settings.use), ("/look", settings.look), ("/remove", settings.remove)):
        app.post(f"/model{path}", dependencies=[Depends(from_here)])(_posted(told(act)))


def _posted(act: Callable[[Mapping], dict]) -> Callable[[dict], dict]:
    """The function as FastAPI calls it."""

    def post(given: Annotated[dict, Body()]) -> dict:
        return act(given)

    return post


def from_here(request: Request) -> None:
    """Refuses a request that calls this server by another name than this machine's own: so do pages from
    elsewhere that had their name point here."""
    if not listens_here(host_of(request.headers)):
        raise HTTPException(403, "The language model is set at this machine only.")


def listens_here(host: str) -> bool:
    """Whether a server at this address can be reached from its own machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text(given: Mapping, name: str) -> str:
    value = given.get(name)
    return value.strip() if isinstance(value, str) else ""
