"""`cited eval run --ray`: questions are answered by workers of a cluster, each with a library of its own.

A library has one owner, so each worker makes one of the set's documents, as `eval.run` does; what they
answer is graded where the run was asked for.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from app.answer import Answerer
from app.cluster import TRIES, Lost, check_installed, connected, work
from app.reader import load_reader
from eval.run import digest
from index.embed import Embedder
from index.library import Library
from ingest.document import Document
from ingest.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its place among all."""

    number: int
    question: str


class Answering:
    """Answers one question after the other; a worker of app.cluster. embedding_model, reader, threshold: as
    in Settings."""

    def __init__(
        self, documents: Sequence[Document], embedding_model: str, reader: str | None, threshold: float | None
    ) -> None:
        self.documents = documents
        self.folder = TemporaryDirectory(prefix="cited-")
        self.library = Library(Path(self.folder.name), Embedder(embedding_model))
        self.answerer = Answerer(self.library, load_reader(reader), threshold)

    def about(self) -> object:
        """What answers depend on, once the documents are in the library."""
        for document in self.documents:
            self.library.add(document)
        self.answerer.warm_up()
        return about(self.answerer)

    def do(self, asked: Asked) -> dict:
        """The answer's JSON."""
        return self.answerer.answer(asked.question).to_json()

    def close(self) -> None:
        """Remove the library."""
        self.library.close()
        self.folder.cleanup()


def about(answerer: Answerer) -> dict[str, object]:
    """What must be the same on every node."""
    return {
        "cited": version("cited"),
        "model": answerer.library.embedder.fingerprint,
        "question_encoder": answerer.library.embedder.question_fingerprint,
        "reader": answerer.reader.fingerprint,
        "threshold": answerer.decision.threshold,
        "decision": digest(answerer.reader.decision),
    }


@dataclass(frozen=True, slots=True)
class OverRay:
    """Answers over the cluster at an address, for `eval.run.run`. Raises SettingsError without Ray."""

    address: str
    reader: str | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        check_installed()

    def __call__(
        self, answerer: Answerer, documents: Sequence[Document], questions: Sequence[str]
    ) -> Generator[dict, None, None]:
        """The answers' JSON in the order of the questions. answerer: the one here, which those there must
        be like. Raises ClusterError, and EvaluationError for a question that ends its workers."""
        jobs = (Asked(number, question) for number, question in enumerate(questions))
        given = (tuple(documents), answerer.library.embedder.model, self.reader, self.threshold)
        early: dict[int, dict] = {}
        turn = 0
        with (
            connected(self.address),
            closing(work(Answering, given, jobs, expected=about(answerer), most=len(questions))) as done,
        ):
            for asked, answer in done:
                if isinstance(answer, Lost):
                    raise EvaluationError(
                        f"the question {asked.question!r} ended its worker {TRIES} times ({answer.reason})"
                    )
                early[asked.number] = answer
                while turn in early:
                    yield early.pop(turn)
                    turn += 1
