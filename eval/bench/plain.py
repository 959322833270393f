"""What a user would pick instead: runs of tokens, or LangChain's recursive splitter."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from eval.bench.ranges import Place
from ingest.errors import EvaluationError

if TYPE_CHECKING:
    from tiktoken import Encoding

SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ", "")
"""The report's; LangChain's own default has no sentence ends."""


@cache
def encoding() -> "Encoding":
    """cl100k_base, as in the report. Its vocabulary comes with llama-index-core, so nothing is
    downloaded: get_tokenizer loads it from there, and tiktoken keeps what is loaded."""
    import tiktoken
    from llama_index.core.utils import get_tokenizer

    get_tokenizer()
    return tiktoken.get_encoding("cl100k_base")


@cache
def tokens(text: str) -> int:
    """Length in tokens."""
    return len(encoding().encode(text, disallowed_special=()))


def token_chunks(corpora: Mapping[str, str], size: int, overlap: int) -> list[Place]:
    """Runs of exactly `size` tokens, each beginning `size - overlap` after the one before, as of
    LangChain's TokenTextSplitter; the last one of a corpus may be shorter."""
    places: list[Place] = []
    for name, text in corpora.items():
        ids = encoding().encode(text, disallowed_special=())
        starts = [*encoding().decode_with_offsets(ids)[1], len(text)]
        for at in range(0, len(ids), size - overlap):
            end = min(at + size, len(ids))
            places.append(Place(name, starts[at], starts[end]))
            if end == len(ids):
                break
    return places


def recursive_chunks(corpora: Mapping[str, str], size: int, overlap: int) -> list[Place]:
    """Chunks of at most `size` tokens, neighbours sharing at most `overlap`. Each stands where it
    first occurs behind the start of the one before it. Raises EvaluationError without LangChain."""
    try:
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError as error:
        raise EvaluationError(
            "the benchmark's plain chunker is missing; run: pip install langchain-text-splitters"
        ) from error
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=size, chunk_overlap=overlap, length_function=tokens, separators=list(SEPARATORS)
    )
    places: list[Place] = []
    for name, text in corpora.items():
        start = -1
        for chunk in splitter.split_text(text):
            start = text.index(chunk, start + 1)
            places.append(Place(name, start, start + len(chunk)))
    return places


CHUNKERS = {"tokens": token_chunks, "recursive": recursive_chunks}
"""By the first word of a variant's name."""
