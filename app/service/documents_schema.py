"""Documents of `/v1/documents` as pydantic models."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.service.schema import Range, Strict
from index.visible import COLLECTION

LONGEST_ADDRESS = 4000
Collection = Annotated[
    str | None,
    Field(max_length=64, pattern=f"^({COLLECTION.pattern}|)$", examples=["minutes"],
          description="The collection to put it into; empty for everyone's."),
]  # fmt: skip


class Page(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000, description="Documents at most.")
    cursor: str | None = Field(None, pattern="^[A-Za-z0-9_=-]+$", description="`next` of the part before.")


class Entry(BaseModel):
    """A line of the list of documents."""

    id: str
    title: str
    source: str
    version: str = Field(description="SHA-256 of the content.")
    added: str = Field(description="UTC, ISO 8601.")
    passages: int
    characters: int
    notes: int
    collection: str = Field(description="Empty where it is everyone's.")


class Listed(Strict):
    """Some documents, in the order of titles."""

    documents: list[Entry]
    next: str | None = Field(description="The cursor of the next part; null at the end.")


class Section(Range):
    """A section."""

    title: str


class PageOf(Range):
    """A page."""

    number: int


class Footnote(Range):
    """A footnote with the places that refer to it."""

    label: str
    markers: list[Range]


class Document(Strict):
    """A document without its text."""

    id: str
    title: str
    source: str
    version: str
    characters: int
    sections: list[Section]
    pages: list[PageOf]
    footnotes: list[Footnote]
    left_out: list[str]
    warnings: list[str]


class LeftOut(Strict):
    """What of a source is not in its document's text, and what could not be linked."""

    id: str
    left_out: list[str] = Field(description="Taken for boilerplate: navigation, newsletter prompts …")
    warnings: list[str]


class Address(Strict):
    """A page on the web."""

    url: str = Field(
        pattern=r"^https?://[^\s/]+[^\s]*$", max_length=LONGEST_ADDRESS, examples=["https://example.org/article"]
    )  # fmt: skip
    collection: Collection = None


class Upload(Strict):
    """What may come with a file."""

    collection: Collection = None


class Line(BaseModel):
    """What became of a source."""

    source: str
    outcome: Literal["added", "replaced", "unchanged"]
    document_id: str
    title: str
    notes: int = Field(description="Footnotes.")
    orphans: int = Field(description="Footnotes that nothing refers to.")
    left_out: list[str]
    reason: str
    warnings: list[str]
    error: str
