"""The evaluation tab: run a set of questions, watch it, and read its results beside those of another run.

Knows how runs are shown, and nothing of how they are made: whatever is an `Evaluations` will do. A run
belongs to the page, not to a visitor: everybody sees it, and it goes on when its window is closed.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial, wraps
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request, Response

from app.access.principal import acting_for
from app.chat.evaluation_view import Speaker, introduction, isolated, message, results_html, watched_values
from app.chat.evaluations import BASELINE, Evaluations
from app.chat.strings import label, language_of, say
from ingest.errors import CitedError

EVERY = 0.5
"""Seconds between two looks at a run under way."""
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
"""Of a report: its own style and script (the report allows them by hash), in an origin of its own."""


def routes(app: FastAPI, evaluations: Evaluations) -> None:
    """Serve the reports at evaluations/RUN.html; call it before Gradio is mounted, which takes all paths."""

    @app.get("/evaluations/{run}.html")
    def report(run: str, request: Request) -> Response:
        try:
            page = evaluations.report(run).read_bytes()
        except (CitedError, OSError):
            return Response(say("evaluation.no_report", language_of(request)), 404, media_type="text/plain")
        return Response(page, headers={"Content-Security-Policy": POLICY}, media_type="text/html")


def evaluation_tab(evaluations: Evaluations) -> None:
    """The content of the tab, inside an open gr.Tab. Its handlers are no endpoints of the Gradio API."""
    do = _Handlers(evaluations)
    with gr.Column(elem_id="evaluation"):
        intro = gr.HTML(elem_classes="evaluation", apply_default_css=False)
        with gr.Row(elem_classes="controls"):
            chosen = gr.Dropdown([], label=label("evaluation.set"), scale=3, min_width=220)
            run = gr.Button(label("evaluation.run"), variant="primary", scale=1, min_width=110)
            stop = gr.Button(label("evaluation.cancel"), interactive=False, scale=1, min_width=110)
            add = gr.UploadButton(
                label("evaluation.add"),  # type: ignore[arg-type]  # translated as a Button's is
                file_types=[".jsonl"], scale=1, min_width=190,
            )  # fmt: skip
        said = gr.HTML(
            message(""), elem_classes="evaluation", apply_default_css=False, elem_id="evaluation-said"
        )
        told = gr.HTML(elem_classes="evaluation", apply_default_css=False, elem_id="evaluation-state")
        with gr.Row():
            which = gr.Dropdown([], label=label("evaluation.results"), min_width=280)
            against = gr.Dropdown([], label=label("evaluation.against"), min_width=280)
        shown = gr.HTML(elem_classes="evaluation", apply_default_css=False, elem_id="evaluation-results")
    timer = gr.Timer(EVERY, active=False)
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    watched = [told, timer, run, stop]
    gr.on(None, by_asker(do.open), None, [intro, chosen, which, shown, *watched], **private)
    run.click(by_asker(do.start), chosen, [said, *watched], **private)
    stop.click(by_asker(do.stop), None, watched, **private)
    timer.tick(by_asker(do.look), None, [*watched, which], **private)
    add.upload(by_asker(do.add), add, [said, chosen], **private)
    which.change(by_asker(do.choose), which, [against, shown], **private)
    against.input(by_asker(do.compare), [which, against], shown, **private)


def by_asker(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler of a request, which is its last argument, as whoever sent that: Gradio's queue loses it."""

    @wraps(handler)
    def call(*given: Any) -> Any:
        with acting_for(given[-1].request):
            return handler(*given)

    return call


class _Handlers:
    """From the tab's values to new ones. What fails is said in words."""

    def __init__(self, evaluations: Evaluations) -> None:
        self.evaluations = evaluations

    def open(self, request: gr.Request) -> tuple:
        """Introduction, sets, runs, results and progress, for a page that has just been opened."""
        speak, state = speaker_of(request), self.evaluations.state()
        sets, runs = list(self.evaluations.sets()), self._runs(speak)
        chosen = gr.update(choices=sets, value=state.name if state.name in sets else sets[0])
        shown = gr.skip() if runs["choices"] else f"<p>{escape(speak('evaluation.none'))}</p>"
        return introduction(speak), chosen, runs, shown, *watched_values(state, speak)

    def start(self, name: str, request: gr.Request) -> tuple:
        """What was said before gone; progress, timer and buttons after a click on Run."""
        speak = speaker_of(request)
        try:
            started, state = self.evaluations.start(name), self.evaluations.state()
        except CitedError as error:
            return message(speak("evaluation.failed", why=error), "failed"), *watched_values(
                self.evaluations.state(), speak
            )
        if not started:
            gr.Warning(escape(speak("evaluation.busy", name=isolated(state.name))))
        return message(""), *watched_values(state, speak)

    def stop(self, request: gr.Request) -> tuple:
        """Progress, timer and buttons after a click on Stop."""
        with suppress(CitedError):  # The button is there for those who may.
            self.evaluations.stop()
        return watched_values(self.evaluations.state(), speaker_of(request))

    def look(self, request: gr.Request) -> tuple:
        """The same at a tick of the timer, and the runs once this one is finished."""
        speak, state = speaker_of(request), self.evaluations.state()
        return *watched_values(state, speak), self._runs(speak) if state.stage == "done" else gr.skip()

    def add(self, path: str, request: gr.Request) -> tuple:
        """What became of a set that was uploaded, and the sets."""
        speak = speaker_of(request)
        try:
            name = self.evaluations.add_set(Path(path))
        except CitedError as error:
            return message(speak("evaluation.failed", why=error), "failed"), gr.skip()
        said = message(speak("evaluation.added", name=isolated(name)))
        return said, gr.update(choices=list(self.evaluations.sets()), value=name)

    def choose(self, run: str | None, request: gr.Request) -> tuple:
        """What a run can be compared with, and its results beside the best of that."""
        if not run:
            return gr.skip(), gr.skip()
        try:
            others = [*self.evaluations.others(run), ""]
        except CitedError as error:
            return gr.skip(), message(speaker_of(request)("evaluation.failed", why=error), "failed")
        choices = self._named(others, speaker_of(request))
        return gr.update(choices=choices, value=others[0]), self.compare(run, others[0], request)

    def compare(self, run: str, against: str, request: gr.Request) -> str:
        """The results of a run beside those of another."""
        speak = speaker_of(request)
        try:
            found = self.evaluations.results(run, against)
        except CitedError as error:
            return message(speak("evaluation.failed", why=error), "failed")
        return results_html(found, self._named([against], speak)[0][0], speak)

    def _runs(self, speak: Speaker) -> dict:
        names = [run.name for run in self.evaluations.runs()]
        return gr.update(choices=self._named(names, speak), value=names[0] if names else None)

    def _named(self, names: Sequence[str], speak: Speaker) -> list[tuple[str, str]]:
        """What can be compared, as a visitor reads it and by name."""
        words = {"": speak("evaluation.nothing"), BASELINE: speak("evaluation.baseline")}
        for run in self.evaluations.runs():
            when = f"{run.date.astimezone():%Y-%m-%d %H:%M:%S}"
            words[run.name] = f"{when} · {isolated(run.set)}"
        return [(words.get(name, name), name) for name in names]


def speaker_of(request: gr.Request) -> Speaker:
    """The words of the page in the visitor's language."""
    return partial(say, language=language_of(request))
