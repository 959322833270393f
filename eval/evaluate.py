"""A set and its documents become figures: in a library of its own, thrown away afterwards."""

import platform
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.answer import Answerer
from app.ingesting import progress_bar
from eval.questions import load_set
from eval.run import Graded, by_half, run
from index.library import Library
from ingest.document import Document
from ingest.errors import IngestError
from ingest.read import find_files, read_file


def evaluate(path: Path, sources: Sequence[Path]) -> tuple[list[Graded], dict]:
    """Ingest the sources into a new library, answer the set, grade it.

    Returns the graded questions and the result as JSON: about, summary by half, answers.
    Raises EvaluationError or IngestError.
    """
    documents: dict[str, Document] = {}
    for source in sources:
        for file in find_files(source):
            if file.name in documents:
                raise IngestError(f"two sources are called {file.name}; a set tells documents by file name")
            documents[file.name] = read_file(file)
    questions = load_set(path, documents)
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder)) as library:
        for document in documents.values():
            library.add(document)
        answerer = Answerer(library)
        answerer.answer("Is everything loaded?")
        by_id = {document.id: document for document in documents.values()}
        with progress_bar("questions") as advance:
            graded = run(answerer, questions, by_id, advance)
        about = {
            "set": path.name,
            "cited": version("cited"),
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "model": library.embedder.fingerprint,
            "reader": answerer.reader.fingerprint,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    result = {
        "about": about,
        "summary": by_half(graded),
        "answers": [{"id": g.question.id, **g.answer.to_json()} for g in graded],
    }
    return graded, result
