"""A conversation as a file to keep or to send: Markdown, HTML, Word or JSON.

In Markdown, HTML and Word each citation is a footnote of the format, numbered through the conversation. Knows
nothing of libraries and answers: a conversation is what the page keeps of it, and is checked here.
"""

import json

from app.export.conversation import read_conversation
from app.export.docx import docx
from app.export.markdown import markdown
from app.export.page import page
from app.export.text import file_name
from app.export.words import LANGUAGES, Words
from ingest.errors import QuestionError

__all__ = ["FORMATS", "export"]

FORMATS = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
}
"""Format to its media type."""
SCHEMA = 1
"""Version of the JSON's shape; goes up when a field changes its meaning."""


def export(conversation: dict, format: str, language: str = "en") -> tuple[str, str, bytes]:  # noqa: A002
    """File name, media type and content. conversation: parsed JSON, id, title, created, documents and
    turns. language: of the headings and the like, "en", "ko" or "ja".

    Raises QuestionError for what is no conversation, holds no question yet, or is too large, and for a
    format or language that there is not.
    """
    if format not in tuple(FORMATS):
        raise QuestionError(f"there is no format {format!r:.40}; choose one of {', '.join(FORMATS)}")
    if language not in LANGUAGES:
        raise QuestionError(f"there is no language {language!r:.40}; choose one of {', '.join(LANGUAGES)}")
    found = read_conversation(conversation)
    words = Words(language)
    if format == "docx":
        content = docx(found, words)
    elif format == "json":
        shown = {"schema": SCHEMA} | conversation | {"schema": SCHEMA}
        text = json.dumps(shown, ensure_ascii=False, indent=2) + "\n"
        # Half a surrogate pair, which UTF-8 cannot hold, becomes what JSON writes for it: \ud800.
        content = text.encode("utf-8", "backslashreplace")
    else:
        content = (markdown if format == "md" else page)(found, words).encode()
    return file_name(found.title, found.created, format), FORMATS[format], content
