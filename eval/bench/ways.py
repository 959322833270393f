"""Ways to find and answer, each as its users run it, with the same model, texts and questions.

    python -m eval.bench.ways WAY build|ask FOLDER < texts and questions

One way and one step a process, told by JSON on standard input and answered by JSON lines on standard output
(`eval.bench.speed` starts them), so that start-up, memory and threads are each way's own.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from eval.memory import most_memory_mb
from index.embed import packaged_model
from ingest.document import Document

TOP = 5
"""Passages that a search returns; LlamaIndex's examples ask for 2 to 5."""


class Way(Protocol):
    """folder: where it keeps what it builds."""

    def build(self, folder: Path, documents: Sequence[Document]) -> None:
        """Make the documents searchable, on disk. Models load in `warm`."""

    def warm(self) -> None:
        """Load the models, before a clock starts."""

    def open(self, folder: Path) -> None:
        """Open what was built."""

    def search(self, question: str) -> object:
        """TOP passages."""

    answer: Callable[[str], object] | None
    """The whole answer; None for a way that has none without a language model."""


class _Cited:
    """This program."""

    def __init__(self) -> None:
        from app.answer import Answerer
        from index.embed import Embedder
        from index.library import Library
        from index.search import search

        self.embedder = Embedder()
        self._library, self._answerer, self._search = Library, Answerer, search
        self.answer: Callable[[str], object] | None = None

    def warm(self) -> None:
        self.embedder.passages(["Is it loaded?"])

    def build(self, folder: Path, documents: Sequence[Document]) -> None:
        with self._library(folder, self.embedder) as library:
            for _ in library.add_all(documents):
                pass

    def open(self, folder: Path) -> None:
        self.library = self._library(folder, self.embedder)
        self.answer = self._answerer(self.library).answer

    def search(self, question: str) -> object:
        return self._search(self.library, question, TOP)


class _LlamaIndex:
    """LlamaIndex as its documentation begins: SentenceSplitter, VectorStoreIndex, sentence-transformers; in
    Chroma. chunk: tokens; None for its default of 1,024, of which the model reads the first 256. model: a
    GGUF file that writes the answers."""

    def __init__(self, chunk: int | None = None, model: str | None = None) -> None:
        import chromadb
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.vector_stores.chroma import ChromaVectorStore

        self.splitter = SentenceSplitter(chunk_size=chunk, chunk_overlap=20) if chunk else SentenceSplitter()
        self.model = model
        self._client, self._store = chromadb.PersistentClient, ChromaVectorStore
        self._context, self._index, self._embedding = StorageContext, VectorStoreIndex, HuggingFaceEmbedding
        self.answer: Callable[[str], object] | None = None

    def _load(self) -> None:
        self.embedding = self._embedding(model_name=str(packaged_model()), device="cpu")

    def warm(self) -> None:
        self._load()
        self.embedding.get_query_embedding("Is it loaded?")

    def build(self, folder: Path, documents: Sequence[Document]) -> None:
        from llama_index.core import Document as Text

        collection = self._client(str(folder)).get_or_create_collection("texts")
        self._index.from_documents(
            [Text(text=d.text, metadata={"title": d.title}) for d in documents],
            storage_context=self._context.from_defaults(
                vector_store=self._store(chroma_collection=collection)
            ),
            embed_model=self.embedding,
            transformations=[self.splitter],
        )

    def open(self, folder: Path) -> None:
        self._load()
        store = self._store(chroma_collection=self._client(str(folder)).get_collection("texts"))
        index = self._index.from_vector_store(store, embed_model=self.embedding)
        self.retriever = index.as_retriever(similarity_top_k=TOP)
        if self.model:
            from llama_index.llms.openai_like import OpenAILike

            from app.llm.local import run

            self.running = local = run(self.model, 4096)
            model = OpenAILike(model=local.name, api_base=local.address, api_key=local.key,
                               context_window=4096, is_chat_model=True, max_tokens=256)  # fmt: skip
            self.answer = index.as_query_engine(llm=model, similarity_top_k=2).query

    def search(self, question: str) -> object:
        return self.retriever.retrieve(question)


class _Txtai:
    """txtai with hybrid search: faiss and its own BM25, a paragraph a text."""

    def __init__(self) -> None:
        from txtai import Embeddings

        self._embeddings = Embeddings
        self.answer: Callable[[str], object] | None = None

    def warm(self) -> None:
        self.embeddings = self._embeddings(path=str(packaged_model()), hybrid=True, content=True, gpu=False)
        self.embeddings.batchtransform(["Is it loaded?"])

    def build(self, folder: Path, documents: Sequence[Document]) -> None:
        self.embeddings.index([part for d in documents for part in d.text.split("\n\n") if part.strip()])
        self.embeddings.save(str(folder))

    def open(self, folder: Path) -> None:
        self.embeddings = self._embeddings()
        self.embeddings.load(str(folder))

    def search(self, question: str) -> object:
        return self.embeddings.search(question, TOP)


