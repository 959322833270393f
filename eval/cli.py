"""`cited eval …`, and with it the whole program: the command line of app, and the evaluation above it."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import cited, json_option, library_options, opened, print_json, reader_options, say
from app.cli import main as run_command_line
from ingest.errors import EvaluationError

if TYPE_CHECKING:
    from app.answer import Answerer
    from app.settings import Settings
    from eval.for_page import PageEvaluations
    from eval.report.load import Results

__all__ = ["evaluation", "main", "run"]

GATE_FAILED = 3
"""Exit status where a gate was not kept."""
ARTICLE = Path("../shared/article/security-cooperation.txt")
"""Where a developer's checkout has the article; it is not ours to publish."""
FILE = click.Path(path_type=Path)
sources_option = click.option("--source", "sources", multiple=True, type=FILE,
                              help="File or folder of the documents that the set asks about.")  # fmt: skip
baseline_option = click.option("--baseline", type=FILE, help="Results file of an earlier run.")


def main() -> None:
    """Run the whole command line."""
    run_command_line(evaluations_of)


def evaluations_of(answerer: "Answerer") -> "PageEvaluations":
    """The evaluations that the page offers."""
    from eval.for_page import PageEvaluations

    return PageEvaluations(answerer)


@cited.group("eval")
def evaluation() -> None:
    """Measure the answers on a set of questions, without a judge."""


@evaluation.command()
@click.argument("name", metavar="[SET]", default="samples")
@sources_option
@click.option("-o", "--output", type=FILE, help="Results file, JSON Lines [default: eval-SET.jsonl].")
@reader_options
@click.option(
    "--fail-under", "rules", multiple=True, metavar="RULE", help="A gate: 'evidence_recall >= 0.9'."
)
@click.option("--gates", type=FILE, help="TOML file of gates.")
@baseline_option
@json_option
def run(
    name: str,
    sources: tuple[Path, ...],
    output: Path | None,
    threshold: str | None,
    reader: str | None,
    rules: tuple[str, ...],
    gates: Path | None,
    baseline: Path | None,
    as_json: bool,
) -> None:
    """Answer and grade SET: `samples` (with the sample articles), `article`, or a JSON Lines file.

    A run that was interrupted goes on where it was. Exit status 3 where a gate is not kept.
    """
    from app.progress import progress_bar
    from app.reader import load_reader
    from app.settings import load as load_settings
    from eval.gates import read_gates
    from eval.report.load import load
    from eval.run import load_task
    from eval.run import run as answer_all

    settings = load_settings(threshold=threshold, reader=reader)
    path = _set_path(name)
    task = load_task(path, sources or _default_sources(name))
    output = output or Path(f"eval-{path.stem}.jsonl")
    before = load(baseline) if baseline else None
    with progress_bar("questions") as advance:
        rows, summary = answer_all(task, output, load_reader(settings.reader), settings.threshold, advance)
    say(f"wrote {output}; `cited eval report {output}` makes a page of it")
    if as_json:
        print_json(summary)
    else:
        _print_figures(summary["figures"])
    asked = [*task.set.gates, *(read_gates(gates) if gates else ()), *rules]
    _hold(asked, {"answers": rows, "summary": summary}, before)


@evaluation.command()
@click.argument("name", metavar="SET")
@sources_option
def check(name: str, sources: tuple[Path, ...]) -> None:
    """Check a set against its documents: every span is there once, nothing is missing or unknown."""
    from eval.run import load_task

    task = load_task(_set_path(name), sources or _default_sources(name))
    questions = task.set.questions
    answerable = sum(q.answerable for q in questions)
    click.echo(
        f"{task.path.name}: {len(questions)} questions, {answerable} answerable, "
        f"{len(questions) - answerable} not; {sum(len(q.evidence) for q in questions)} evidence spans"
    )


