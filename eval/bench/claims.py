"""Does the checker tell a supported claim from one with a single fact changed? And the public claims of WiCE.

Claims about documents go through the real search; those of WiCE (Kamoi et al. 2023: claims of Wikipedia
against the pages they cite) are checked against all sentences of the page. To hold beside it: F1 0.618
for «supported», published for an entailment model of 3 billion parameters.
"""

import gzip
import json
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.check import Checker, Verdict
from app.ingesting import samples_folder
from app.reader.model import MOST_HITS
from eval.measures.refusal import auroc
from eval.measures.stats import Counts, Interval, Statistic, interval, quantile
from eval.questions import SETS
from index.embed import Embedder
from index.library import Library
from index.search import Hit, search
from ingest.document import Document, Part, Section, Span
from ingest.errors import EvaluationError
from ingest.folders import look
from ingest.read import read_file

DEVELOPMENT = ("lighthouse-keeper.txt", "paper-making.txt", "ferry-company.txt")
"""Articles of the set «development»; claims about the last one are its reporting half."""


@dataclass(frozen=True, slots=True)
class Case:
    """A claim to check. kind: what was changed in it, "paraphrase" in an unchanged one. evidence: where its
    support stands, none of WiCE's."""

    id: str
    document: str
    claim: str
    supported: bool
    kind: str
    half: str
    evidence: Span | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A case with the checker's verdict, which took `seconds`."""

    case: Case
    verdict: Verdict
    seconds: float

    @property
    def shown(self) -> bool:
        """Whether the claim counts as supported."""
        return bool(self.verdict.supports)

    @property
    def cites_evidence(self) -> bool:
        """Whether a span cited is the one that the set names."""
        evidence = self.case.evidence
        spans = [s.span for s in self.verdict.supports]
        return evidence is not None and any(s.start < evidence.end and evidence.start < s.end for s in spans)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of a set over n claims, with its 95 % interval; None where it is not defined."""

    group: str
    name: str
    value: float | None
    interval: Interval | None
    n: int


def load_claims(path: Path, documents: Mapping[str, Document]) -> list[Case]:
    """The claims of a set. documents: by file name. Raises EvaluationError with file and line for a claim
    that is not as it should be, or whose evidence no longer stands where the set says."""
    cases = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the claims {path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            case = Case(
                str(row["id"]), row["document"], row["claim"], bool(row["supported"]),
                row["kind"], row["half"], Span(row["start"], row["end"]),
            )  # fmt: skip
            text = documents[row["document"]].text[row["start"] : row["end"]]
            if not (text.startswith(row["begins"]) and text.endswith(row["ends"])):
                raise ValueError("the document has other words at this claim's evidence")
        except (ValueError, KeyError, TypeError) as error:
            raise EvaluationError(f"{path}, line {number}: {error}") from error
        cases.append(case)
    return cases


@contextmanager
def library_of(documents: Iterable[Document], embedder: Embedder) -> Iterator[Library]:
    """A library of these documents, for the time being."""
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder) as library:
        list(library.add_all(documents))
        yield library


def sets_of_claims(article: Path | None) -> Iterator[tuple[str, list[Document], list[Case]]]:
    """(name, documents, claims) of the sets: about the article where it is at hand, about the samples, and
    about three articles written to develop the checker on, which lie beside their claims."""
    mine = {"article": article, "samples": samples_folder()}
    places = {name: [file.path for file in look(at).files] for name, at in mine.items() if at}
    places["development"] = [SETS / "claims" / name for name in DEVELOPMENT]
    for name, paths in places.items():
        documents = {path.name: read_file(path) for path in paths}
        yield name, list(documents.values()), load_claims(SETS / "claims" / f"{name}.jsonl", documents)


def hits_of(library: Library, claim: str) -> list[Hit]:
    """What is shown to the checker, as an answer's search would find it."""
    return search(library, claim, MOST_HITS)


WICE_KINDS = {"supported": "paraphrase", "partially_supported": "in part", "not_supported": "not at all"}


def load_wice(data: Path) -> list[tuple[Case, Document]]:
    """The claims of WiCE with their pages. half: "tuning" for rows with odd numbers, counted from 0, which
    may be fitted on; "reporting" for the others."""
    file = data / "wice.jsonl.gz"
    file = file if file.exists() else data / "reader" / "wice.jsonl.gz"
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise EvaluationError(f"{file} cannot be read: {error}") from error
    found = []
    for i, row in enumerate(rows):
        document = _page(f"wice-{i}", [s.strip() for s in row["sentences"] if s.strip()])
        supported = row["label"] == "supported"
        half = "tuning" if i % 2 else "reporting"
        kind = WICE_KINDS[row["label"]]
        found.append((Case(document.id, document.id, row["claim"], supported, kind, half), document))
    return found


