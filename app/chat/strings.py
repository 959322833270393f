"""The words of the page, in English, Korean and Japanese: all of them stand in strings.json.

The browser's language decides. Gradio's own components are translated in the browser (label), our
own parts by static/say.js from the same file, messages made on the server by say.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

import gradio as gr
from gradio.i18n import I18nData

LANGUAGES = ("en", "ko", "ja")
"""The first one is spoken to everybody else."""
FILE = Path(__file__).parent / "strings.json"


class HasHeaders(Protocol):
    """A request, of FastAPI or of Gradio."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers."""


@cache
def strings() -> dict[str, dict[str, str]]:
    """Every string by key and language."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def say(key: str, language: str = "en", **values: object) -> str:
    """A string with its {placeholders} filled in. Plain text: escape it where it becomes HTML."""
    return strings()[key][language].format(**values)


def label(key: str) -> I18nData:
    """A string of a Gradio component, translated in the browser."""
    if key not in strings():
        raise KeyError(key)
    return gr.I18n()(key)


def translations() -> gr.I18n:
    """All strings, as Gradio wants them."""
    return gr.I18n(**{name: {key: of[name] for key, of in strings().items()} for name in LANGUAGES})


def language_of(request: HasHeaders | None) -> str:
    """The first language of a request's Accept-Language that the page speaks."""
    accepted = request.headers.get("accept-language", "") if request else ""
    for part in accepted.split(","):
        name = part.split(";")[0].strip().lower().split("-")[0]
        if name in LANGUAGES:
            return name
    return LANGUAGES[0]