@evaluation.command()
@click.argument("results", type=FILE)
@click.option("-o", "--output", type=FILE, help="HTML file [default: beside the results].")
@baseline_option
def report(results: Path, output: Path | None, baseline: Path | None) -> None:
    """Make a page of a results file, and the same as Markdown and JUnit XML beside it."""
    from eval.report import write_report

    target = output or results.with_suffix(".html")
    write_report(results, target, baseline)
    say(f"wrote {target}, {target.with_suffix('.md').name} and {target.with_suffix('.xml').name}")


@evaluation.command()
@click.argument("results", type=FILE, nargs=-1, required=True, metavar="A B…")
@click.option(
    "--fail-under", "rules", multiple=True, metavar="RULE", help="A gate for B, with A as baseline."
)
@click.option("--gates", type=FILE, help="TOML file of gates.")
@json_option
def compare(results: tuple[Path, ...], rules: tuple[str, ...], gates: Path | None, as_json: bool) -> None:
    """Compare runs of a set, each with the first: differences, questions that broke and were fixed."""
    from eval.compare import compare as compare_runs
    from eval.gates import read_gates
    from eval.report.load import load

    if len(results) < 2:
        raise click.UsageError("give two results files or more")
    first, *others = [load(path) for path in results]
    found = [compare_runs(first.answers, other.answers) for other in others]
    if as_json:
        print_json([comparison.to_json() for comparison in found])
    else:
        for path, comparison in zip(results[1:], found, strict=True):
            _print_comparison(results[0], path, comparison.to_json())
    asked = [*(read_gates(gates) if gates else ()), *rules]
    for other in others:
        _hold(asked, {"answers": other.answers, "summary": other.summary}, first)


@evaluation.command()
@click.option("-o", "--output", type=FILE, default=Path("harvest.jsonl"), show_default=True)
@library_options
def harvest(output: Path, settings: "Settings") -> None:
    """Turn the thumbs and comments of the page into candidate questions for a set, to be confirmed."""
    from eval.harvest import candidates

    with opened(settings) as library:
        rows = candidates(library)
    if not rows:
        say(f"nobody has said anything about an answer from the library {settings.library} yet")
        return
    try:
        output.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
        )
    except OSError as error:
        raise EvaluationError(f"the candidates cannot be written to {output}: {error.strerror}") from error
    say(
        f"wrote {len(rows)} candidates to {output}; correct them, then `cited eval check {output} --source …`"
    )


@evaluation.group()
def bench() -> None:
    """Public benchmarks."""


@bench.command()
@click.option("--data", type=FILE, required=True, help="Folder with questions.csv and corpora/.")
@json_option
def chunking(data: Path, as_json: bool) -> None:
    """Token-level recall, precision and IoU on five corpora (Chroma's «Evaluating Chunking Strategies»)."""
    from app.progress import progress_bar
    from eval.bench.chunking import print_rows, run_chunking

    with progress_bar("texts") as advance:
        rows = run_chunking(data, progress=advance)
    if as_json:
        print_json([row.to_json() for row in rows])
    else:
        print_rows(rows)


@bench.command("ingest")
@click.argument("folder", type=FILE)
@json_option
def bench_ingest(folder: Path, as_json: bool) -> None:
    """How fast the files of FOLDER are read and embedded, beside the bare embedding loop."""
    from eval.bench.ingest import print_rows, run_ingest

    rows = run_ingest(folder)
    if as_json:
        print_json([row.to_json() for row in rows])
    else:
        print_rows(rows)


@bench.command()
@click.argument("name", metavar="[SET]", default="samples")
@sources_option
@click.option("--clients", type=click.IntRange(1, 1000), default=30, show_default=True)
@click.option("--questions", "each", type=click.IntRange(1), default=20, show_default=True, help="A client.")
@click.option(
    "--pause", type=click.FloatRange(0), default=0, help="Seconds before each question, on average."
)
@json_option
def clients(
    name: str, sources: tuple[Path, ...], clients: int, each: int, pause: float, as_json: bool
) -> None:
    """Many people at once at one page, each asking one question after the other."""
    from dataclasses import asdict

    from eval.bench.clients import run_clients

    load = run_clients(_set_path(name), sources or _default_sources(name), clients, each, pause)
    if as_json:
        print_json(asdict(load))
    else:
        click.echo(
            f"{load.clients} clients, {load.questions} questions, {load.failed} failed; "
            f"p50 {load.p50:.2f} s, p95 {load.p95:.2f} s, p99 {load.p99:.2f} s; "
            f"{load.per_second:.1f} a second"
        )


