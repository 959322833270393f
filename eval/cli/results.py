"""`cited eval report`, `compare` and `harvest`: what becomes of results, and of what readers said."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.base import json_option, library_options, opened, print_json, say
from eval.cli.base import FILE, baseline_option, evaluation, gates_option, hold
from ingest.errors import EvaluationError

if TYPE_CHECKING:
    from app.settings import Settings


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
@gates_option
@json_option
def compare(results: tuple[Path, ...], rules: tuple[str, ...], gates: Path | None, as_json: bool) -> None:
    """Compare runs of a set, each with the first: differences, questions that broke and were fixed."""
    from eval.cli.tables import print_comparison
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
            print_comparison(results[0], path, comparison)
    asked = [*(read_gates(gates) if gates else ()), *rules]
    for other in others:
        hold(asked, {"answers": other.answers, "summary": other.summary}, first)


@evaluation.command()
@click.option("-o", "--output", type=FILE, default=Path("harvest.jsonl"), show_default=True)
@library_options
def harvest(output: Path, settings: "Settings") -> None:
    """Turn the thumbs and comments of the page into candidate questions for a set, to be confirmed."""
    from eval.harvest import candidates

    with opened(settings) as library:
        rows = candidates(library)
    if not rows:
        say(f"nobody has said anything about an answer from the library {settings.place} yet")
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
