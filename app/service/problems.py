"""Errors as HTTP tells them: `application/problem+json` (RFC 9457), and OpenAI's shape where its clients ask.

What happened is said in the error's own words; of a mistake of ours only the request's id is told.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from app.report import printable
from ingest import errors

STATUS: dict[type[errors.CitedError], int] = {
    errors.CitedError: 500,
    errors.AccessDenied: 403,
    errors.NotLoggedIn: 401,
    errors.IngestError: 422,
    errors.SourceTooLarge: 413,
    errors.SourceUnreachable: 502,
    errors.AddressRefused: 403,
    errors.LibraryError: 503,
    errors.LibraryMismatch: 409,
    errors.LibraryDamaged: 500,
    errors.LibraryFull: 507,
    errors.LibraryReadOnly: 403,
    errors.DocumentUnknown: 404,
    errors.QuestionError: 422,
    errors.ModelError: 503,
    errors.LanguageModelError: 502,
    errors.SettingsError: 409,
    errors.EvaluationError: 422,
}
"""The status of an error, or of the nearest kind that it is."""
BY_CODE = {kind.code(): status for kind, status in STATUS.items()}
MORE = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}, 507: {"Connection": "close"}}
"""Headers that belong to a status. After 507 a part of the body may be unread."""
LIKE_OPENAI = ("/v1/chat/", "/v1/models")
"""Paths whose errors have OpenAI's shape."""
OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class Refused(HTTPException):
    """A request that is answered with this status. param, code: fields of OpenAI's shape. errors: of a body
    or query that is not as described, each with where and what. A kind of the framework's own refusals, for
    whatever else is raised while it reads a body is told as a body that cannot be read."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        param: str | None = None,
        code: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.param = param
        self.code = code
        self.errors = list(errors)


def status_of(error: errors.CitedError) -> int:
    """The HTTP status that says what an error is."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def refused(error: errors.CitedError) -> Refused:
    """An error of Cited as an answer; its code is the error's name: document-unknown."""
    status = status_of(error)
    return Refused(status, str(error), MORE.get(status), code=error.code())


def refused_source(code: str, reason: str) -> Refused:
    """The same for a source that failed, by the code of its error (app.report.Line)."""
    return Refused(BY_CODE.get(code, 422), reason, code=code)


def shape(refusal: Refused, path: str, request_id: str) -> dict[str, Any]:
    """The body of a refusal, in the shape that clients of this path read."""
    detail = printable(refusal.detail)
    if path.startswith(LIKE_OPENAI):
        server = "server_error" if refusal.status_code >= 500 else "invalid_request_error"
        return {
            "error": {
                "message": detail,
                "type": OPENAI_TYPES.get(refusal.status_code, server),
                "param": refusal.param and printable(refusal.param),
                "code": refusal.code,
            }
        }
    body: dict[str, Any] = {
        "type": f"urn:cited:problem:{refusal.code}" if refusal.code else "about:blank",
        "title": HTTPStatus(refusal.status_code).phrase,
        "status": refusal.status_code,
        "detail": detail,
        "instance": request_id,
    }
    if refusal.errors:
        body["errors"] = [{name: printable(said) for name, said in e.items()} for e in refusal.errors]
    return body


def answer_to(refusal: Refused, scope: Scope) -> Response:
    """The response that tells a refusal."""
    path, name = scope["path"], scope.get("state", {}).get("request_id", "")
    openai = path.startswith(LIKE_OPENAI)
    if openai and refusal.status_code == 422:
        refusal.status_code = 400  # as OpenAI's own API has it
    return Response(
        json.dumps(shape(refusal, path, name)),
        refusal.status_code,
        refusal.headers,
        "application/json" if openai else "application/problem+json",
    )


def invalid(found: Sequence[Mapping[str, Any]], path: str) -> Refused:
    """What pydantic found wrong with a request, told once a field and without what was sent."""
    wrong = [{"where": ".".join(map(str, e["loc"])), "message": str(e["msg"])} for e in found]
    first = wrong[0] if wrong else {"where": "", "message": "it is not as described"}
    if path.startswith(LIKE_OPENAI):
        where = first["where"].removeprefix("body").lstrip(".")
        known = found[0]["type"] != "extra_forbidden" if found else True
        said = f"{where}: {first['message']}" if known else f"Unrecognized request argument supplied: {where}"
        return Refused(400, said, param=where or None, code=None if known else "unknown_parameter")
    if any(e["type"] == "json_invalid" for e in found):
        return Refused(400, "the body is no JSON", errors=wrong)
    said = f"{first['where']}: {first['message']}"
    return Refused(422, f"the request is not as described at /docs: {said}", errors=wrong)
