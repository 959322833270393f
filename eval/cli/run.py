"""`cited eval check` and `cited eval run`: a set is checked, answered and graded."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from app.cli.base import json_option, model_options, print_json, reader_options, say
from eval.cli.base import (
    FILE,
    baseline_option,
    evaluation,
    gates_option,
    hold,
    rules_for,
    set_path,
    sources_of,
    sources_option,
    writer_of,
)


@evaluation.command()
@click.argument("name", metavar="[SET]", default="samples")
@sources_option
@click.option("-o", "--output", type=FILE, help="Results file, JSON Lines [default: eval-SET.jsonl, or "
              "eval-SET-written.jsonl with --model].")  # fmt: skip
@reader_options
@model_options
@click.option(
    "--fail-under", "rules", multiple=True, metavar="RULE", help="A gate: 'evidence_recall >= 0.9'."
)
@gates_option
@baseline_option
@click.option("--ray", metavar="ADDRESS",
              help="Answer over a Ray cluster: auto, local or HOST:PORT.")  # fmt: skip
@json_option
def run(
    name: str,
    sources: tuple[Path, ...],
    output: Path | None,
    rules: tuple[str, ...],
    gates: Path | None,
    baseline: Path | None,
    ray: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Answer and grade SET: `samples` (with the sample articles), `article`, or a JSON Lines file.

    Answers are quotations, whatever CITED_MODEL says; with --model a language model writes them, and every
    sentence is checked. A run that was interrupted goes on where it was. Exit status 3 where a gate is not
    kept.
    """
    from app.progress import progress_bar
    from app.reader import load_reader
    from app.settings import load as load_settings
    from eval.cli.tables import print_figures
    from eval.ray_run import OverRay
    from eval.report.load import load
    from eval.run import load_task
    from eval.run import run as answer_all
    from index.embed import Embedder

    is_written = given["model"] is not None
    if not is_written and any(given[name] is not None for name in ("endpoint", "context", "ask_anyway")):
        raise click.UsageError("--endpoint, --context and --ask-anyway are for a language model: add --model")
    if ray and is_written:
        raise click.UsageError("--ray is for quotations: leave --model or --ray out")
    settings = load_settings(**given)
    path = set_path(name)
    task = load_task(path, sources_of(name, sources))
    before = load(baseline) if baseline else None
    asked = rules_for(task.set, gates, rules, before)
    output = output or Path(f"eval-{path.stem}{'-written' if is_written else ''}.jsonl")
    reader = load_reader(settings.reader)
    over = OverRay(ray, settings.reader, settings.threshold) if ray else None
    with writer_of(settings) if is_written else nullcontext() as writer, progress_bar("questions") as advance:
        rows, summary = answer_all(
            task, output, reader, settings.threshold, advance, writer, over,
            Embedder(settings.embedding_model), [path for path in (gates, baseline) if path],
        )  # fmt: skip
    say(f"wrote {output}; `cited eval report {output}` makes a page of it")
    if as_json:
        print_json(summary)
    else:
        print_figures(summary["figures"])
    hold(asked, {"answers": rows, "summary": summary}, before)


@evaluation.command()
@click.argument("name", metavar="SET")
@sources_option
def check(name: str, sources: tuple[Path, ...]) -> None:
    """Check a set against its documents: every span is there once, nothing is missing or unknown."""
    from eval.gates import foresee
    from eval.run import load_task

    task = load_task(set_path(name), sources_of(name, sources))
    questions = task.set.questions
    foresee(task.set.gates, questions)
    answerable = sum(q.answerable for q in questions)
    click.echo(
        f"{task.path.name}: {len(questions)} questions, {answerable} answerable, "
        f"{len(questions) - answerable} not; {sum(len(q.evidence) for q in questions)} evidence spans"
    )
