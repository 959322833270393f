"""Questions, answers and errors of `/v1` as pydantic models: checked on the way in, described at /docs.

Fields that are not described are refused. Positions are half-open ranges of characters of a document's text.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.chat.turns import MOST_HISTORY

MOST_NAMED = 1000
"""Documents that a question can be limited to."""
LONGEST_COMMENT = 4000
Documents = Annotated[
    list[str],
    Field(default_factory=list, max_length=MOST_NAMED,
          description="Ids of the documents to ask, empty for all.", examples=[["coffee-23a72f0e"]]),
]  # fmt: skip
Words = Annotated[
    str, Field(min_length=1, description="A question of at most 2000 characters.",
               examples=["How much caffeine a day is considered safe for adults?"])
]  # fmt: skip


class Strict(BaseModel):
    """No field more, no value of another kind, no text that is no Unicode: pydantic looks for lone
    surrogates where the length of a text is limited, and nowhere else."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, str_min_length=0)


class Ask(Strict):
    """A question."""

    question: Words
    history: list[str] = Field(
        default_factory=list,
        max_length=MOST_HISTORY,
        description="The questions of the conversation before this one, oldest first.",
        examples=[["When was coffee first roasted?"]],
    )
    documents: Documents
    mode: Literal["quote", "model"] = Field(
        "quote", description="Quote, or let the language model write, which must be configured."
    )
    stream: bool = Field(
        False,
        description="Answer as text/event-stream, as with `Accept: text/event-stream`: `part` for each "
        "checked sentence of a language model, `left_out` for each without support, at last `answer`, which "
        "replaces them, or `error` with a problem.",
    )


class Search(Strict):
    """What to look for."""

    question: Words
    k: int = Field(6, ge=1, le=100, description="Passages at most.")
    documents: Documents


class Range(Strict):
    """A range of characters."""

    start_char_index: int
    end_char_index: int


class Place(Range):
    """Where something stands."""

    document_id: str = Field(examples=["coffee-23a72f0e"])
    document_title: str
    document_index: int = Field(description="Place of the document among those of this answer, from 0.")
    section: str
    kind: Literal["body", "footnote"]
    footnote: str | None = Field(description="The footnote's label.")
    page: int | None = Field(description="Of a document with pages.")


class Citation(Place):
    """A quotation that proves what the answer says, with the fields of the Anthropic citations API."""

    marker: int = Field(description="The n of [n] in the answer.")
    type: Literal["char_location"]
    cited_text: str = Field(description="The document's text from start_char_index to end_char_index.")
    short_answer: Range | None = Field(description="The words of the quotation that answer.")
    score: float = Field(description="Probability that this is evidence.")


class Linked(Range):
    """A footnote that a passage refers to, or the passage that refers to a footnote."""

    kind: Literal["body", "footnote"]
    footnote: str | None


class Passage(Place):
    """A passage that was found."""

    text: str
    score: float
    similarity: float | None = Field(description="Cosine to the question; null where only words found it.")
    linked: list[Linked]


class Unsupported(Strict):
    """A sentence of the language model that no document supports."""

    text: str
    reason: str


class Answer(Strict):
    """An answer, the same on every interface."""

    question: str
    answer: str = Field(examples=["Up to 400 milligrams. “The European Food Safety Authority regards …” [1]"])
    answered: bool = Field(description="False where the documents do not say.")
    confidence: float = Field(description="Probability that the documents answer.")
    citations: list[Citation]
    passages: list[Passage] = Field(description="What was found, best first.")
    mode: str = Field(description="quote, or the name of the language model that wrote.")
    unsupported: list[Unsupported]
    notice: str | None = Field(description="What a reader must be told beside the answer.")
    timings_ms: dict[str, float]


class Found(Strict):
    """Passages, best first."""

    passages: list[Passage]


class Feedback(Strict):
    """What a reader thinks of an answer."""

    answer: Answer
    good: bool | None = Field(None, description="Thumb up or down.")
    comment: str = Field("", max_length=LONGEST_COMMENT)


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(examples=["urn:cited:problem:document-unknown"])
    title: str
    status: int
    detail: str = Field(description="What happened, to what, and what to do.")
    instance: str = Field(description="The id of the request, as in X-Request-ID.")
    errors: list[dict[str, str]] = Field(default_factory=list, description="Where the request is wrong.")
