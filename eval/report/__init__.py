"""A results file becomes a page to show to a colleague, the same in Markdown, and JUnit XML for CI.

Reads results files only: it knows nothing of libraries and models, and never asks the network.
"""

from pathlib import Path

from eval.compare import check_same_questions, unlike
from eval.report.build import build
from eval.report.junit import junit
from eval.report.load import load
from eval.report.markdown import markdown
from eval.report.page import page
from eval.report.reasons import remarks
from ingest.errors import EvaluationError

__all__ = ["write_report"]


def write_report(results: Path, output: Path, baseline: Path | None = None) -> tuple[Path, Path, Path]:
    """Write the report of a results file: `output` (HTML), and beside it .md and .xml (JUnit).

    output: ends in .html; its folder is made where it is missing. baseline: the results file of an
    earlier run to compare with. Returns the three files written. The same input gives the same bytes.
    Raises EvaluationError for a results file that is wrong, for a baseline that asked other questions, and
    for an output that cannot be written or would replace either file.
    """
    if output.suffix.lower() not in (".html", ".htm"):
        raise EvaluationError(f"the report is an HTML page; call it {output.name}.html, not {output.name}")
    written = (output, output.with_suffix(".md"), output.with_suffix(".xml"))
    for path in filter(Path.exists, written):
        if any(path.samefile(kept) for kept in (results, baseline) if kept and kept.exists()):
            raise EvaluationError(f"{path} holds results; name another file for the report, with -o")
    found, before = load(results), load(baseline) if baseline else None
    differ: list[str] = []
    if before:
        check_same_questions(before.answers, found.answers)
        differ = unlike(before.run, found.run, before.answers, found.answers)
    report = build(found, before)
    told = {row["id"]: remarks(row) for row in found.answers}
    texts = (page(report, told, differ), markdown(report, told), junit(report, told))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for path, text in zip(written, texts, strict=True):
            path.write_bytes(text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise EvaluationError(f"the report cannot be written to {output}: {error.strerror}") from error
    return written
