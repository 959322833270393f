"""The chat page: conversation on one side, the cited passages on the other. Only app/chat imports gradio."""

import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request, Response
from gradio.components.chatbot import ExampleMessage

from app.answer import Answerer
from app.chat import render
from app.chat.handlers import Handlers

Next = Callable[[Request], Awaitable[Response]]
HERE = Path(__file__).parent
EXAMPLES = (
    "When was the Longitude Act passed?",
    "How much caffeine a day is considered safe for adults?",
    "Who was the first to print the story of the goatherd?",
    "Where did Lloyd's of London get its name?",
)
"""Asked about the sample articles, and shown only while these are in the library."""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'self'"
)
"""Nothing from elsewhere, whatever a document holds; Gradio itself needs inline scripts and styles."""
FONT = ("ui-sans-serif", "system-ui", "sans-serif")


def build(answerer: Answerer) -> gr.Blocks:
    """The page. Its handlers are private: they are no endpoints of the Gradio API."""
    do = Handlers(answerer)
    with gr.Blocks(title="Cited", analytics_enabled=False, fill_width=True) as page:
        answers = gr.State([])
        judged = gr.State(0)
        gr.Markdown(
            "# Cited\nAsk about your documents. Every answer quotes them; click a number to see where.",
            elem_id="title",
        )
        with gr.Row(equal_height=False):
            with gr.Column(scale=6, min_width=340):
                chat = gr.Chatbot(
                    elem_id="chat", height="62vh", label="Conversation", buttons=[],
                    feedback_options=("Like", "Dislike"),
                    examples=_examples(answerer), group_consecutive_messages=False, latex_delimiters=[],
                    placeholder="Ask a question about the documents in the library.",
                )  # fmt: skip
                with gr.Row():
                    box = gr.Textbox(placeholder="Ask a question", show_label=False, label="Question",
                                     scale=8, autofocus=True, elem_id="question", max_lines=4)  # fmt: skip
                    send = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="ask")
                with gr.Row(visible=False) as saying:
                    words = gr.Textbox(label="What was right or wrong?", scale=8, elem_id="comment")
                    keep = gr.Button("Keep", size="sm", scale=1, min_width=90)
                fresh = gr.Button("New conversation", size="sm", elem_id="fresh")
            with gr.Column(scale=5, min_width=340):
                panel = gr.HTML(render.panel([]), elem_id="panel")
        with gr.Accordion("Documents", open=False):
            table = gr.HTML(do.documents())
            upload = gr.File(
                label="Add text, HTML, PDF, Word or EPUB files", file_count="multiple", height=120
            )
            told = gr.Markdown()
        outputs = [box, chat, answers, panel]
        asking = [box, chat, answers]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        box.submit(do.respond, asking, outputs, **private)
        send.click(do.respond, asking, outputs, **private)
        chat.example_select(do.pick, [chat, answers], outputs, **private)
        fresh.click(do.begin, None, outputs, **private)
        chat.clear(do.begin, None, outputs, **private)
        chat.like(do.judge, answers, [saying, judged], **private)
        gr.on([words.submit, keep.click], do.comment, [words, answers, judged], [words, saying], **private)
        upload.upload(do.add, upload, [told, table, upload], api_visibility="private")
        page.load(do.documents, None, table, **private)
    return page


def _examples(answerer: Answerer) -> list[ExampleMessage]:
    samples = {"coffee.md", "longitude.txt", "tides.html"}
    held = {Path(entry.source).name for entry in answerer.library.entries()}
    return [{"text": text} for text in EXAMPLES] if samples <= held else []


def application(answerer: Answerer) -> FastAPI:
    """The page as an ASGI application, with the headers that keep it to itself."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def add_headers(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    theme = gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", font=FONT, font_mono=("ui-monospace", "monospace")
    )
    return gr.mount_gradio_app(
        app, build(answerer), path="", theme=theme, css_paths=HERE / "page.css", show_error=False,
        js=(HERE / "page.js").read_text(encoding="utf-8"), footer_links=[], ssr_mode=False,
    )  # fmt: skip


def serve(answerer: Answerer, host: str, port: int) -> None:
    """Serve the page until interrupted. The models are loaded first, so that the first answer is quick."""
    answerer.library.embedder.question("Is everything loaded?")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    config = uvicorn.Config(application(answerer), host=host, port=port, log_level="warning")
    click.echo(f"Cited is at http://{host}:{port} (Ctrl-C ends it)", err=True)
    uvicorn.Server(config).run()
