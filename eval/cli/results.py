"""`cited eval report`, `compare` and `harvest`: what becomes of results, and of what readers said."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.base import json_option, library_options, opened, print_json, say
from eval.cli.base import FILE, GATE_FAILED, baseline_option, evaluation, gates_option, hold
from ingest.errors import EvaluationError

if TYPE_CHECKING:
    from app.settings import Settings
    from eval.report.load import Results


@evaluation.command()
@click.argument("results", type=FILE)
@click.option("-o", "--output", type=FILE, help="HTML file [default: beside the results].")
@baseline_option
def report(results: Path, output: Path | None, baseline: Path | None) -> None:
    """Make a page of a results file, and the same as Markdown and JUnit XML beside it."""
    from eval.compare import unlike
    from eval.report import write_report
    from eval.report.load import load

    target = output or results.with_suffix(".html")
    write_report(results, target, baseline)
    if baseline:
        now, before = load(results), load(baseline)
        for line in unlike(before.run, now.run, before.answers, now.answers):
            say(f"{baseline} and {results}: {line}")
    say(f"wrote {target}, {target.with_suffix('.md').name} and {target.with_suffix('.xml').name}")


@evaluation.command()
@click.argument("results", type=FILE, nargs=-1, required=True, metavar="A B…")
@click.option(
    "--fail-under", "rules", multiple=True, metavar="RULE", help="A gate for B, with A as baseline."
)
@gates_option
@json_option
def compare(results: tuple[Path, ...], rules: tuple[str, ...], gates: Path | None, as_json: bool) -> None:
    """Compare runs of a set, each with the first: differences, questions that broke and were fixed."""
    from eval.cli.tables import print_comparison
    from eval.compare import check_same_questions, unlike
    from eval.compare import compare as compare_runs
    from eval.gates import read_gates
    from eval.report.changes import made_differently
    from eval.report.load import load

    if len(results) < 2:
        raise click.UsageError("give two results files or more")
    first, *others = [load(path) for path in results]
    for other in others:
        check_same_questions(first.answers, other.answers)
    found = [compare_runs(first.answers, other.answers) for other in others]
    made = [made_differently(first.run, other.run) for other in others]
    if as_json:
        print_json([c.to_json() | {"made_differently": m} for c, m in zip(found, made, strict=True)])
    for path, other, comparison, ways in zip(results[1:], others, found, made, strict=True):
        for line in unlike(first.run, other.run, first.answers, other.answers):
            say(f"{results[0]} and {path}: {line}")
        if not as_json:
            print_comparison(results[0], path, comparison, ways)
    asked = [*(read_gates(gates) if gates else ()), *rules]
    kept = [_is_kept(asked, path, other, first) for path, other in zip(results[1:], others, strict=True)]
    if not all(kept):
        sys.exit(GATE_FAILED)


def _is_kept(rules: Sequence[str], path: Path, run: "Results", baseline: "Results") -> bool:
    """Whether a run keeps all gates; says how each went, and of which run where there are any."""
    if rules:
        say(f"{path}:")
    try:
        hold(rules, {"answers": run.answers, "summary": run.summary}, baseline)
    except SystemExit:  # which ends the program for one run; there may be others
        return False
    return True


@evaluation.command()
@click.option("-o", "--output", type=FILE, default=Path("harvest.jsonl"), show_default=True)
@library_options
def harvest(output: Path, settings: "Settings") -> None:
    """Turn the thumbs and comments of the page into candidate questions for a set, to be confirmed.

    A file that is there already is left alone: somebody may have corrected it.
    """
    from eval.harvest import candidates

    there = EvaluationError(f"{output} is there, perhaps with corrections; name another file with -o")
    if output.is_file():
        raise there
    with opened(settings) as library:
        rows = candidates(library)
    if not rows:
        say(f"nobody has said anything about an answer from the library {settings.place} yet")
        return
    try:
        with output.open("w" if output.exists() else "x", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except FileExistsError as error:
        raise there from error
    except OSError as error:
        raise EvaluationError(f"the candidates cannot be written to {output}: {error.strerror}") from error
    say(
        f"wrote {len(rows)} candidates to {output}; correct them, then `cited eval check {output} --source …`"
    )