@bench.command()
@click.option("--data", type=FILE, required=True, help="Folder with squad.jsonl.gz.")
@click.option("--reader", metavar="NAME", help="Reader, by name or folder.")
@json_option
def reader(data: Path, reader: str | None, as_json: bool) -> None:
    """The reader alone, on the SQuAD articles held back from its training."""
    from dataclasses import asdict

    from app.reader import load_reader
    from eval.bench.reader import print_figures, run_reader

    figures = run_reader(data, load_reader(reader))
    if as_json:
        print_json([asdict(figure) for figure in figures])
    else:
        print_figures(figures)


def _set_path(name: str) -> Path:
    from eval.questions import SETS

    built_in = SETS / f"{name}.jsonl"
    return built_in if built_in.exists() else Path(name)


def _default_sources(name: str) -> list[Path]:
    from app.ingesting import samples_folder

    if name == "samples":
        return [samples_folder()]
    if name == "article" and ARTICLE.exists():
        return [ARTICLE]
    raise EvaluationError(f"say with --source which documents the set {name} asks about")


def _hold(rules: Sequence[str], run: Mapping, baseline: "Results | None") -> None:
    """Check gates and say how each went; exit status 3 where one was not kept."""
    from eval.gates import check as check_gates

    before = {"answers": baseline.answers, "summary": baseline.summary} if baseline else None
    verdicts = check_gates(rules, run, before)
    for verdict in verdicts:
        say(f"{'kept  ' if verdict.kept else 'FAILED'}  {verdict.rule}: {verdict.why}")
    if not all(verdict.kept for verdict in verdicts):
        sys.exit(GATE_FAILED)


def _print_figures(figures: Mapping) -> None:
    from rich.console import Console
    from rich.table import Table

    from eval.grade import FIGURES

    parts = [part for part in ("all", "tuning", "reporting") if part in figures]
    table = Table("", *parts, title="95 % intervals by bootstrap over questions")
    for name in FIGURES:
        if any(figures[part][name]["value"] is not None for part in parts):
            table.add_row(name.replace("_", " "), *[_cell(figures[part][name]) for part in parts])
    for stage in figures["all"]["latency_ms"]:
        cells = [
            ", ".join(f"{q} {ms:.0f}" for q, ms in figures[part]["latency_ms"].get(stage, {}).items())
            for part in parts
        ]
        table.add_row(f"{stage}, ms", *cells)
    Console(width=110).print(table)


def _cell(figure: Mapping) -> str:
    if figure["value"] is None:
        return "–"
    between = figure["interval"]
    return f"{figure['value']:.3f}" + (f"  [{between[0]:.2f}, {between[1]:.2f}]" if between else "")


def _print_comparison(first: Path, second: Path, found: Mapping) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", first.stem, second.stem, "difference", "p", title=f"{first.name} → {second.name}")
    for d in found["differences"]:
        change = d["second"] - d["first"]
        between = d["interval"]
        told = f"{change:+.3f}" + (f"  [{between[0]:+.2f}, {between[1]:+.2f}]" if between else "")
        p = "" if d["p"] is None else f"{d['p']:.3f}"
        table.add_row(d["name"].replace("_", " "), f"{d['first']:.3f}", f"{d['second']:.3f}", told, p)
    console = Console(width=110)
    console.print(table)
    for word, ids in (
        ("broke", found["broke"]),
        ("fixed", found["fixed"]),
        ("in one run only", found["alone"]),
    ):
        if ids:
            console.print(f"{word}: {', '.join(ids)}")
