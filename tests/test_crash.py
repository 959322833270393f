"""A process killed at any instant, and a full disk, leave a library that opens, answers and goes on."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.embed import Embedder
from index.library import Library
from index.search import search
from ingest.errors import CitedError
from ingest.passages import cut_passages
from ingest.read import read_file
from tests.conftest import ROOT, SAMPLES
from tests.test_embed import WordLengths

DRIVER = """
import sys
from pathlib import Path
from index.library import Library
from ingest.read import read_file
from tests.test_embed import WordLengths
folder, *papers = map(Path, sys.argv[1:])
with Library(folder, WordLengths()) as library:
    print("begun", flush=True)
    for paper in papers:
        print(library.add(read_file(paper)), paper.name, flush=True)
    print("done", flush=True)
"""
KILLS = 30


def write_papers(folder: Path, turn: int) -> list[Path]:
    """Five papers, half of them changed each turn."""
    folder.mkdir(exist_ok=True)
    paths = []
    for n in range(5):
        edition = turn - (turn + n) % 2
        body = "\n\n".join(
            f"Paper {n} in edition {edition} says {k} things about ships. " * 12 for k in range(30)
        )
        path = folder / f"paper-{n}.md"
        path.write_text(f"# Paper {n}\n\n{body}\n")
        paths.append(path)
    return paths


def check_whole(library: Library, known: dict[str, set[str]]) -> None:
    """Each visible document is complete and one that was written; known: texts by id."""
    for entry in library.entries():
        document = library.document(entry.id)
        assert document.text in known[entry.id]
        assert tuple(library.catalog.passages_of(entry.id)) == cut_passages(document)
        assert entry.passages == len(cut_passages(document))
    ids = library.catalog.passage_ids()
    assert len(ids) == len(set(ids))
    hits = search(library, "ships in paper 3", 6)
    assert bool(hits) == bool(ids)
    for hit in hits:
        text = library.document(hit.passage.document_id).text
        assert text[hit.passage.start : hit.passage.end] == hit.passage.text
    words = library.catalog._all("SELECT count(*) FROM words")[0][0]
    assert words == len(ids)


def test_killed_at_any_of_thirty_instants_the_library_opens_answers_and_loses_nothing(tmp_path):
    folder, chance = tmp_path / "library", random.Random(1957)
    known: dict[str, set[str]] = {}
    finished = 0
    seconds = 1.0  # from the beginning of the work to its end, measured as we go
    for turn in range(KILLS):
        papers = write_papers(tmp_path / "papers", turn)
        now = {d.id: d for d in map(read_file, papers)}
        for name, document in now.items():
            known.setdefault(name, set()).add(document.text)
        before = {entry.id for entry in Library(folder, WordLengths()).entries()}
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, folder, *papers], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert process.stdout.readline() == "begun\n"
        begun = time.monotonic()
        try:
            process.wait(chance.uniform(0, seconds))
            finished += 1
            seconds = time.monotonic() - begun
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        output = process.communicate()[0]
        with Library(folder, WordLengths(), wait=5) as library:
            assert before <= {entry.id for entry in library.entries()}
            for line in output.splitlines():
                if line.startswith(("added", "replaced")):
                    name = next(d.id for d in now.values() if d.source.endswith(line.split()[1]))
                    assert library.catalog.version(name) == now[name].version
            check_whole(library, known)
            if turn % 3 == 0:  # else the next turn's process goes on from the interrupted state
                for document in now.values():
                    library.add(document)
                library.sweep()
                check_whole(library, {name: {d.text} for name, d in now.items()})
                assert len(library.entries()) == 5
                assert library.vectors.count() == library.catalog.passage_count()
                assert library.catalog.loose() == []
    assert finished < KILLS  # some were really killed


@pytest.mark.heavy
@pytest.mark.timeout(1500)
def test_the_real_command_killed_at_random_instants_loses_nothing(tmp_path):
    folder, chance = tmp_path / "library", random.Random(1884)
    command = [str(Path(sys.executable).with_name("cited")), "ingest", "--library", str(folder), str(SAMPLES)]
    documents = {d.id: d for d in map(read_file, sorted(SAMPLES.iterdir()))}
    known = {name: {d.text} for name, d in documents.items()}
    for _ in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process.wait(chance.uniform(0.2, 25))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        with Library(folder, Embedder(), wait=5) as library:
            check_whole(library, known)
            if len(library.entries()) == len(documents):
                for entry in library.entries():
                    library.delete(entry.id)
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    with Library(folder, Embedder(), wait=5) as library:
        check_whole(library, known)
        library.sweep()
        assert len(library.entries()) == len(documents)
        assert library.vectors.count() == library.catalog.passage_count()


ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from index.library import Library
from ingest.errors import CitedError
from ingest.read import read_file
from tests.test_embed import WordLengths
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
try:
    with Library(Path(sys.argv[1]), WordLengths()) as library:
        library.add(read_file(Path(sys.argv[2])))
except CitedError as error:
    print(error)
    sys.exit(1)
"""


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99, 1.05, 1.3])
def test_without_room_the_error_says_so_and_the_library_is_as_it_was(tmp_path, share):
    small, large = write_papers(tmp_path / "papers", 0)[:2]
    large.write_text(large.read_text().replace("ships", "boats") * 60)
    folder = tmp_path / "library"
    with Library(folder, WordLengths()) as library:
        library.add(read_file(small))
        before = library.entries()
    largest = max(file.stat().st_size for file in folder.rglob("*"))
    limited = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, folder, large, str(int(largest * share))],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert limited.returncode == 1, limited.stderr
    assert limited.stderr == ""
    assert "disk" in limited.stdout
    with Library(folder, WordLengths()) as library:
        assert library.entries() == before
        assert all(hit.passage.document_id == before[0].id for hit in search(library, "boats", 9))
        check_whole(library, {before[0].id: {read_file(small).text}})
        assert library.add(read_file(large)) == "added"
        assert library.vectors.count() == library.catalog.passage_count()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a small file system of its own")
def test_on_a_full_disk_the_error_says_so_and_the_library_is_as_it_was(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1536k", "tmpfs", disk], capture_output=True
    )
    if not made or made.returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        small, large = write_papers(tmp_path / "papers", 0)[:2]
        large.write_text(large.read_text().replace("ships", "boats") * 60)
        with Library(disk / "library", WordLengths()) as library:
            library.add(read_file(small))
            before = library.entries()
            with pytest.raises(CitedError, match="disk"):
                library.add(read_file(large))
        with Library(disk / "library", WordLengths()) as library:
            assert library.entries() == before
        subprocess.run([mount, "-o", "remount,size=64m", disk], check=True)
        with Library(disk / "library", WordLengths()) as library:
            check_whole(library, {before[0].id: {read_file(small).text}})
            assert library.add(read_file(large)) == "added"
            assert library.vectors.count() == library.catalog.passage_count()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
