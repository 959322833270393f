"""What OpenAI's chat completions take, as far as it makes sense here.

What only steers how a model writes is accepted and ignored; what would be another kind of answer (several
choices, JSON, tools that must be called, probabilities of tokens) is refused, and so is what OpenAI's API
does not know.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.service.schema import Strict

IGNORED = frozenset((
    *("temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "logit_bias"),
    *("stop", "max_tokens", "max_completion_tokens", "reasoning_effort", "verbosity", "prediction"),
    *("tools", "parallel_tool_calls", "functions", "web_search_options", "top_logprobs"),
    *("seed", "user", "metadata", "store", "service_tier", "safety_identifier", "keep_alive"),
    *("prompt_cache_key", "prompt_cache_retention"),
))  # fmt: skip
"""Parameters that change nothing here."""


class Piece(BaseModel):
    """A piece of a message; only those of text are read."""

    type: str
    text: str | None = None


class Said(BaseModel):
    """A message. Those of the user are the conversation: its questions; the others change nothing."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Piece] | None = None


class StreamOptions(Strict):
    """include_usage: a last chunk with the usage."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Format(Strict):
    """Of the answer: text."""

    type: Literal["text"]


class Chat(Strict):
    """A conversation, whose last user message is the question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": "cited", "messages": [{"role": "user", "content": "Who set out?"}]}]
        }
    )

    model: str = Field(min_length=1, max_length=300, description="cited, cited-quote or cited-model.")
    messages: list[Said] = Field(min_length=1, max_length=2000)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    logprobs: Literal[False] | None = None
    modalities: list[Literal["text"]] | None = None
    response_format: Format | None = None
    tool_choice: Literal["none", "auto"] | None = None
    function_call: Literal["none", "auto"] | None = None

    @model_validator(mode="before")
    @classmethod
    def without_ignored(cls, given: Any) -> Any:
        """Leave out what changes nothing."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if name not in IGNORED}


class Model(BaseModel):
    """A model, as OpenAI lists it."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(BaseModel):
    """The models."""

    object: Literal["list"]
    data: list[Model]


class Completion(BaseModel):
    """The answer as a chat completion. cited: the whole answer, as /v1/ask gives it."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, int]
    cited: dict[str, Any]


class Failure(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(BaseModel):
    """An error in OpenAI's shape."""

    error: Failure
