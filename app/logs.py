"""What is told while Cited runs: a line a request, and what goes wrong; for people, or as JSON for programs.

No text of a document, no question and no key stands in a line, unless --log-questions asks for questions.
"""

import json
import logging
import re
import sys
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from secrets import token_hex
from typing import IO

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import tracing
from app.access.principal import current

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; "" outside of one."""
FIELDS = ("method", "path", "status", "ms", "principal", "request_id", "answered", "mode", "question")
"""What a record may carry beside its message."""
ID = "X-Request-ID"
ROUTE = "cited.route"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEYS = re.compile(r"(?i)(bearer\s+|\bsk-|\bcited_)[\w.~+/-]{8,}=*")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
QUIET = ("httpx", "httpx2", "httpcore", "urllib3", "uvicorn.access", "asyncio", "chromadb.telemetry")
"""They tell every request, with its address."""
log = logging.getLogger("cited.request")
_questions = False


def begin(
    log_format: str = "text", log_level: str = "warning", questions: bool = False, to: IO[str] | None = None
) -> None:
    """Write what is logged from now on to standard error, or `to`. The last call counts."""
    global _questions
    _questions = questions
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(Json() if log_format == "json" else Text())
    logging.basicConfig(level=log_level.upper(), handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger().level))


def asked(question: str, answered: bool, mode: str, ms: float) -> None:
    """Tell that a question was answered or refused, in so many milliseconds; its words only where they are
    wanted."""
    told = {"answered": answered, "mode": mode, "ms": round(ms, 1)}
    logging.getLogger("cited.asked").info(
        "answered" if answered else "refused", extra=told | ({"question": question} if _questions else {})
    )


class Text(logging.Formatter):
    """A short line for people: `20:15:01 warning cited.request GET /reading/{id} 500 31 ms anna 5f0c…`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback adds one for each of its frames."""
        told = _fields(record)
        ms = [f"{told.pop('ms'):.0f} ms"] if "ms" in told else []
        rest = [str(told.pop(name)) for name in ("method", "path", "status") if name in told]
        words = [f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.levelname.lower()}"]
        words += [record.name, _message(record), *rest, *ms]
        words += [str(value) if name in ("principal", "request_id") else f"{name}={value!r}"
                  for name, value in told.items()]  # fmt: skip
        line = UNPRINTABLE.sub("�", " ".join(word for word in words if word))
        return "\n".join([line, *("    " + frame for frame in _frames(record))])


class Json(logging.Formatter):
    """An object a line: time (UTC, ISO 8601), level, logger, message, and the FIELDS that there are;
    `error` with its `frames` where something was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_fields(record),
        }
        if frames := _frames(record):
            told |= {"error": frames[-1], "frames": frames[:-1]}
        line = json.dumps(told, ensure_ascii=False)
        return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _message(record: logging.LogRecord) -> str:
    return KEYS.sub(r"\1••••", record.getMessage())


def _fields(record: logging.LogRecord) -> dict:
    told = {name: getattr(record, name, None) for name in FIELDS}
    told["request_id"] = told["request_id"] or request_id.get() or None
    return {name: value for name, value in told.items() if value is not None}


def _frames(record: logging.LogRecord) -> list[str]:
    """Where an error was raised, and its kind. Not what it says, for that may quote a document."""
    if not record.exc_info or record.exc_info[1] is None:
        return []
    error = record.exc_info[1]
    frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    return [*frames, f"{type(error).__name__}: {error}" if _questions else type(error).__name__]


class RequestLog:
    """ASGI, outermost: gives every request an id, or keeps that of X-Request-ID where it is sane, and tells
    what became of the request once its response is sent. A request that fails is told and raised on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        name = headers.get(ID, "")
        if not SANE_ID.fullmatch(name):
            headers[ID] = name = token_hex(8)
        state = scope.setdefault("state", {})
        state["request_id"] = name
        told: dict = {"method": scope["method"], "status": 0}
        set_before = request_id.set(name)
        begun = time.perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                told["principal"] = current().name
                MutableHeaders(scope=message)[ID] = name
            await send(message)

        try:
            with tracing.request(headers.get("traceparent", "")) as span:
                try:
                    await self.app(scope, receive, noted)
                except Exception:
                    told["status"] = told["status"] or 500
                    raise
                finally:
                    told["path"] = state.get(ROUTE) or template(scope)
                    span.http(told["method"], told["path"], told["status"])
        finally:
            told["ms"] = round((time.perf_counter() - begun) * 1000, 1)
            log.log(logging.ERROR if told["status"] >= 500 else logging.INFO, "", extra=told)
            request_id.reset(set_before)


class Routed:
    """ASGI, around the application: notes the route for the log, where what stands between them hands on a
    scope of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note its route."""
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                scope.setdefault("state", {})[ROUTE] = template(scope)


def template(scope: Scope) -> str:
    """The path as its route spells it, `/reading/{name}`; of what no route took, the first part alone, for
    the rest may be anything."""
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        return scope.get("root_path", "") + route or "/"
    first, more = scope["path"].lstrip("/").partition("/")[::2]
    return f"/{first[:40]}" + ("/…" if more else "")