def _page(name: str, sentences: Sequence[str]) -> Document:
    """Sentences as a document, one paragraph each."""
    text, parts = "", []
    for sentence in sentences:
        parts.append(Part(len(text), len(text) + len(sentence), "paragraph"))
        text += sentence + "\n\n"
    return Document(name, "", name, name, text, tuple(parts), (Section(0, len(text), ""),))


def every_passage(library: Library, document: str) -> list[Hit]:
    """A whole document, as if all of it had been found."""
    return [Hit(p, 0.0, None) for p in library.catalog.passages_of(document)]


def run_claims(
    embedder: Embedder, article: Path | None = None, data: Path | None = None, half: str = "reporting"
) -> list[Row]:
    """Check the claims of one half. article: the article, else its set is left out; data: the folder that
    holds wice.jsonl.gz, else WiCE is left out. Raises EvaluationError."""
    rows: list[Row] = []
    for name, documents, cases in sets_of_claims(article):
        with library_of(documents, embedder) as library:
            checker = Checker(library)
            mine = [case for case in cases if case.half == half]
            rows += rows_of(name, [_check(checker, case, hits_of(library, case.claim)) for case in mine])
    if data is not None:
        pages = [(case, document) for case, document in load_wice(data) if case.half == half]
        checked = []
        for case, document in pages:
            with library_of([document], embedder) as library:
                hits = every_passage(library, document.id)
                checked.append(_check(Checker(library), case, hits))
        rows += rows_of("WiCE", checked)
    return rows


def _check(checker: Checker, case: Case, hits: Sequence[Hit]) -> Checked:
    begin = time.perf_counter()
    verdict = checker.check(case.claim, hits)
    return Checked(case, verdict, time.perf_counter() - begin)


def rows_of(group: str, checked: Sequence[Checked]) -> list[Row]:
    """The figures of a set. Positive is «supported»; of changed claims, the share caught by kind."""
    true = np.array([c.case.supported for c in checked])
    said = np.array([c.shown for c in checked])
    score = np.array([c.verdict.score for c in checked])
    both, right = (true & said).astype(float), (true | said).astype(float)
    rows = [
        _row(group, "precision", both, said.astype(float)),
        _row(group, "recall", both, true.astype(float)),
        _row(group, "F1", 2 * both, right + both),
    ]
    ranked = interval(lambda counts: auroc(true, score, counts), len(true))
    rows.append(Row(group, "AUROC", float(auroc(true, score)[0]), ranked, len(true)))
    placed = np.array([c.case.evidence is not None and c.case.supported and c.shown for c in checked])
    if placed.any():
        cited = np.array([c.cites_evidence for c in checked])
        rows.append(_row(group, "of those, the span named in the set", (placed & cited) * 1.0, placed * 1.0))
    kinds = Counter(c.case.kind for c in checked if not c.case.supported)
    for kind in sorted(kinds):
        of_kind = np.array([c.case.kind == kind and not c.case.supported for c in checked])
        rows.append(_row(group, f"refused: {kind}", (of_kind & ~said) * 1.0, of_kind * 1.0))
    p50 = 1000 * quantile([c.seconds for c in checked], 0.5)
    rows.append(Row(group, "one claim, ms, p50", p50, None, len(checked)))
    return rows


def _row(group: str, name: str, part: np.ndarray, whole: np.ndarray) -> Row:
    """The ratio of two sums over claims."""
    value = float(part.sum() / whole.sum()) if whole.sum() else None
    return Row(group, name, value, interval(_ratio(part, whole), len(part)), int((whole > 0).sum()))


def _ratio(part: np.ndarray, whole: np.ndarray) -> Statistic:
    def statistic(counts: Counts) -> np.ndarray:
        below = counts @ whole
        return np.divide(counts @ part, below, out=np.full(len(counts), np.nan), where=below != 0)

    return statistic


def print_rows(rows: Sequence[Row]) -> None:
    """A table on standard output."""
    from rich.console import Console
    from rich.table import Table

    table = Table("claims", "", "value", "95 %", "n")
    for row in rows:
        between = f"{row.interval[0]:.2f} – {row.interval[1]:.2f}" if row.interval else ""
        value = "–" if row.value is None else f"{row.value:.3f}" if row.value <= 1 else f"{row.value:.0f}"
        table.add_row(row.group, row.name, value, between, str(row.n))
    Console(width=110).print(table)