class _Floor:
    """The least it could take: bare calls of our models, one matrix product, nothing kept but vectors."""

    def __init__(self) -> None:
        from app.reader.model import MOST_HITS, Reader, Window
        from index.encoder import Encoder
        from ingest.passages import cut_passages

        self.encoder, self.reader, self._window, self._cut, self._most_read = (
            Encoder(packaged_model()),
            Reader(),
            Window,
            cut_passages,
            MOST_HITS,
        )
        self.answer: Callable[[str], object] | None = self._read

    def warm(self) -> None:
        self.encoder.encode(["Is it loaded?"])

    def build(self, folder: Path, documents: Sequence[Document]) -> None:
        passages = [p for d in documents for p in self._cut(d)]
        texts = [p.plain(s) for p in passages for s in p.sentences]
        vectors = self.encoder.encode(texts)
        at = np.cumsum([0, *(len(p.sentences) for p in passages)])[:-1]
        np.save(folder / "vectors.npy", np.add.reduceat(vectors, at))
        windows = [(p.heading, [p.plain(s) for s in p.sentences]) for p in passages]
        (folder / "windows.json").write_text(json.dumps(windows), encoding="utf-8")

    def open(self, folder: Path) -> None:
        self.vectors = np.load(folder / "vectors.npy")
        kept = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
        self.windows = [self._window(heading, tuple(texts)) for heading, texts in kept]

    def search(self, question: str) -> np.ndarray:
        return self._nearest(question, TOP)

    def _nearest(self, question: str, most: int) -> np.ndarray:
        near = self.vectors @ self.encoder.encode([question])[0]
        return np.argsort(near)[::-1][:most]

    def _read(self, question: str) -> object:
        found = self._nearest(question, self._most_read)
        return self.reader.read(question, [self.windows[i] for i in found])


WAYS: dict[str, Callable[[], Way]] = {
    "cited": _Cited,
    "llama-index": _LlamaIndex,
    "llama-index, chunks of 256": partial(_LlamaIndex, 256),
    "txtai, hybrid": _Txtai,
    "the models alone": _Floor,
}
NLTK = "nltk"
"""Folder beside a way's own, with what LlamaIndex's splitter reads."""
WITH_MODEL = "llama-index with "
"""Beginning of the way that has a GGUF file write; the file follows."""


def way_of(name: str) -> Way:
    """A way by its name."""
    return _LlamaIndex(model=name.removeprefix(WITH_MODEL)) if name.startswith(WITH_MODEL) else WAYS[name]()


def build(name: str, folder: Path, documents: Sequence[Document]) -> dict[str, Any]:
    """Build in an empty folder; seconds from texts to something that can be opened. A sentence is built
    elsewhere first, for some ways import half of their libraries only then, and others at once."""
    from ingest.read import read_bytes

    way = way_of(name)
    way.warm()
    with tempfile.TemporaryDirectory() as elsewhere:
        way.build(Path(elsewhere), [read_bytes(b"Is it loaded?", name="warm.txt", source="warm.txt")])
    begun = time.perf_counter()
    way.build(folder, documents)
    return {"seconds": time.perf_counter() - begun, "memory_mb": most_memory_mb()}


def ask(name: str, folder: Path, questions: Sequence[str], say: Callable[[dict], None]) -> None:
    """Say when the first search is done, then the milliseconds of each. Every question is asked once in a
    process, searched for or answered in turns, so that what is kept of one helps no other."""
    way = way_of(name)
    way.open(folder)
    way.search("What is this about?")
    say({"ready": True, "memory_mb": most_memory_mb()})
    if way.answer:
        way.answer("Who is it about?")
    answering = way.answer or way.search
    say({
        "search": [_timed(way.search, question) for question in questions[::2]],
        "answer": [_timed(answering, question) for question in questions[1::2]] if way.answer else [],
        "memory_mb": most_memory_mb(),
    })  # fmt: skip


def _timed(call: Callable[[str], object], question: str) -> float:
    begun = time.perf_counter()
    call(question)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """One step of one way; see the module."""
    name, step, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    os.environ.setdefault("NLTK_DATA", str(folder.parent / NLTK))
    given = json.load(sys.stdin)

    def say(line: dict) -> None:
        sys.__stdout__.write(json.dumps(line) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]

    if step == "build":
        from ingest.read import read_file

        say(build(name, folder, [read_file(Path(path)) for path in given["files"]]))
    else:
        ask(name, folder, given["questions"], say)


if __name__ == "__main__":
    main()
