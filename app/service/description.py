"""The description of `/v1`: OpenAPI, completed with the errors that every route may answer with, and a page
of it that needs nothing from elsewhere and no script."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from app.service.documents_schema import Address
from app.service.openai_schema import OpenAIError
from app.service.problems import LIKE_OPENAI
from app.service.schema import Problem

CODE = re.compile(r"`([^`]+)`")
ABOUT = (
    "Questions about documents, answered with exact citations: every position is a half-open range of "
    "characters of the document's text, so that `text[start_char_index:end_char_index] == cited_text`. "
    "Errors are `application/problem+json`; those of the OpenAI-compatible routes have OpenAI's shape. "
    "A request may bring an id as `X-Request-ID`; every response has one."
)
EVERYWHERE = {
    "401": "Log in, or send an API key.",
    "403": "You may not do this.",
    "429": "Too many requests came from you; Retry-After says when to ask again.",
    "500": "A mistake in Cited; its log says more, by the id of the request.",
    "503": "Too much is being worked on, or the library cannot be used; ask again later.",
    "504": "It took too long.",
    "507": "There is no room on the disk.",
}
WITH_BODY = {
    "400": "The body cannot be read.",
    "408": "The body came too slowly.",
    "413": "The body is too large.",
}
TOLD = {
    "404": "There is no such thing.",
    "409": "This cannot be done as things stand; the detail says what to change.",
    "415": "A body of another kind.",
    "422": "The request is not as described, or cannot be done; the detail says why.",
    "502": "A server behind this one cannot be asked: the language model, or where a page is.",
}


def describe(api: FastAPI) -> dict[str, Any]:
    """The description, made once."""
    if api.openapi_schema is None:
        made = get_openapi(title="Cited", version=api.version, description=ABOUT, routes=api.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for model in (Problem, Address):
            schemas[model.__name__] = model.model_json_schema()
        failure = OpenAIError.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= failure.pop("$defs") | {"OpenAIError": failure}
        for path, operations in made["paths"].items():
            for operation in operations.values():
                _complete(path, operation)
        api.openapi_schema = made
    return api.openapi_schema


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Say which errors an operation may answer with, in which shape."""
    openai, responses = path.startswith(LIKE_OPENAI), operation["responses"]
    own = [status for status in responses if not status.startswith("2")]
    refusals = EVERYWHERE | (WITH_BODY if "requestBody" in operation else {})
    refusals |= {status: TOLD[status] for status in own if status in TOLD}
    if "requestBody" in operation and not openai:
        refusals["422"] = TOLD["422"]
    if openai:  # as OpenAI's own API, it says 400 to what is not as described
        refusals.pop("422", None)
        responses.pop("422", None)
    name, media = ("OpenAIError", "application/json") if openai else ("Problem", "application/problem+json")
    for status, said in refusals.items():
        content = {media: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        responses[status] = {"description": said, "content": content}
    operation["responses"] = dict(sorted(responses.items()))


@cache
def _template() -> Any:
    here = FileSystemLoader(Path(__file__).parent)
    made = Environment(loader=here, autoescape=select_autoescape(default=True))
    made.filters["coded"] = _coded
    return made.get_template("docs.html.j2")


def _coded(text: str) -> Markup:
    """A description, with what stands in backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  (escaped right here)


def page(api: FastAPI) -> str:
    """The description as HTML."""
    described = describe(api)
    operations: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            bodies = operation.get("requestBody", {}).get("content", {})
            answers = [
                (status, told["description"], _names(told.get("content", {})))
                for status, told in operation["responses"].items()
            ]
            about = {
                "path": path, "method": method.upper(), "answers": answers, "bodies": _names(bodies),
                "parameters": operation.get("parameters", ()), "summary": operation.get("summary", ""),
                "description": operation.get("description", ""), "id": operation["operationId"],
            }  # fmt: skip
            operations.setdefault(operation["tags"][0], []).append(about)
    schemas = described["components"]["schemas"]
    return _template().render(about=ABOUT, operations=operations, schemas=schemas, kind_of=kind_of)


def _names(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Each media type with its schema's kind."""
    return [(media, kind_of(told.get("schema", {}))) for media, told in content.items()]


def kind_of(schema: dict[str, Any]) -> str:
    """A schema in a few words; those that are described elsewhere by their names."""
    if ref := schema.get("$ref"):
        return ref.rpartition("/")[2]
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return " or ".join(map(repr, schema["enum"]))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(map(kind_of, choices))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {})) or 'values'}"
    return str(schema.get("type", ""))
