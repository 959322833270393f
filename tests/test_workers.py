"""Files are read in processes of their own; what harms its process harms no other file."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import pytest

from ingest.document import Document
from ingest.errors import IngestError, SourceMissing, SourceTooLarge, SourceUnreadable
from ingest.read import read_file
from ingest.workers import MOST_WAITING, Limits, read_all

MOST = 20_000_000
DEFAULT = Limits()
HELD: list[bytearray] = []


def deep(n: int) -> int:
    return deep(n + 1) + 1


def trouble(path: Path, most_bytes: int) -> Document:
    """A reader that does to its process what the file asks for, and reads it."""
    match path.read_text().split():
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case ["memory", megabytes]:
            bytearray(int(megabytes) * 1_000_000)
        case ["leak", megabytes]:
            HELD.append(bytearray(int(megabytes) * 1_000_000))
        case ["recursion"]:
            deep(0)
        case ["signal", number]:
            os.kill(os.getpid(), int(number))
        case ["exit", status]:
            os._exit(int(status))
        case ["mistake"]:
            return {}["no such key"]
    return read_file(path, most_bytes)


def write(folder: Path, *contents: str) -> list[Path]:
    paths = [folder / f"{n:02}.html" for n in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content)
    return paths


def outcomes(paths, limits=DEFAULT, processes=2):
    return dict(read_all(paths, most_bytes=MOST, limits=limits, processes=processes, read=trouble))


@pytest.mark.parametrize("light_bytes", [0, 50_000])
def test_files_are_read_as_read_file_reads_them_here_or_there(tmp_path, light_bytes):
    paths = []
    for name in ("a.txt", "b.md", "c.html"):
        paths.append(tmp_path / name)
        paths[-1].write_text(f"A ship called {name} sails.[1]\n\n[1] To Jamaica.\n")
    found = dict(read_all(paths, most_bytes=MOST, limits=Limits(light_bytes=light_bytes)))
    assert found == {path: read_file(path) for path in paths}


def test_no_files_are_no_outcomes_and_no_processes():
    assert list(read_all([], most_bytes=MOST)) == []
    assert active_children() == []


@pytest.mark.parametrize("name", ["none.txt", "none.html"])
def test_what_is_not_there_empty_or_too_large_is_told_as_read_file_tells_it(tmp_path, name):
    empty, large = tmp_path / f"empty-{name}", tmp_path / f"large-{name}"
    empty.write_text("")
    large.write_text("A ship sails. " * 100)
    found = dict(read_all([tmp_path / name, empty, large], most_bytes=1000))
    assert [type(e) for e in (found[tmp_path / name], found[empty], found[large])] == [
        SourceMissing,
        SourceUnreadable,
        SourceTooLarge,
    ]
    assert all(str(path) in str(error) for path, error in found.items())


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("sleep 90", SourceTooLarge, r"takes longer than 4 s to read and was given up; split it, or save it"),
        ("memory 900", SourceTooLarge, r"needs more than 600 MB of memory to be read; split it, or save it"),
        ("recursion", SourceUnreadable, r"is nested too deep to be read; save it in another format"),
        (
            f"signal {signal.SIGKILL}",
            SourceUnreadable,
            r"ended the process that read it \(SIGKILL\); save it",
        ),
        (
            f"signal {signal.SIGSEGV}",
            SourceUnreadable,
            r"ended the process that read it \(SIGSEGV\); save it",
        ),
        ("exit 3", SourceUnreadable, r"ended the process that read it \(status 3\); save it"),
        ("mistake", SourceUnreadable, r"reader failed \(KeyError: 'no such key'\), .*; save it .* report"),
    ],
)
def test_a_file_that_harms_its_process_is_an_error_and_the_others_are_read(tmp_path, content, error, message):
    paths = write(tmp_path, "A ship sails.", content, "The beans are brown.", "The tide rises.")
    found = outcomes(paths, Limits(seconds=4 if "sleep" in content else 60, memory_mb=600), processes=1)
    harmful = found.pop(paths[1])
    assert {path: document.text for path, document in found.items()} == {
        paths[0]: "A ship sails.",
        paths[2]: "The beans are brown.",
        paths[3]: "The tide rises.",
    }
    assert type(harmful) is error
    with pytest.raises(IngestError, match=rf"^{paths[1]} .*{message}"):
        raise harmful


def test_each_of_many_files_that_end_their_process_at_once_is_blamed_and_no_other(tmp_path):
    kinds = ["A ship sails.", f"signal {signal.SIGKILL}", "exit 1"]
    paths = write(tmp_path, *(kinds[n % 3] for n in range(18)))
    found = outcomes(paths)
    assert [isinstance(found[path], Document) for path in paths] == [n % 3 == 0 for n in range(18)]


def test_a_mistake_in_a_reader_keeps_its_traceback_as_a_note(tmp_path):
    heavy, light = write(tmp_path, "mistake")[0], tmp_path / "light.txt"
    light.write_text("mistake")
    for error in outcomes([heavy, light]).values():
        assert 'return {}["no such key"]' in error.__notes__[0]
        assert "Traceback" not in str(error)


def test_what_a_library_leaks_does_not_count_against_the_files_that_follow(tmp_path):
    paths = write(tmp_path, *["leak 60"] * 12)
    found = outcomes(paths, Limits(memory_mb=600), processes=1)
    assert [found[path] for path in paths] == [read_file(path) for path in paths]


def test_a_pipe_without_end_is_given_up_after_the_time_allowed(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    found = outcomes([tmp_path / "pipe.txt"], Limits(seconds=0.5))
    assert isinstance(found[tmp_path / "pipe.txt"], IngestError)


def test_a_document_far_larger_than_a_pipe_holds_comes_back_whole(tmp_path):
    path = tmp_path / "long.html"
    path.write_text("".join(f"<p>Ship number {n} sails far away." for n in range(20_000)))
    assert outcomes([path])[path] == read_file(path)


def test_however_many_files_there_are_only_a_few_are_taken_ahead(tmp_path):
    taken = []
    path = write(tmp_path, "A ship sails.")[0]
    found = read_all((path for n in range(100) if not taken.append(n)), most_bytes=MOST, processes=2)
    for given in range(1, 60):
        next(found)
        assert 0 < len(taken) - given <= MOST_WAITING
    found.close()


def test_files_that_wait_have_at_most_twice_the_largest_size_together(tmp_path):
    taken = []
    paths = write(tmp_path, *["A ship sails. " * 50] * 10)  # 700 bytes each
    found = read_all((p for p in paths if not taken.append(p)), most_bytes=1000, processes=1)
    next(found)
    assert len(taken) <= 4  # two are read, a third waits for room, one was handed out
    assert len(list(found)) == 9


def test_leaving_early_ends_the_processes_at_once(tmp_path):
    paths = write(tmp_path, "A ship sails.", *["sleep 90"] * 8)
    found = read_all(paths, most_bytes=MOST, processes=2, read=trouble)
    assert next(found)[0] == paths[0]
    begun = time.monotonic()
    found.close()
    assert time.monotonic() - begun < 5
    assert active_children() == []


SCRIPT = """
import sys
from pathlib import Path
from ingest.workers import Limits, read_all
def work():
    for path, outcome in read_all(
        [Path(name) for name in sys.argv[1:]], most_bytes=1000, limits=Limits(light_bytes=0), processes=1
    ):
        print(type(outcome).__name__, outcome if isinstance(outcome, Exception) else "", flush=True)
