"""What each tool takes, as an assistant reads it: the schemas are made of these, and so are the checks."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.answer import LONGEST_QUESTION
from app.chat.turns import MOST_HISTORY
from app.service.schema import MOST_NAMED

ONE_OF = "give exactly one of: "


class Arguments(BaseModel):
    """Unknown names and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


Question: Any = Field(
    description=f"A question in words, {LONGEST_QUESTION} characters at most.", min_length=1
)
Among: Any = Field(
    default_factory=list,
    max_length=MOST_NAMED,
    description="Ids or titles of the documents to look in, as list_documents gives them; none for all.",
)


class AskQuestion(Arguments):
    """Answer a question from the documents of this library, with citations.

    In mode "quote" the answer is made of exact quotations; in mode "model" a language model writes it, and
    every sentence is kept only with a citation that supports it. Where the documents do not answer,
    `answered` is false, there are no citations, and `passages` holds what came nearest: do not answer from
    your own knowledge as if it stood in the documents. `document[start_char_index:end_char_index]` of each
    citation is its `cited_text`; get_document shows what stands around it."""

    question: str = Question
    documents: list[str] = Among
    history: list[str] = Field(
        default_factory=list,
        max_length=MOST_HISTORY,
        description="Earlier questions of this conversation, oldest first, for follow-ups like «and when?».",
    )
    mode: Literal["quote", "model"] = Field(
        default="quote", description='"model" only where the library was opened with a language model.'
    )


class SearchDocuments(Arguments):
    """Find the passages of the library that are nearest to a question, best first, with the footnotes that
    they refer to. Use it to read for yourself; use ask_question for an answer with citations."""

    question: str = Question
    k: int = Field(default=6, ge=1, le=100, description="How many passages.")
    documents: list[str] = Among


class ListDocuments(Arguments):
    """List the documents of the library in the order of their titles, with ids, sources and sizes, some at a
    time: `next_cursor` asks for those after them, and is null at the end."""

    cursor: str | None = Field(default=None, description="`next_cursor` of the list before this one.")


class GetDocument(Arguments):
    """Read a document: its sections, pages and footnotes with their places, and its text, or a part of it.

    Positions count characters of the text. `next_start` is where to go on reading, null at the end."""

    id: str = Field(description="The id or the title of a document.", min_length=1)
    start: int = Field(default=0, ge=0, description="First character.")
    end: int | None = Field(default=None, ge=0, description="End, exclusive; by default 20000 after start.")


class AddDocument(Arguments):
    """Add a document to the library, or replace its earlier version: a page on the web by `url` (that page
    only), or a `text` under a `name`. What was added, left out, or failed is told for each source."""

    url: str | None = Field(default=None, description="An http or https address.")
    text: str | None = Field(default=None, description="The text itself, with a `name`.")
    name: str | None = Field(
        default=None, description="A file name for the text; its suffix tells the format: notes.md."
    )
    collection: str | None = Field(
        default=None, max_length=64, description='The collection to put it into; "" for everyone\'s.'
    )

    @model_validator(mode="after")
    def one_source(self) -> Self:
        """Refuses none and several sources, and a text without a name or a name without a text."""
        sources = [name for name in type(self).model_fields if name not in ("name", "collection")]
        if sum(getattr(self, name) is not None for name in sources) != 1:
            raise ValueError(ONE_OF + ", ".join(sources))
        if (self.text is None) != (self.name is None):
            raise ValueError("a text needs a name, and only a text takes one")
        return self


class AddLocalDocument(AddDocument):
    """Add a document to the library, or replace its earlier version: a file or a folder of this machine by
    its `path`, a page on the web by `url` (that page only), or a `text` under a `name`. What was added,
    left out, or failed is told for each source."""

    path: str | None = Field(default=None, description="A file, or a folder with everything readable in it.")


class DeleteDocument(Arguments):
    """Remove a document from the library. Its file stays where it is."""

    id: str = Field(description="The id of a document, as list_documents gives it.", min_length=1)
