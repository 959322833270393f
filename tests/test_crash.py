"""A process killed at any instant, and a full disk, leave a library that opens, answers and goes on."""

import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from index.embed import Embedder
from index.library import Library
from index.search import search
from ingest.errors import CitedError
from ingest.passages import cut_passages
from ingest.read import read_file
from tests.conftest import SAMPLES
from tests.test_embed import WordLengths

# Processes forked from one that has imported everything begin at once.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.test_crash", "index.vectors"])


def ingest(folder: Path, papers: list[Path], said: Connection) -> None:
    """What the process does that gets killed; says what it has done."""
    with Library(folder, WordLengths()) as library:
        said.send("begun")
        for paper in papers:
            document = read_file(paper)
            library.add(document)
            said.send((document.id, document.version))


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
    words = library.catalog.rows("SELECT count(*) FROM words")[0][0]
    assert words == len(ids)


def test_killed_at_any_of_thirty_instants_the_library_opens_answers_and_loses_nothing(tmp_path):
    folder, chance = tmp_path / "library", random.Random(1957)
    known: dict[str, set[str]] = {}
    finished = 0
    seconds = 0.6  # from the beginning of the work to its end, measured as we go
    for turn in range(KILLS):
        papers = write_papers(tmp_path / "papers", turn)
        now = {d.id: d for d in map(read_file, papers)}
        for name, document in now.items():
            known.setdefault(name, set()).add(document.text)
        with Library(folder, WordLengths()) as library:
            before = {entry.id for entry in library.entries()}
        heard, said = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=ingest, args=(folder, papers, said))
        process.start()
        said.close()
        assert heard.recv() == "begun"
        begun = time.monotonic()
        process.join(chance.uniform(0, seconds))
        if process.exitcode is None:
            process.kill()
            process.join()
        else:
            finished += 1
            seconds = time.monotonic() - begun
        with Library(folder, WordLengths(), wait=5) as library:
            assert before <= {entry.id for entry in library.entries()}
            with suppress(EOFError):
                while True:
                    name, version = heard.recv()
                    assert library.catalog.version(name) == version
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
    finished, seconds = 0, 15.0
    for _ in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not (folder / "owner.json").exists():
            time.sleep(0.01)  # importing; the work begins when it owns the library
        begun = time.monotonic()
        try:
            process.wait(chance.uniform(0, seconds))
            finished += 1
            seconds = max(1.0, time.monotonic() - begun)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        (folder / "owner.json").unlink(missing_ok=True)
        with Library(folder, Embedder(), wait=5) as library:
            check_whole(library, known)
            if len(library.entries()) == len(documents):
                for entry in library.entries():
                    library.delete(entry.id)
    assert finished < KILLS
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    with Library(folder, Embedder(), wait=5) as library:
        check_whole(library, known)
        library.sweep()
        assert len(library.entries()) == len(documents)
        assert library.vectors.count() == library.catalog.passage_count()


def add_with_files_limited(folder: Path, paper: Path, most: int, said: Connection) -> None:
    """Add a paper where no file may grow beyond so many bytes; says what went wrong."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        with Library(folder, WordLengths()) as library:
            library.add(read_file(paper))
        said.send("nothing")
    except CitedError as error:
        said.send(str(error))


@pytest.mark.parametrize("share", [0.0, 0.6, 1.05])
def test_without_room_the_error_says_so_and_the_library_is_as_it_was(tmp_path, share):
    small, large = write_papers(tmp_path / "papers", 0)[:2]
    large.write_text(large.read_text().replace("ships", "boats") * 20)
    folder = tmp_path / "library"
    with Library(folder, WordLengths()) as library:
        library.add(read_file(small))
        before = library.entries()
    largest = max(file.stat().st_size for file in folder.rglob("*"))
    heard, said = PROCESSES.Pipe(duplex=False)
    limited = PROCESSES.Process(
        target=add_with_files_limited, args=(folder, large, int(largest * share), said)
    )
    limited.start()
    assert "disk" in heard.recv()
    limited.join()
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
        large.write_text(large.read_text().replace("ships", "boats") * 20)
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
