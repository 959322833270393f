"""The reading room: conversation on one side, the document on the other.

Its browser side are the modules in static/, which call these functions; every one takes one JSON value and
returns one. Nothing of a conversation is kept here: it comes along with each question.
"""

import base64
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

import gradio as gr

from app.access.principal import acting_for
from app.answer import Answerer
from app.chat.calls import told
from app.chat.strings import language_of
from app.chat.turns import MOST_HISTORY, asked_of, checked, strings_of, turn_of
from app.export import export as exported
from app.suggest import Suggestions
from index.feedback import add_feedback
from ingest.errors import CitedError, QuestionError

ROOM = (Path(__file__).parent / "room.html").read_text(encoding="utf-8")
START = "import(new URL('page/room.js', document.baseURI)).then((room) => room.start(element, server))"
LONGEST_COMMENT = 4000


def room(answerer: Answerer) -> gr.HTML:
    """The component, inside an open Blocks."""
    functions = functions_of(answerer)
    return gr.HTML(
        ROOM, js_on_load=START, server_functions=functions, elem_id="room", apply_default_css=False
    )


def asking(answerer: Answerer) -> None:
    """The endpoint `/ask` of the Gradio API, inside an open Blocks: a question to an answer's JSON.

    Follow-ups go on from the questions of the same client, and of no other.
    """

    def ask(question: str, history: list[str], request: gr.Request) -> tuple[dict, list[str]]:
        try:
            with acting_for(request.request) if request.request else nullcontext():
                answer = answerer.answer(question, history)
        except CitedError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return answer.to_json(), [*history, answer.asked][-MOST_HISTORY:]

    question, answer, history = gr.Textbox(visible=False), gr.JSON(visible=False), gr.State([])
    question.submit(ask, [question, history], [answer, history], api_name="ask", queue=False)


def functions_of(answerer: Answerer) -> list[Callable]:
    """What the browser may call."""
    library, suggestions = answerer.library, Suggestions(answerer)

    def ask(given: Mapping) -> dict:
        return turn_of(answerer.answer(*asked_of(given)), library.catalog)

    def documents(_: Mapping) -> dict:
        return {"documents": [_entry(entry) for entry in library.entries()]}

    def suggest(given: Mapping) -> dict:
        ids, question = strings_of(given, "documents"), given.get("question")
        found = suggestions.near(str(question), ids, 3) if question else suggestions.for_documents(ids, 4)
        return {"questions": [{"question": s.question, "document_id": s.document_id} for s in found]}

    def judge(given: Mapping) -> dict:
        good = given.get("good")
        comment = str(given.get("comment") or "").strip()[:LONGEST_COMMENT]
        kept = {name: value for name, value in checked(given.get("turn")).items() if name not in SHOWN}
        add_feedback(library.catalog, kept, good if isinstance(good, bool) else None, comment)
        return {}

    def export(given: Mapping, request: gr.Request) -> dict:
        conversation, kind = given.get("conversation"), str(given.get("format"))
        if not isinstance(conversation, dict):
            raise QuestionError("there is no conversation to export")
        name, media, data = exported(conversation, kind, language_of(request))
        return {"name": name, "type": media, "data": base64.b64encode(data).decode()}

    return [told(function) for function in (ask, documents, suggest, judge, export)]


SHOWN = ("parts", "short", "cards")
"""Fields of a turn that only the page needs."""


def _entry(entry: object) -> dict:
    names = ("id", "title", "source", "version", "added", "passages", "characters", "notes")
    return {name: getattr(entry, name) for name in names}
