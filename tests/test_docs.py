"""The README tells the truth: its tree, its commands, its settings, its Python."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.settings import PREFIX, SETTINGS
from eval.cli import cited
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [block for name, block in blocks if name == language]


def test_the_tree_names_every_module_and_nothing_else():
    tree = next(block for block in fenced("") if block.startswith("ingest/"))
    named: set[Path] = set()
    folder = Path()
    for line in tree.splitlines():
        if not line.startswith(" "):
            folder = Path(line.split()[0])
            continue
        for word in line.split("  ")[1].split() if line.startswith("  ") else []:
            named.add(folder / word)
    there = {
        path.relative_to(ROOT)
        for room in ("ingest", "index", "app", "eval")
        for path in (ROOT / room).glob("*.py")
        if path.name != "__init__.py"
    }
    assert {path for path in named if path.suffix == ".py"} == there
    assert all((ROOT / path).exists() for path in named)


def test_every_command_of_the_readme_is_one():
    lines = [line for block in fenced("") for line in block.splitlines()]
    said = {line.lstrip("$ ").split()[1] for line in lines if re.match(r"(?:\$ )?cited [a-z]", line)}
    said |= set(re.findall(r"`cited ([a-z]+)", README))
    assert said <= set(cited.commands)
    assert {"ingest", "ask", "list", "show", "delete", "serve", "rebuild", "doctor", "eval"} <= said


def test_every_command_has_help_that_answers():
    runner = CliRunner()
    for name in cited.commands:
        result = runner.invoke(cited, [name, "--help"])
        assert result.exit_code == 0
        assert len(result.output.splitlines()) > 3


def test_every_setting_is_documented():
    for name in SETTINGS:
        assert f"`{PREFIX}{name.upper()}`" in README
        assert f"`--{name.replace('_', '-')}`" in README or name in ("api_key", "vectors_token")


def test_make_knows_the_two_commands():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "make serve" in README
    assert "make test" in README
    assert re.search(r"^serve:", makefile, re.MULTILINE)
    assert re.search(r"^test:", makefile, re.MULTILINE)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    served, *code = fenced("python")
    assert "base_url" in served  # that one is tried in test_service_openai
    (tmp_path / "ingest").symlink_to(ROOT / "ingest")
    monkeypatch.chdir(tmp_path)
    for block in code:
        exec(compile(block, "README.md", "exec"), {})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1 ")
    assert "400 milligrams" in second.split(".")[0]


def test_the_session_of_the_readme_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    session = next(block for block in fenced("") if block.startswith("$ "))
    (tmp_path / "ingest").symlink_to(ROOT / "ingest")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CITED_LIBRARY", str(tmp_path / "library"))
    runner = CliRunner()
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, expected = part.split("\n", 1)
        result = runner.invoke(cited, shlex.split(command)[1:])
        assert _folded(result.output) == _folded(expected), command


def _folded(text: str) -> str:
    """Without what depends on the folder: the hexadecimal end of a document's id."""
    return " ".join(re.sub(r"-[0-9a-f]{8}\b", "-…", text).split())


def test_links_and_pictures_of_the_readme_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_nothing_speaks_of_the_machine_it_was_made_on():
    for name in ("README.md", "CHANGELOG.md", "LOG.md", "Makefile", "pyproject.toml"):
        assert str(ROOT.parent) + "/" not in (ROOT / name).read_text(encoding="utf-8")
