"""What a run writes, and what it leaves alone: complete results, other runs' files, and everything else."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from app.answer import Answerer
from app.reader import load_reader
from eval.cli import GATE_FAILED, cited
from eval.output import beside, held
from eval.run import Task, load_task, run
from index.embed import packaged_model
from index.encoder import packaged_parameters
from index.encoder_graph import write_graph
from index.feedback import add_feedback
from index.library import Library
from ingest.errors import EvaluationError, ModelError
from ingest.read import read_file
from tests import results_file
from tests.test_run import QUESTIONS, TEXT, invoke

COMMAND = (sys.executable, "-c", "from eval.cli import main; main()", "eval", "run")


class Stopped(Exception):  # noqa: N818
    """Raised through a run to end it."""


@pytest.fixture
def task(tmp_path: Path) -> Task:
    source, questions = tmp_path / "harbour.txt", tmp_path / "harbour.jsonl"
    source.write_text(TEXT, encoding="utf-8")
    questions.write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS), encoding="utf-8")
    return load_task(questions, [source])


def stop_after(answers: int):
    def told(done: int, _: int) -> None:
        if done == answers:
            raise Stopped

    return told


def counted(asked: list[str]):
    """Answers as they are given here, and which were asked for."""

    def answer(answerer, documents, questions):
        from eval.run import answer_here

        asked.extend(questions)
        yield from answer_here(answerer, documents, questions)

    return answer


def test_a_run_that_is_stopped_leaves_the_results_of_before_and_is_gone_on_with(task: Task, tmp_path: Path):
    output, part = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part"
    run(task, output)
    before = output.read_bytes()
    assert not part.exists()
    asked: list[str] = []
    with pytest.raises(Stopped):
        run(task, output, progress=stop_after(2), answering=counted(asked))
    assert output.read_bytes() == before
    assert part.read_text(encoding="utf-8").count('"kind": "answer"') == 2
    asked.clear()
    rows, _ = run(task, output, answering=counted(asked))
    assert asked == [QUESTIONS[2]["question"]]
    assert [row["id"] for row in rows] == ["opened", "cost", "hormone"]
    assert output.read_bytes() != before
    assert sorted(path.name for path in tmp_path.glob("r.jsonl*")) == ["r.jsonl"]


def test_what_was_done_is_kept_however_soon_a_run_is_stopped_again(task: Task, tmp_path: Path):
    output, part = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part"
    for after in (2, 1):
        with pytest.raises(Stopped):
            run(task, output, progress=stop_after(after))
        assert part.read_text(encoding="utf-8").count('"kind": "answer"') == 2


def test_complete_results_that_could_not_be_put_in_their_place_are_not_made_again(task: Task, tmp_path: Path):
    output, asked = tmp_path / "r.jsonl", []
    run(task, output, answering=counted(asked))
    output.rename(beside(output, ".part"))
    asked.clear()
    run(task, output, answering=counted(asked))
    assert asked == []
    assert output.is_file()


def test_results_keep_the_rights_of_those_that_they_replace(task: Task, tmp_path: Path):
    output = tmp_path / "r.jsonl"
    run(task, output)
    output.chmod(0o660)
    run(task, output)
    assert output.stat().st_mode & 0o777 == 0o660


def test_the_first_results_of_a_set_need_no_baseline_for_its_gates(task: Task, tmp_path: Path):
    with task.path.open("a", encoding="utf-8") as file:
        file.write('{"gates": ["no question that passed may fail"]}\n')
    (source,) = (document.source for document in task.documents.values())
    found = invoke("eval", "run", task.path, "--source", source, "-o", tmp_path / "r.jsonl")
    assert found.exit_code == 0, found.output
    assert "not checked without --baseline: no question that passed may fail" in found.output


def test_a_name_too_long_for_the_part_of_it_is_an_error_that_names_it(task: Task, tmp_path: Path):
    with pytest.raises(EvaluationError, match=r"cannot be written to .*long"):
        run(task, tmp_path / ("r" * 252))


def test_answers_of_another_decision_are_not_mixed(task: Task, tmp_path: Path):
    output, other = tmp_path / "r.jsonl", load_reader()
    with pytest.raises(Stopped):
        run(task, output, threshold=0.5, progress=stop_after(2))
    told = json.loads(beside(output, ".part").read_text(encoding="utf-8").split("\n")[0])["settings"]
    decision = json.loads(other.decision.read_text(encoding="utf-8"))
    other.decision = tmp_path / "decision.json"
    other.decision.write_text(json.dumps(decision, indent=7), encoding="utf-8")
    seen: list[int] = []
    run(task, output, other, 0.5, lambda done, _: seen.append(done))
    now = json.loads(output.read_text(encoding="utf-8").split("\n")[0])["settings"]
    assert told.keys() == now.keys() == {"threshold", "most_hits", "decision", "over_ray"}
    assert (told["threshold"], told["over_ray"]) == (now["threshold"], now["over_ray"]) == (0.5, False)
    assert told["decision"] != now["decision"]


def test_answers_of_another_encoder_of_questions_are_not_mixed(task: Task, tmp_path: Path, monkeypatch):
    output, other = tmp_path / "r.jsonl", tmp_path / "questions.onnx"
    with pytest.raises(Stopped):
        run(task, output, progress=stop_after(2))
    told = json.loads(beside(output, ".part").read_text(encoding="utf-8").split("\n")[0])
    write_graph(other, packaged_parameters(load_file(packaged_model() / "model.safetensors")))
    monkeypatch.setattr("index.encoder.QUESTIONS", other)
    asked: list[str] = []
    run(task, output, answering=counted(asked))
    now = json.loads(output.read_text(encoding="utf-8").split("\n")[0])
    assert told["model"] == now["model"]
    assert told["question_encoder"] != now["question_encoder"]
    assert len(asked) == 3


def test_the_embedding_model_of_the_settings_is_used(task: Task, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("CITED_EMBEDDING_MODEL", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="none"):
        run(task, tmp_path / "r.jsonl")


def test_two_runs_do_not_write_the_same_file(task: Task, tmp_path: Path):
    output = tmp_path / "r.jsonl"
    with held(output), pytest.raises(EvaluationError, match="another run is writing to"):
        run(task, output)
    (tmp_path / "link.jsonl").symlink_to(output)
    with (
        held(output),
        pytest.raises(EvaluationError, match="another run is writing to"),
        held(tmp_path / "link.jsonl"),
    ):
        pass
    with held(output) as part:
        assert part == beside(output, ".part")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("harbour.jsonl", "harbour.jsonl is the set itself; name another file"),
        ("harbour.txt", "harbour.txt is a document that the set asks about; name another file"),
        ("kept.jsonl", "kept.jsonl is a file that this run reads; name another file"),
        ("list.json", "list.json is there and holds no results; name another file"),
        ("folder", "cannot be written to .*folder: Is a directory"),
        ("nowhere/r.jsonl", "cannot be written to .*r.jsonl: there is no such folder"),
    ],
)
def test_results_never_replace_anything_else(task: Task, tmp_path: Path, name: str, told: str):
    results_file.write(tmp_path / "kept.jsonl")
    (tmp_path / "list.json").write_text("[1]\n5\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(EvaluationError, match=told):
        run(task, tmp_path / name, keep=[tmp_path / "kept.jsonl"])
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_results_may_go_nowhere(task: Task):
    assert len(run(task, Path("/dev/null"))[0]) == 3


def test_an_error_of_answering_is_not_told_as_one_of_writing(task: Task, tmp_path: Path):
    def broken(answerer, documents, questions):
        yield from ()
        raise ConnectionResetError(104, "the cluster is gone")

    with pytest.raises(ConnectionResetError):
        run(task, tmp_path / "r.jsonl", answering=broken)


def test_a_run_that_is_told_to_end_leaves_no_library_behind(task: Task, tmp_path: Path):
    many = [{**QUESTIONS[2], "id": str(n)} for n in range(5000)]
    task.path.write_text("".join(json.dumps(q) + "\n" for q in many), encoding="utf-8")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = (task.path, "--source", tmp_path / "harbour.txt", "-o", tmp_path / "r.jsonl")
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)], stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)}
    )
    part, until = tmp_path / "r.jsonl.part", time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 10_000) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(temporary.glob("tmp*"))
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, said.decode()
    assert list(temporary.glob("tmp*")) == []
    assert not (tmp_path / "r.jsonl").exists()


# The commands beside it


def test_comparing_says_what_differs_and_refuses_another_set(tmp_path: Path):
    first, second = results_file.write(tmp_path / "a.jsonl", 1), results_file.write(tmp_path / "b.jsonl", 2)
    done = invoke("eval", "compare", first, second)
    assert done.exit_code == 0, done.output
    assert "made differently: settings, threshold: 0.14 → 0.15" in done.output
    assert "The sets are not the same" not in done.output
    told = json.loads(invoke("eval", "compare", first, second, "--json").stdout)
    assert told[0]["made_differently"] == [["settings, threshold", "0.14", "0.15"]]
    second.write_text(second.read_text(encoding="utf-8").replace("ab" * 32, "cd" * 32), encoding="utf-8")
    for words in (("compare", first, second), ("report", second, "--baseline", first)):
        done = invoke("eval", *words)
        assert done.exit_code == 0, done.output
        assert f"{first} and {second}: The sets are not the same file" in done.stderr
    other = [json.loads(line) for line in second.read_text(encoding="utf-8").splitlines()]
    other[1]["question"] = "Which one?"
    done = invoke("eval", "compare", first, results_file.save(second, other))
    assert isinstance(done.exception, EvaluationError)
    assert "compare runs of the same set" in str(done.exception)


def test_the_gates_of_every_run_are_told_before_one_fails(tmp_path: Path):
    paths = [results_file.write(tmp_path / f"{n}.jsonl", n) for n in (1, 2, 3)]
    done = invoke("eval", "compare", *paths, "--fail-under", "evidence_recall > 1")
    assert done.exit_code == GATE_FAILED
    assert done.stderr.count("FAILED") == 2
    assert [line for line in done.stderr.splitlines() if line.endswith("jsonl:")] == [
        f"{paths[1]}:", f"{paths[2]}:",
    ]  # fmt: skip


def test_a_harvest_leaves_a_file_with_corrections_alone(task: Task, tmp_path: Path):
    folder, output = tmp_path / "library", tmp_path / "harvest.jsonl"
    with Library(folder) as library:
        library.add(read_file(tmp_path / "harbour.txt"))
        answer = Answerer(library).answer("When was the bridge across the harbour opened?").to_json()
        add_feedback(library.catalog, answer, good=True)
    words = ["eval", "harvest", "--library", str(folder), "-o", str(output)]
    assert CliRunner().invoke(cited, words).exit_code == 0
    assert output.read_text(encoding="utf-8").count("\n") == 1
    output.write_text("corrected", encoding="utf-8")
    done = CliRunner().invoke(cited, words)
    assert isinstance(done.exception, EvaluationError)
    assert "name another file with -o" in str(done.exception)
    assert output.read_text(encoding="utf-8") == "corrected"
