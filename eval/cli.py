"""`cited eval …`, and with it the whole program: the command line of app, and the evaluation above it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import cited, json_option, main, print_json, say
from ingest.errors import EvaluationError

if TYPE_CHECKING:
    from eval.run import Graded

__all__ = ["evaluation", "main", "run"]

ARTICLE = Path("../shared/article/security-cooperation.txt")
"""Where a developer's checkout has the article; it is not ours to publish."""


@cited.group("eval")
def evaluation() -> None:
    """Measure the answers on a set of questions, without a judge."""


@evaluation.command()
@click.argument("name", metavar="[SET]", default="samples")
@click.option("--source", "sources", multiple=True, type=click.Path(path_type=Path),
              help="File or folder of the documents that the set asks about.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path),
              help="Where figures and answers are written as JSON [default: eval-SET.json].")  # fmt: skip
@json_option
def run(name: str, sources: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    """Answer and grade SET: `samples` (with the sample articles), `article`, or a JSON Lines file."""
    from eval.evaluate import evaluate

    path = _set_path(name)
    graded, result = evaluate(path, sources or _default_sources(name))
    output = output or Path(f"eval-{path.stem}.json")
    try:
        output.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise EvaluationError(f"the results cannot be written to {output}: {error.strerror}") from error
    say(f"wrote {output}")
    if as_json:
        print_json(result["summary"])
    else:
        _print_summary(result["summary"], graded)


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


def _print_summary(summary: dict, graded: "Sequence[Graded]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", *summary, title=f"{len(graded)} questions; 95 % intervals by bootstrap over questions")
    names = [name for name, value in next(iter(summary.values())).items() if isinstance(value, dict)]
    for name in names:
        table.add_row(name.replace("_", " "), *[_cell(half[name]) for half in summary.values()])
    Console(width=100).print(table)


def _cell(figure: dict) -> str:
    if "value" not in figure:
        return ", ".join(f"{name} {value:.0f}" for name, value in figure.items())
    low_high = figure["interval"]
    return f"{figure['value']:.3f}" + (f"  [{low_high[0]:.2f}, {low_high[1]:.2f}]" if low_high else "")
