"""A run of a set through the real answers: repeatable, resumable, and a planted fault is caught by name."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.answer import Answerer
from eval.cli import GATE_FAILED, cited
from eval.gates import check
from eval.grade import grade, summarise
from eval.harvest import candidates
from eval.questions import load_set
from eval.report.load import load
from eval.report.reasons import wrongs
from eval.run import interrupted, load_task, run
from index.feedback import add_feedback
from index.library import Library
from ingest.errors import EvaluationError
from ingest.read import read_bytes, read_file
from tests import results_file

TEXT = (
    "The harbour of Lund\n\n"
    "The bridge across the harbour was opened in 1932 by Queen Maud.[1] It cost forty thousand crowns.\n\n"
    "Herring was landed here for three centuries, until the shoals moved north in 1951.\n\n"
    "[1] It was named after the engineer Ida Berg, who had drawn it.\n"
)
QUESTIONS = [
    {"id": "opened", "question": "When was the bridge across the harbour opened?",
     "evidence": [{"quote": "The bridge across the harbour was opened in 1932 by Queen Maud."}],
     "facts": ["1932"], "short_answers": ["1932"]},
    {"id": "cost", "question": "How much did the bridge cost?",
     "evidence": [{"start": "It cost", "end": "crowns."}], "facts": [["forty thousand"]]},
    {"id": "hormone", "question": "Which hormone regulates blood sugar?", "evidence": []},
]  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    source, questions = tmp_path / "harbour.txt", tmp_path / "harbour.jsonl"
    source.write_text(TEXT, encoding="utf-8")
    questions.write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS), encoding="utf-8")
    return questions, source


def timeless(path: Path) -> list[dict]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row.pop("date", None), row.pop("memory_mb", None)
        row.get("answer", {}).pop("timings_ms", None)
        for figures in (row.get("figures") or {}).values():
            for part in (figures, *figures.values()):
                isinstance(part, dict) and part.pop("latency_ms", None)
    return rows


def test_two_runs_differ_in_dates_timings_and_memory_only(files: tuple[Path, Path], tmp_path: Path):
    task = load_task(files[0], [files[1]])
    run(task, tmp_path / "a.jsonl")
    run(task, tmp_path / "b.jsonl")
    assert timeless(tmp_path / "a.jsonl") == timeless(tmp_path / "b.jsonl")
    assert load(tmp_path / "a.jsonl").run["set"]["questions"] == 3


def test_an_interrupted_run_goes_on_where_it_was(files: tuple[Path, Path], tmp_path: Path):
    output = tmp_path / "a.jsonl"
    task = load_task(files[0], [files[1]])
    run(task, output)
    whole = output.read_text(encoding="utf-8").splitlines(keepends=True)
    marked = whole[1].replace("When was the bridge", "WHEN was the bridge")
    output.write_text(whole[0] + marked + whole[2][:40], encoding="utf-8")  # killed within a line
    about = json.loads(whole[0])
    assert list(interrupted(output, about)) == ["opened"]
    assert interrupted(output, {**about, "reader": "another"}) == {}
    rows, _ = run(task, output)
    assert rows[0]["question"].startswith("WHEN")
    assert [row["id"] for row in rows] == ["opened", "cost", "hormone"]


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cited, [str(a) for a in arguments])


def test_the_commands_from_set_to_report(files: tuple[Path, Path], tmp_path: Path):
    questions, source = files
    output = tmp_path / "r.jsonl"
    checked = invoke("eval", "check", questions, "--source", source)
    assert checked.output == "harbour.jsonl: 3 questions, 2 answerable, 1 not; 2 evidence spans\n"
    done = invoke(
        "eval", "run", questions, "--source", source, "-o", output, "--fail-under", "exact_quotes >= 1"
    )
    assert done.exit_code == 0, done.output
    assert "kept" in done.output
    failed = invoke("eval", "compare", output, output, "--fail-under", "evidence_recall > 1")
    assert failed.exit_code == GATE_FAILED
    assert "FAILED" in failed.output
    assert invoke("eval", "report", output, "--baseline", output).exit_code == 0
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!")
    assert {p.suffix for p in tmp_path.glob("r.*")} == {".jsonl", ".html", ".md", ".xml"}


def shifted(answer: dict) -> None:
    for c in answer["citations"]:
        c["start_char_index"] += 1
        c["end_char_index"] += 1


def of_another_document(answer: dict) -> None:
    for c in answer["citations"]:
        c["cited_text"] = "A passage of another document altogether."


def of_another_note(answer: dict) -> None:
    for c in answer["citations"]:
        c["kind"], c["footnote"] = "footnote", "1"


def answered_instead(answer: dict) -> None:
    answer["answered"] = True


@pytest.mark.parametrize(
    ("fault", "gate", "seen"),
    [
        (shifted, "exact_quotes >= 1", "opened"),
        (of_another_document, "fabricated_quotes <= 0", "opened"),
        (of_another_note, "right_labels >= 1", "opened"),
        (answered_instead, "refusal_recall >= 1", "hormone"),
    ],
)
def test_a_planted_fault_fails_its_gate_and_is_named(
    files: tuple[Path, Path], tmp_path: Path, fault: Callable[[dict], None], gate: str, seen: str
):
    rows, summary = run(load_task(files[0], [files[1]]), tmp_path / "a.jsonl")
    good = {"answers": rows, "summary": summary}
    assert check([gate], good, None)[0].kept
    document = read_file(files[1])
    questions = {q.id: q for q in load_set(files[0], {"harbour.txt": document})}
    broken = json.loads(json.dumps(rows))
    for row in broken:
        fault(row["answer"])
        row["grades"] = grade(questions[row["id"]], row["answer"], {document.id: document})
    bad = {"answers": broken, "summary": summarise(broken)}
    assert not check([gate], bad, None)[0].kept
    assert not check(["no question that passed may fail"], bad, good)[0].kept or gate.startswith(
        ("exact", "fabricated", "right")
    )
    assert wrongs(next(row for row in broken if row["id"] == seen))


def test_what_readers_said_becomes_candidates_that_check(
    library: Library, files: tuple[Path, Path], tmp_path: Path
):
    library.add(read_file(files[1]))
    answerer = Answerer(library, threshold=0.0)
    good = answerer.answer("When was the bridge across the harbour opened?").to_json()
    add_feedback(library.catalog, good, good=True)
    add_feedback(library.catalog, good, good=None, comment="Right.")
    add_feedback(library.catalog, answerer.answer("Who caught the herring?").to_json(), good=False)
    rows = candidates(library)
    assert [row["id"] for row in rows] == ["harvest-001", "harvest-002"]
    assert "1932" in rows[0]["evidence"][0]["quote"]
    assert rows[0]["note"] == "thumb up; Right."
    assert "evidence" not in rows[1]
    assert rows[1]["note"].startswith("thumb down; it cited: ")
    path = tmp_path / "harvest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    documents = {"harbour.txt": read_file(files[1])}
    with pytest.raises(EvaluationError, match="line 2: the field 'evidence' is missing; write what a full"):
        load_set(path, documents)
    rows[1]["evidence"] = [{"quote": "Herring was landed here"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert len(load_set(path, documents)) == 2


@pytest.mark.parametrize("source", ["upload:harbour.txt", "stdin:harbour.txt", "/a/harbour.txt"])
def test_a_candidate_calls_its_document_by_the_name_of_its_file(library: Library, source: str):
    library.add(read_bytes(TEXT.encode(), name="harbour.txt", source=source))
    answer = Answerer(library, threshold=0.0).answer("When was the bridge opened?").to_json()
    add_feedback(library.catalog, answer, good=True)
    (row,) = candidates(library)
    assert {row["document"], *(item["document"] for item in row["evidence"])} == {"harbour.txt"}


def test_gates_are_read_before_the_first_answer(files: tuple[Path, Path], tmp_path: Path):
    questions, source = files
    output, before = tmp_path / "r.jsonl", results_file.write(tmp_path / "before.jsonl")
    gates = tmp_path / "gates.toml"
    gates.write_text('gates = "evidence_recall >= 0.9"\n', encoding="utf-8")
    for options, told in (
        (["--gates", tmp_path / "nope.toml"], "nope.toml cannot be read"),
        (["--gates", gates], "gates is a list of strings"),
        (["--fail-under", "evidence_recal >= 0.9"], "there is no figure evidence_recal"),
        (["--fail-under", "evidence_recall of why >= 0.9"], "there are no questions of why"),
        (["--fail-under", "evidence_recall >= baseline"], "needs a baseline"),
        (["--fail-under", "correct of single >= baseline", "--baseline", tmp_path / "no"], "cannot be read"),
    ):
        result = invoke("eval", "run", questions, "--source", source, "-o", output, *options)
        assert (result.exit_code, output.exists()) == (1, False), result.output
        assert told in str(result.exception)
    result = invoke("eval", "run", questions, "--source", source, "-o", output, "--baseline", before)
    assert (result.exit_code, "no gate needs the --baseline" in result.output) == (0, True)
    with questions.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"gates": ["evidence_recal >= 0.9"]}) + "\n")
    result = invoke("eval", "check", questions, "--source", source)
    assert "there is no figure evidence_recal" in str(result.exception)
