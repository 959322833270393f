"""What the evaluation's commands share: the group, sets and their sources, gates."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from app.cli.base import cited, say
from ingest.errors import EvaluationError

if TYPE_CHECKING:
    from app.settings import Settings
    from eval.questions import QuestionSet
    from eval.report.load import Results
    from eval.run import Writer

GATE_FAILED = 3
"""Exit status where a gate was not kept."""
ARTICLE = Path("../shared/article/security-cooperation.txt")
"""Where a developer's checkout has the article; it is not ours to publish."""
FILE = click.Path(path_type=Path)
sources_option = click.option("--source", "sources", multiple=True, type=FILE,
                              help="File or folder of the documents that the set asks about.")  # fmt: skip
baseline_option = click.option("--baseline", type=FILE, help="Results file of an earlier run.")
gates_option = click.option("--gates", type=FILE, help="TOML file of gates.")


@cited.group("eval")
def evaluation() -> None:
    """Measure the answers on a set of questions, without a judge."""


def set_path(name: str) -> Path:
    """The file of a set, by the name of a built-in one or by its path."""
    from eval.questions import SETS

    built_in = SETS / f"{name}.jsonl"
    return built_in if built_in.exists() else Path(name)


def sources_of(name: str, sources: Sequence[Path]) -> Sequence[Path]:
    """The sources that were named, else those of a built-in set. Raises EvaluationError."""
    from app.ingesting import samples_folder

    if sources:
        return sources
    if name == "samples":
        return [samples_folder()]
    if name == "article" and ARTICLE.exists():
        return [ARTICLE]
    raise EvaluationError(f"say with --source which documents the set {name} asks about")


@contextmanager
def writer_of(settings: "Settings") -> "Iterator[Writer]":
    """The language model of the settings, connected, and closed afterwards. Raises LanguageModelError, and
    SettingsError for an endpoint that is none."""
    from app.llm import connect
    from eval.run import Writer

    assert settings.model is not None
    model = connect(settings.model, settings.endpoint, settings.api_key, settings.context)
    in_process = settings.endpoint is None and settings.model.lower().endswith(".gguf")
    with closing(model):
        yield Writer(model, "" if in_process else urlsplit(model.address).netloc, settings.ask_anyway)


def rules_for(
    questions: "QuestionSet", gates: Path | None, rules: Sequence[str], baseline: "Results | None"
) -> list[str]:
    """The gates of a run: its set's, the file's and the command line's. Raises EvaluationError for one that
    could not be checked once the questions are answered; says where a baseline is of no use to them, and
    which of the set's own wait for one, for its first results have none."""
    from eval.gates import check_baseline, foresee, parse, read_gates

    waiting = [rule for rule in questions.gates if baseline is None and parse(rule).needs_baseline]
    for rule in waiting:
        say(f"not checked without --baseline: {rule}")
    checked = [rule for rule in questions.gates if rule not in waiting]
    asked = [*checked, *(read_gates(gates) if gates else ()), *rules]
    found = foresee(asked, questions.questions)
    check_baseline(found, {q.id: q.question for q in questions.questions}, _as_run(baseline))
    if baseline and not any(gate.needs_baseline for gate in found):
        say("no gate needs the --baseline; `cited eval compare` shows two results side by side")
    return asked


def _as_run(results: "Results | None") -> dict | None:
    return {"answers": results.answers, "summary": results.summary} if results else None


def hold(rules: Sequence[str], run: Mapping, baseline: "Results | None") -> None:
    """Check gates and say how each went; exit status 3 where one was not kept."""
    from eval.gates import check

    verdicts = check(rules, run, _as_run(baseline))
    for verdict in verdicts:
        say(f"{'kept  ' if verdict.kept else 'FAILED'}  {verdict.rule}: {verdict.why}")
    if not all(verdict.kept for verdict in verdicts):
        sys.exit(GATE_FAILED)
