"""The page: a room to read and ask in, the library, evaluations. Only app/chat imports gradio."""

import os
import re
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.principal import LOCAL_OWNER, NOBODY, current
from app.access.rules import host_of, is_foreign, is_loopback
from app.answer import Answerer
from app.chat import evaluation_tab, model_settings, reading, strings, writing
from app.chat.evaluations import Evaluations
from app.chat.library_jobs import Jobs
from app.chat.library_tab import library_tab
from app.chat.room import asking, room
from app.chat.strings import label
from ingest.read import MOST_BYTES

HERE = Path(__file__).parent
STATIC = HERE / "static"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
"""Nothing from elsewhere, whatever a document holds; Gradio itself needs inline scripts and styles."""
STYLES = "".join(f'<link rel="stylesheet" href="page/{file.name}">' for file in sorted(STATIC.glob("*.css")))
"""As links, for Gradio rewrites what it is given as CSS, and loses rules."""
FONT = ("ui-sans-serif", "system-ui", "sans-serif")
OF_GRADIO = re.compile(
    r"/gradio_api/(?:info|app_id|startup-events|theme\.css|heartbeat/.*|component_server|upload|upload_progress"
    r"|queue/(?:join|data|status)|(?:run|api)/.*|call/.*|cancel|reset|file=.*)/?"
)
"""What the page and the clients of its one endpoint use of Gradio's. It serves more, and each version other
things: histories of runs in a storage of its makers, with the token of this machine's owner; recordings."""
UPLOADS = (3600, 86_400)
"""Gradio looks every so many seconds for uploads older than so many: those that nobody added in the end."""


def build(answerer: Answerer, evaluations: Evaluations | None = None) -> tuple[gr.Blocks, Jobs]:
    """The page, and the jobs of its library tab. Only `ask` is an endpoint of the Gradio API."""
    with gr.Blocks(title="Cited", analytics_enabled=False, fill_width=True, delete_cache=UPLOADS) as page:
        gr.HTML("<h1>Cited</h1>", elem_id="brand", apply_default_css=False)
        with gr.Tabs():
            with gr.Tab(label("tab.read"), id="read"):
                room(answerer)
            with gr.Tab(label("tab.library"), id="library"):
                jobs = library_tab(answerer.library)
            if evaluations:
                with gr.Tab(label("tab.evaluation"), id="evaluation"):
                    evaluation_tab.evaluation_tab(evaluations)
        asking(answerer)
    return page, jobs


def application(
    answerer: Answerer,
    evaluations: Evaluations | None = None,
    may_configure: bool = False,
    beside: Callable[[FastAPI], None] = lambda _: None,
    here_only: bool = False,
) -> FastAPI:
    """The page as an ASGI application, with the headers that keep it to itself. Its state has the `jobs` of
    the library tab, to be closed before the library is. may_configure: its readers may set the language
    model, for all of them. beside: adds what is served beside it. here_only: it is called by this machine's
    own names only."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    page, app.state.jobs = build(answerer, evaluations)
    app.add_middleware(Guard, here_only=here_only)
    app.mount("/page", StaticFiles(directory=STATIC))

    @app.get("/strings.json")
    def words() -> FileResponse:
        return FileResponse(strings.FILE)

    @app.get("/account.json")
    async def account() -> JSONResponse:
        who = current()
        name = None if who in (LOCAL_OWNER, NOBODY) else who.name
        return JSONResponse({"name": name}, headers={"Cache-Control": "no-store"})

    reading.routes(app, answerer.library)
    writing.routes(app, answerer)
    model_settings.routes(app, answerer, may_configure)
    if evaluations:
        evaluation_tab.routes(app, evaluations)
    beside(app)
    theme = gr.themes.Base(
        primary_hue="blue", neutral_hue="stone", font=FONT, font_mono=("ui-monospace", "monospace")
    )
    return gr.mount_gradio_app(
        app, page, path="", theme=theme, head=STYLES,
        i18n=strings.translations(), max_file_size=MOST_BYTES, show_error=False, footer_links=[],
        ssr_mode=False, run_history=False,
    )  # fmt: skip


class Guard:
    """Refuses what a browser sends from a page of another origin, and adds the headers that keep this one to
    itself. Plain ASGI: FastAPI's own kind of middleware costs each request milliseconds."""

    def __init__(self, app: ASGIApp, here_only: bool = False) -> None:
        self.app = app
        self.here_only = here_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]  # Gradio lets the pages of any site read what it answers.
            await send(message)

        headers = Headers(scope=scope)
        if self.here_only and not is_loopback(host_of(headers)):
            # A page from elsewhere that had its own name point here would be of the same origin.
            refusal = PlainTextResponse("This server is called by this machine's own names.", 403)
            await refusal(scope, receive, guarded)
        elif is_foreign(scope["method"], headers):
            refusal = PlainTextResponse("This page takes no orders from other sites.", status_code=403)
            await refusal(scope, receive, guarded)
        elif _unused(scope["path"].removeprefix(scope.get("root_path", ""))):
            await PlainTextResponse("Not found.", status_code=404)(scope, receive, guarded)
        else:
            await self.app(scope, receive, guarded)


def _unused(path: str) -> bool:
    """Whether Gradio alone would answer, and nobody needs it."""
    return path.startswith("/gradio_api/") and not OF_GRADIO.fullmatch(path)


def end_of_streams(app: FastAPI) -> Callable[[], object]:
    """What tells the streams of the page, which would never end, that the server does."""
    inner = next(a for r in app.routes if isinstance(a := getattr(r, "app", None), gr.routes.App))
    return inner.stop_event.set
