"""`cited eval bench …`: speed and scale, and public benchmarks."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from app.cli.base import json_option, model_options, print_json, reader_options
from eval.cli.base import ARTICLE, FILE, evaluation, set_path, sources_of, sources_option, writer_of


@evaluation.group()
@click.pass_context
def bench(context: click.Context) -> None:
    """Public benchmarks, and how fast it is."""
    from eval.bench.ending import ending_in_order

    context.with_resource(ending_in_order())


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
@click.option("--more", type=FILE, help="Folder with more documents, so that there is something to search.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--model", metavar="GGUF", help="File of a language model, for LlamaIndex to write with.")
@click.option("--plot", type=FILE, help="SVG file for bars.")
@json_option
def speed(
    name: str, sources: tuple[Path, ...], more: Path | None, rounds: int, model: str | None,
    plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Start, ingest, search and answer: Cited, LlamaIndex's default pipeline, txtai, the models alone."""
    from app.cli.base import say
    from eval.bench.speed import draw, print_rows, run_speed
    from eval.run import load_task
    from ingest.folders import look

    places = sources_of(name, sources)
    questions = [q.question for q in load_task(set_path(name), places).set.questions]
    files = [file.path for place in (*places, *([more] if more else [])) for file in look(place).files]
    rows = run_speed(files, questions, rounds, model, told=say)
    if as_json:
        print_json([row.to_json() for row in rows])
    else:
        print_rows(rows)
    if plot:
        draw(rows, plot)


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
    from eval.bench.clients import run_clients

    load = run_clients(set_path(name), sources_of(name, sources), clients, each, pause)
    if as_json:
        print_json(asdict(load))
    else:
        click.echo(
            f"{load.clients} clients, {load.questions} questions, {load.failed} failed; "
            f"p50 {load.p50:.2f} s, p95 {load.p95:.2f} s, p99 {load.p99:.2f} s; "
            f"{load.per_second:.1f} a second"
        )


@bench.command()
@click.argument("name", metavar="[SET]", default="samples")
@sources_option
@click.option("--connections", type=click.IntRange(1, 1000), default=64, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60, show_default=True)
@json_option
def load(name: str, sources: tuple[Path, ...], connections: int, seconds: float, as_json: bool) -> None:
    """Many programs at once at the HTTP interface, beside `answer()` in a loop."""
    from eval.bench.load import as_text, run_load

    under = run_load(set_path(name), sources_of(name, sources), connections, seconds)
    if as_json:
        print_json(asdict(under) | {"of_looped": under.of_looped, "growth": under.growth})
    else:
        click.echo(as_text(under))


@bench.command()
@click.argument("name", metavar="[SET]", default="samples")
@sources_option
@click.option("--library", required=True, metavar="postgresql://…", help="An empty database.")
@click.option("--vectors", required=True, metavar="http://…", help="Its Chroma server.")
@click.option("--connections", type=click.IntRange(1, 1000), default=32, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60, show_default=True)
@json_option
def servers(
    name: str,
    sources: tuple[Path, ...],
    library: str,
    vectors: str,
    connections: int,
    seconds: float,
    as_json: bool,
) -> None:
    """Several `cited serve` of one library, a core each, beside one."""
    from eval.bench.servers import as_lines, run_servers

    rows = run_servers(set_path(name), sources_of(name, sources), (library, vectors), connections, seconds)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        click.echo("\n".join(as_lines(rows)))


@bench.command()
@click.option("--data", type=FILE, required=True, help="Folder with squad.jsonl.gz.")
@click.option("--reader", metavar="NAME", help="Reader, by name or folder.")
@json_option
def reader(data: Path, reader: str | None, as_json: bool) -> None:
    """The reader alone, on the SQuAD articles held back from its training."""
    from app.reader import load_reader
    from eval.bench.reader import print_figures, run_reader

    figures = run_reader(data, load_reader(reader))
    if as_json:
        print_json([asdict(figure) for figure in figures])
    else:
        print_figures(figures)


@bench.command("model")
@click.argument("name", metavar="[SET]", default="samples")
@sources_option
@click.option("--questions", "most", type=click.IntRange(1), default=20, show_default=True)
@reader_options
@model_options
@json_option
def bench_model(name: str, sources: tuple[Path, ...], most: int, as_json: bool, **given: Any) -> None:
    """What a language model costs: quotations without it, quotations beside it, and what it writes."""
    from app.progress import progress_bar
    from app.reader import load_reader
    from app.settings import load as load_settings
    from eval.bench.model import print_cost, run_model
    from eval.run import load_task

    settings = load_settings(**given)
    if settings.model is None:
        raise click.UsageError("name the language model: add --model")
    task = load_task(set_path(name), sources_of(name, sources))
    reading = load_reader(settings.reader)
    with progress_bar("questions") as advance:
        cost = run_model(task, partial(writer_of, settings), most, reading, settings.threshold, advance)
    if as_json:
        print_json(cost.to_json())
    else:
        print_cost(cost)


@bench.command()
@click.option("--data", type=FILE, help="Folder with wice.jsonl.gz; without it, no claims of WiCE.")
@click.option("--article", type=FILE, help="The article [default: where a checkout has it].")
@json_option
def claims(data: Path | None, article: Path | None, as_json: bool) -> None:
    """The checker of written sentences: what it passes rightly, and which changed facts it catches."""
    from eval.bench.claims import print_rows, run_claims
    from index.embed import Embedder

    at_hand = ARTICLE if article is None and ARTICLE.exists() else article
    rows = run_claims(Embedder(), at_hand, data)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_rows(rows)


@bench.command()
@click.option("--sizes", default="1000,10000,100000,1000000", show_default=True, help="Numbers of passages.")
@click.option("--folder", type=FILE, required=True, help="For libraries and report; what is there is kept.")
@click.option("--real", type=click.IntRange(0), default=0, show_default=True,
              help="Passages with vectors of the model; the rest get stand-ins.")  # fmt: skip
@click.option("--texts", type=FILE, multiple=True, help="Folders with prose [default: this machine's].")
@click.option("--build-only", is_flag=True, help="Fill the libraries and measure nothing.")
@click.option("--json", "as_json", type=FILE, help="File for the figures, too.")
def scale(
    sizes: str, folder: Path, real: int, texts: tuple[Path, ...], build_only: bool, as_json: Path | None
) -> None:
    """Speed, memory, disk and recall by size, up to a million passages of this machine's documentation."""
    from app.progress import progress_bar
    from eval.bench.scale import run_scale
    from eval.bench.scale_report import table
    from ingest.errors import EvaluationError

    numbers = [int(size) if size.strip().isdecimal() else 0 for size in sizes.split(",")]
    if min(numbers) < 1:
        raise click.BadParameter(f"{sizes} are not numbers from 1 on with commas between them")
    with progress_bar("passages") as advance:
        rows = run_scale(
            folder, numbers, set_path("samples"), sources_of("samples", ()), real=real,
            texts=texts, build_only=build_only, progress=advance,
        )  # fmt: skip
    if rows:
        click.echo(table(rows))
    if rows and as_json:
        try:
            as_json.write_text((folder / "scale.json").read_text(encoding="utf-8"), encoding="utf-8")
        except OSError as error:
            raise EvaluationError(
                f"{as_json} cannot be written: {error.strerror}; the figures are in {folder}/scale.json"
            ) from error