"""


def run_script(folder, ending, *paths):
    script = folder / "script.py"
    script.write_text(SCRIPT + ending)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    return subprocess.run(
        [sys.executable, script, *paths], capture_output=True, text=True, env=environment, timeout=60
    )


def test_a_script_without_a_guard_is_told_what_it_lacks(tmp_path):
    path = write(tmp_path, "A ship sails.")[0]
    assert run_script(tmp_path, "if __name__ == '__main__':\n    work()\n", path).stdout == "Document \n"
    assert 'below `if __name__ == "__main__":`' in run_script(tmp_path, "work()\n", path).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_processes_of_a_killed_program_end_too(tmp_path):
    path = write(tmp_path, "A ship sails.")[0]
    ending = (
        "import multiprocessing, os, signal\n"
        "if __name__ == '__main__':\n"
        "    found = read_all([Path(sys.argv[1])] * 3, most_bytes=1000, processes=1)\n"
        "    next(found)\n"
        "    print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = Path("/proc") / run_script(tmp_path, ending, path).stdout.strip()
    assert child.name.isdecimal()
    until = time.monotonic() + 10
    while time.monotonic() < until and child.exists() and ") Z " not in (child / "stat").read_text():
        time.sleep(0.05)
    assert not child.exists() or ") Z " in (child / "stat").read_text()


def test_a_process_that_reads_imports_nothing_big():
    code = "import sys, ingest.workers as w, ingest.read as r; r.readers(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "numpy", "chromadb", "sqlite3", "llama_index"} & set(modules.split())
