"""What happens when a reader asks, judges an answer or adds a file: from the page's values to new ones.

A conversation is its answers, in order; the messages shown are two an answer.
"""

import html
from pathlib import Path

import gradio as gr

from app.answer import Answer, Answerer
from app.chat import render
from index.feedback import add_feedback
from ingest.errors import CitedError
from ingest.read import read_bytes


class Handlers:
    """The page's handlers over one answerer. Each returns the new values of its outputs."""

    def __init__(self, answerer: Answerer) -> None:
        self.answerer = answerer
        self.library = answerer.library

    def respond(self, question: str, messages: list, answers: list[Answer]) -> tuple:
        """Question box, messages, answers and panel after a question. One that cannot be asked stays
        in the box, with a warning."""
        if not question.strip():
            return "", messages, answers, render.panel(answers)
        try:
            answer = self.answerer.answer(question, [a.asked for a in answers])
        except CitedError as error:
            gr.Warning(html.escape(str(error)))
            return question, messages, answers, render.panel(answers)
        answers = [*answers, answer]
        asked = {"role": "user", "content": render.literally(question)}
        said = {"role": "assistant", "content": render.message(answer, len(answers))}
        return "", [*messages, asked, said], answers, render.panel(answers)

    def pick(self, messages: list, answers: list[Answer], event: gr.SelectData) -> tuple:
        """As respond, for an example question."""
        return self.respond(event.value["text"], messages, answers)

    def begin(self) -> tuple:
        """As respond, for a new conversation."""
        return "", [], [], render.panel([])

    def documents(self) -> str:
        """The table of documents."""
        return render.documents_table(self.library.entries())

    def add(self, paths: list[str] | None) -> tuple[str, str, None]:
        """What became of uploaded files, the table of documents, and an empty upload."""
        return "\n\n".join(self._add(Path(p)) for p in paths or ()), self.documents(), None

    def _add(self, path: Path) -> str:
        """Add an uploaded file under its own name; says what became of it."""
        try:
            document = read_bytes(path.read_bytes(), name=path.name, source=f"upload:{path.name}")
            outcome = self.library.add(document)
        except CitedError as error:
            return render.literally(str(error))
        return f"{outcome}: {render.literally(document.title)}"

    def judge(self, answers: list[Answer], event: gr.LikeData) -> tuple:
        """The row for a comment, shown, and the turn that it is about."""
        turn = event.index // 2 if isinstance(event.index, int) else len(answers)
        if turn < len(answers):
            add_feedback(self.library.catalog, answers[turn].to_json(), bool(event.liked))
        return gr.update(visible=True), turn

    def comment(self, text: str, answers: list[Answer], turn: int) -> tuple:
        """An empty comment, and its row, hidden."""
        if text.strip() and turn < len(answers):
            add_feedback(self.library.catalog, answers[turn].to_json(), None, text.strip())
            gr.Info("Thank you. Your comment is kept in the library.")
        return "", gr.update(visible=False)
