"""The HTTP interface, put beside the page: `/v1`, its description, health and metrics.

It is an application of its own, so that its errors, limits and description are of these paths and no others.
"""

from collections.abc import Callable
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.principal import require_everything
from app.answer import Answerer
from app.chat.evaluations import Evaluations
from app.chat.library_jobs import Jobs
from app.service import ask, documents, openai_like, runs
from app.service.description import describe, page
from app.service.limits import USUAL, Limited, Limits, is_below
from app.service.metrics import Metrics, Observed, mistake
from app.service.problems import Refused, answer_to, invalid, refused
from app.service.service import Service, service_of
from ingest.errors import CitedError

PATHS = ("/docs", "/openapi.json", "/health", "/ready", "/metrics", "/v1")
SAID = {404: "there is nothing at this path; /docs says what there is"}
"""In place of what the framework says."""


def routes(
    app: FastAPI,
    answerer: Answerer,
    evaluations: Evaluations | None,
    jobs: Jobs,
    limits: Limits = USUAL,
    ready: Callable[[], bool] = lambda: True,
) -> Metrics:
    """Add the interface to an application; call it before gradio is mounted at the root, which takes all
    paths. ready: whether the models are loaded, for whoever serves before they are. Returns the figures,
    which are to be told of the answers of every interface (`answerer.told`)."""
    service = service_of(answerer, evaluations, jobs, limits)
    app.router.routes.append(Beside(application(service, ready)))
    return service.metrics


def application(service: Service, ready: Callable[[], bool]) -> ASGIApp:
    """The interface as an ASGI application."""
    api = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        version=version("cited"),
        generate_unique_id_function=lambda route: route.name,
    )
    router = APIRouter(prefix="/v1")
    for part in (ask, documents, runs, openai_like):
        part.routes(router, service)
    api.include_router(router)
    _around(api, service, ready)
    api.add_exception_handler(Refused, _tell)
    api.add_exception_handler(CitedError, _tell)
    api.add_exception_handler(RequestValidationError, _tell)
    api.add_exception_handler(HTTPException, _tell)
    api.add_exception_handler(Exception, _tell)
    return Observed(Limited(api, service.limits), service.metrics)


def _around(api: FastAPI, service: Service, ready: Callable[[], bool]) -> None:
    """The description, and what those ask who run the server."""
    library = service.answerer.library

    @api.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(describe(api))

    @api.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(page(api))

    @api.get("/health", include_in_schema=False)
    async def health() -> Response:
        return JSONResponse({"status": "alive"})

    @api.get("/ready", include_in_schema=False)
    async def is_ready() -> Response:
        if not ready():
            raise Refused(503, "the models are being loaded", {"Retry-After": "2"})
        await service.work.do(library.reachable)
        return JSONResponse({"status": "ready"})

    @api.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        require_everything()  # the figures are of all documents
        text = await service.work.do(service.metrics.text)
        return Response(text, media_type="text/plain; version=0.0.4")


async def _tell(request: Request, error: Exception) -> Response:
    """Any error as a response."""
    if isinstance(error, RequestValidationError):
        error = invalid(error.errors(), request.url.path)
    elif isinstance(error, HTTPException) and not isinstance(error, Refused):
        said = SAID.get(error.status_code, str(error.detail))
        error = Refused(error.status_code, said, error.headers)
    elif isinstance(error, CitedError):
        error = refused(error)
    return answer_to(error if isinstance(error, Refused) else mistake(), request.scope)


class Beside(BaseRoute):
    """Hands the paths of the interface to it, unchanged, and leaves all others to the routes that follow."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for the interface."""
        ours = scope["type"] == "http" and is_below(scope["path"], PATHS)
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the interface answer."""
        await self.app(scope, receive, send)
