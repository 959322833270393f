"""Ingest and evaluation over a real Ray cluster of two nodes, and what happens where a part of it dies."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cluster import TRIES, connected, work
from app.ingesting import Wishes, ingest_paths
from app.progress import Bar
from app.ray_ingest import Preparer, Preparing, Sent, Source, about, prepare_all
from eval.cli import main
from eval.ray_run import OverRay
from eval.run import load_task, run
from index.embed import Embedder
from index.library import Library
from index.place import Servers
from index.write import Prepared
from ingest.errors import ClusterError, IngestError, SettingsError
from ingest.passages import cut_passages
from ingest.read import read_file
from tests.conftest import ROOT, SAMPLES
from tests.ray_nodes import workers_of
from tests.ray_trouble import trouble
from tests.test_cluster import (
    SECONDS,
    check_as_one_process_makes_it,
    take_away,
    take_the_first_away,
    under_load,
    write_papers,
)
from tests.test_run import QUESTIONS, TEXT, timeless

CITED = Path(sys.executable).with_name("cited")
LONG_AGO = 1_600_000_000
heavy = pytest.mark.heavy
# Ray's own code warns of files and sockets that it leaves to the end of the process.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def papers(tmp_path):
    """Ten papers, the sample articles and an empty file."""
    folder = tmp_path / "papers"
    shutil.copytree(SAMPLES, folder)
    for n in range(10):
        body = "\n\n".join(f"Ship {k} of paper {n} sails far.[^1] It carries tea. " * 8 for k in range(n + 1))
        (folder / f"paper-{n}.md").write_text(f"# Paper {n}\n\n{body}\n\n[^1]: As was said in {1900 + n}.\n")
    (folder / "empty.txt").write_text("")
    for file in folder.iterdir():
        os.utime(file, (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture
def library(tmp_path, embedder):
    with Library(tmp_path / "library", embedder) as opened:
        yield opened


def told(done):
    return [line.to_json() for line in done.lines]


def check_all_there_once(library, papers):
    """Every paper is in the library, with its passages, their vectors, and nothing else."""
    documents = {document.id: document for document in map(read_file, papers.iterdir())}
    assert {entry.id for entry in library.entries()} == set(documents)
    for name, document in documents.items():
        assert library.document(name) == document
        assert tuple(library.catalog.passages_of(name)) == cut_passages(document)
    library.sweep()
    assert library.vectors.count() == library.catalog.passage_count()
    assert library.catalog.loose() == []


# The same library


@heavy
def test_a_cluster_makes_the_library_that_one_process_makes(cluster, library, papers, tmp_path, embedder):
    done = ingest_paths(library, [papers], wishes=Wishes(ray=cluster.address, collection="ships"))
    assert library.catalog.collections() == {"ships": 13}
    with Library(tmp_path / "alone", embedder) as alone:
        assert told(done) == told(ingest_paths(alone, [papers]))
        assert (done.count("added"), done.count("failed")) == (13, 1)
        ids = alone.catalog.passage_ids()
        assert sorted(library.catalog.passage_ids()) == sorted(ids)
        for entry in alone.entries():
            assert library.document(entry.id) == alone.document(entry.id)
            assert tuple(library.catalog.passages_of(entry.id)) == tuple(alone.catalog.passages_of(entry.id))
        for question in ("a ship carries tea", "How was longitude found?"):
            theirs = dict(alone.vectors.search(embedder.question(question), len(ids)))
            ours = dict(library.vectors.search(embedder.question(question), len(ids)))
            assert ours == pytest.approx(theirs, abs=1e-6)
        ours, theirs = (x.catalog.sentence_vectors(ids) for x in (library, alone))
        for name in ids:  # in half precision, where a last bit is up to 0.0005
            assert ours[name] == pytest.approx(theirs[name], abs=5e-4)
    for file in papers.glob("paper-*.md"):
        os.utime(file)
    (papers / "paper-3.md").write_text("# Paper 3\n\nIt was written anew.\n")
    (papers / "empty.txt").unlink()
    again = ingest_paths(library, [papers], wishes=Wishes(ray=cluster.address))
    assert (again.count("unchanged"), again.count("replaced"), again.count("failed")) == (12, 1, 0)
    assert {line.notes for line in again.lines if "paper-" in line.source} == {0, 1}  # those that were read
    assert library.catalog.collections() == {"ships": 13}


@heavy
def test_an_evaluation_over_a_cluster_differs_in_dates_timings_and_memory_only(cluster, tmp_path):
    source, questions = tmp_path / "harbour.txt", tmp_path / "harbour.jsonl"
    source.write_text(TEXT, encoding="utf-8")
    more = [{**q, "id": f"{q['id']}-{n}"} for n in range(3) for q in QUESTIONS]
    questions.write_text("".join(json.dumps(q) + "\n" for q in more), encoding="utf-8")
    task = load_task(questions, [source])
    run(task, tmp_path / "here.jsonl")
    run(task, tmp_path / "there.jsonl", answering=OverRay(cluster.address))
    there, here = timeless(tmp_path / "there.jsonl"), timeless(tmp_path / "here.jsonl")
    assert (there[0]["settings"].pop("over_ray"), here[0]["settings"].pop("over_ray")) == (True, False)
    assert there == here
    assert len(timeless(tmp_path / "there.jsonl")) == 1 + 9 + 1


# What dies


class Meddling(Bar):
    """Does something once, when the third source is done."""

    def __init__(self, meddle):
        self.steps, self.meddle = 0, meddle

    def step(self):
        self.steps += 1
        if self.steps == 3:
            self.meddle()


@heavy
def test_a_worker_that_is_killed_is_replaced_and_its_document_done_once(cluster, library, papers):
    killed = []

    def kill():
        killed.extend(workers_of(cluster.head_node, *cluster.worker_nodes))
        for process in killed:
            os.kill(process, signal.SIGKILL)

    (papers / "empty.txt").unlink()
    done = ingest_paths(library, [papers], wishes=Wishes(ray=cluster.address), bar=Meddling(kill))
    assert len(killed) == 2
    assert done.count("added") == len(done.lines) == 13
    check_all_there_once(library, papers)


@heavy
def test_a_node_that_goes_away_takes_no_document_along(cluster, library, papers):
    more = cluster.add_node(node_ip_address="127.0.0.1", num_cpus=2)
    worked = []

    def remove():
        worked.extend(workers_of(more))
        cluster.remove_node(more, allow_graceful=False)

    (papers / "empty.txt").unlink()
    done = ingest_paths(library, [papers], wishes=Wishes(ray=cluster.address), bar=Meddling(remove))
    assert worked
    assert done.count("added") == len(done.lines) == 13
    check_all_there_once(library, papers)


@heavy
def test_a_file_that_kills_its_reader_or_its_worker_fails_alone(cluster, library, tmp_path):
    texts = [f"Harmless text {n}." for n in range(6)] + ["Too large. " * 10]
    texts[1], texts[3] = "This kills its reader.", "This kills its worker."
    sources = []
    for n, text in enumerate(texts):
        path = tmp_path / f"{n}.txt"
        path.write_text(text)
        sources.append(Source(path, f"/papers/{n}.txt", ("as was said",)))
    sources.append(Source(tmp_path / "missing.txt", "/papers/missing.txt"))
    outcomes = dict(prepare_all(cluster.address, sources, library, most=9, most_bytes=99, read=trouble))
    assert set(outcomes) == {source.path for source in sources}
    failed = {path.name: str(o) for path, o in outcomes.items() if isinstance(o, IngestError)}
    assert set(failed) == {"1.txt", "3.txt", "6.txt", "missing.txt"}
    assert failed["missing.txt"] == f"{tmp_path / 'missing.txt'} cannot be read: No such file or directory"
    assert failed["6.txt"].startswith(f"{tmp_path / '6.txt'} has 110 bytes; the limit is 99 bytes")
    assert failed["1.txt"].startswith(f"{tmp_path / '1.txt'} cannot be read: it ended the process that read")
    assert failed["3.txt"].startswith(f"{tmp_path / '3.txt'} was given up: the worker that had it ended 3 ")
    for n in (0, 2, 4, 5):
        prepared = outcomes[tmp_path / f"{n}.txt"]
        assert isinstance(prepared, Prepared)
        assert (prepared.document.source, prepared.document.text) == (f"/papers/{n}.txt", texts[n])
        assert prepared.document.warnings == ("as was said",)
        assert prepared.passages == cut_passages(prepared.document)
        assert prepared.vectors.shape == (1, 384)
    assert TRIES == 3


@heavy
def test_workers_of_another_kind_are_refused_before_they_get_anything(cluster):
    here = about(Embedder())
    sent = [Sent(Source(Path("a.txt"), "a.txt"), b"Text.", None)]
    preparing = [Preparing("all-MiniLM-L6-v2", 99)]
    with connected(cluster.address):
        with pytest.raises(ClusterError, match=r"another@2.*the same models on every node"):
            list(work(Preparer, preparing, sent, expected=here | {"model": "another@2"}, most=1))
        ((job, outcome),) = work(Preparer, preparing, sent, expected=here, most=1)
    assert (job.data, outcome.document.text) == (b"Text.", "Text.")


@heavy
@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_broken_off_the_same_command_goes_on(cluster, library, papers, number, status):
    command = [CITED, "ingest", "--ray", cluster.address, "--library", library.folder, papers]
    (papers / "empty.txt").unlink()
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)
    while len(library.entries()) < 2 and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, number)  # as Ctrl-C does: everything that the command started gets it
    _, said = process.communicate(timeout=60)
    assert process.returncode == status, said.decode()
    there = len(library.entries())
    assert 2 <= there < 13
    if number == signal.SIGINT:
        assert f"{13 - there} left; the same command goes on" in said.decode()
    over = cluster.address if number == signal.SIGKILL else ""  # with a cluster or without
    done = ingest_paths(library, [papers], wishes=Wishes(ray=over))
    assert done.count("unchanged") + done.count("added") == 13
    assert done.count("added") == 13 - there
    check_all_there_once(library, papers)


# Into servers


class Filling:
    """`cited ingest --ray` into the servers, begun again until it has ended well."""

    def __init__(self, address: str, servers: Servers, folder: Path) -> None:
        where = ["--library", servers.catalog, "--vectors", servers.vectors]
        self.command = [CITED, "ingest", "--ray", address, *where, str(folder)]
        self.broken: list[str] = []

    def run(self) -> str:
        """What the last run said."""
        until = time.monotonic() + 3 * SECONDS
        while time.monotonic() < until:
            done = subprocess.run(self.command, capture_output=True, text=True, cwd=ROOT)
            assert "Traceback" not in done.stderr, done.stderr
            if done.returncode == 0:
                return done.stdout
            self.broken.append(done.stderr + done.stdout)
            time.sleep(0.5)
        pytest.fail(f"the ingest never ended well:\n{self.broken}")


@heavy
@pytest.mark.timeout(400)
def test_a_cluster_fills_the_servers_while_everything_is_killed_in_turn(
    postgres, chroma_server, cluster, embedder, tmp_path
):
    servers = Servers(postgres.database(), chroma_server.url)
    papers = write_papers(tmp_path / "papers", many=60, log=60)
    database = servers.catalog.rsplit("/", 1)[1]

    def wait_for(documents: int) -> None:
        until = time.monotonic() + SECONDS
        while int(postgres.sql("SELECT count(*) FROM documents", database)) < documents:
            assert time.monotonic() < until
            time.sleep(0.05)

    with under_load(servers, papers, tmp_path) as (serving, load, pool):
        filling = Filling(cluster.address, servers, tmp_path / "papers")
        filled = pool.submit(filling.run)
        wait_for(5)
        workers = workers_of(cluster.head_node, *cluster.worker_nodes)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        for server, documents in ((chroma_server, 15), (postgres, 25)):
            wait_for(documents)
            assert not filled.done()
            take_away(server, load)
        wait_for(35)
        take_the_first_away(serving, load)
        assert not filled.done()
        filled.result(3 * SECONDS)
    assert len(workers) == 2
    assert filling.broken  # the servers were away while it wrote
    check_as_one_process_makes_it(servers, papers, Wishes(), tmp_path / "alone", embedder)


# The command


def command(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["cited", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code, capsys.readouterr()


@heavy
def test_a_cluster_of_this_machine_is_started_for_the_command_and_ends_with_it(tmp_path):
    words = ["ingest", "--ray", "local", "--library", tmp_path / "library", "-", "--name", "typed.md"]
    done = subprocess.run([CITED, *words], input=b"Some *typed* text.", capture_output=True, timeout=200)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"added      typed (")
    with Library(tmp_path / "library") as library:
        (entry,) = library.entries()
        assert (entry.source, library.document(entry.id).text) == ("stdin:typed.md", "Some typed text.")


def test_what_has_not_changed_needs_no_cluster(library, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("A ship sails.")
    os.utime(path, (LONG_AGO, LONG_AGO))
    ingest_paths(library, [path])
    done = ingest_paths(library, [path], wishes=Wishes(ray="127.0.0.1:1"))
    assert [line.outcome for line in done.lines] == ["unchanged"]


@pytest.mark.parametrize("words", [["ingest", SAMPLES], ["eval", "run"]])
def test_without_ray_the_command_says_what_to_install(monkeypatch, capsys, tmp_path, words):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("CITED_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)
    status, said = command(monkeypatch, capsys, *words, "--ray", "local")
    assert status == 1
    assert "pip install 'cited[ray]'" in said.err


@pytest.mark.parametrize(
    ("address", "error", "reason"),
    [
        ("somewhere", SettingsError, "there are auto, local and HOST:PORT"),
        ("http://127.0.0.1:1", SettingsError, "is no address of a Ray cluster"),
        ("127.0.0.1:port", SettingsError, "is no address of a Ray cluster"),
        ("127.0.0.1:1", ClusterError, "no Ray cluster at 127.0.0.1:1: Connection refused"),
        ("ray://127.0.0.1:1", SettingsError, "is no address of a Ray cluster"),
    ],
)
def test_an_address_that_is_none_is_told_at_once(address, error, reason):
    with pytest.raises(error, match=reason), connected(address):
        pass


def test_answers_of_a_language_model_do_not_go_over_a_cluster(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    status, said = command(monkeypatch, capsys, "eval", "run", "--ray", "local", "--model", "m")
    assert status == 2
    assert "--ray is for quotations" in said.err
