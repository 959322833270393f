import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from index.vectors import BATCH, HNSW, LOOKED_AT, Vectors, remove
from ingest.errors import LibraryDamaged
from tests.conftest import ROOT


@pytest.fixture
def vectors(tmp_path):
    opened = Vectors(tmp_path / "chroma")
    yield opened
    opened.close()


def unit(count, dimensions=8, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_the_nearest_come_first_with_their_cosine(vectors):
    vectors.add(["east", "north", "northeast"], np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32))
    found = vectors.search(np.array([1, 0], dtype=np.float32), 3)
    assert [name for name, _ in found] == ["east", "northeast", "north"]
    assert [score for _, score in found] == pytest.approx([1, 0.6, 0], abs=1e-6)
    assert vectors.search(np.array([1, 0], dtype=np.float32), 1)[0][0] == "east"


def test_an_empty_store_finds_nothing(vectors):
    assert vectors.count() == 0
    assert vectors.search(unit(1)[0], 5) == []


def test_asking_for_more_than_there_are_gives_all(vectors):
    vectors.add(["a", "b"], unit(2))
    assert len(vectors.search(unit(1)[0], 100)) == 2


def test_an_id_written_again_has_the_new_vector(vectors):
    east, north = np.eye(2, dtype=np.float32)
    vectors.add(["a"], east[None])
    vectors.add(["a"], north[None])
    assert vectors.count() == 1
    assert vectors.search(north, 1) == [("a", pytest.approx(1, abs=1e-6))]


def test_deleted_vectors_are_gone_and_unknown_ids_are_no_error(vectors):
    vectors.add(["a", "b", "c"], unit(3))
    vectors.delete(["b", "never there"])
    vectors.delete([])
    assert vectors.count() == 2
    assert {name for name, _ in vectors.search(unit(1)[0], 3)} == {"a", "c"}


def test_more_than_a_batch_is_written_found_and_deleted(vectors):
    count = 3 * BATCH + 7  # more than Chroma takes in one call, too
    ids = [f"v{n}" for n in range(count)]
    drawn = unit(count)
    vectors.add(ids, drawn)
    assert vectors.count() == count
    assert [vectors.search(drawn[n], 1)[0][0] for n in (0, BATCH, count - 1)] == ["v0", f"v{BATCH}", ids[-1]]
    vectors.delete(ids[:-1])
    assert vectors.search(drawn[0], 3)[0][0] == ids[-1]
    assert vectors.count() == 1


def test_vectors_are_there_after_reopening(tmp_path):
    first = Vectors(tmp_path / "chroma")
    first.add(["a", "b"], unit(2))
    first.close()
    again = Vectors(tmp_path / "chroma", least=2)
    assert again.search(unit(2)[1], 1) == [("b", pytest.approx(1, abs=1e-6))]
    again.close()


def test_vectors_come_back_by_id_and_one_that_is_not_there_is_damage(vectors):
    drawn = unit(3)
    vectors.add(["a", "b", "c"], drawn)
    assert vectors.get(["c", "a"]) == pytest.approx(drawn[[2, 0]], abs=1e-6)
    with pytest.raises(LibraryDamaged, match="there is no vector d"):
        vectors.get(["a", "d"])


def test_a_store_of_a_time_with_another_ef_search_gets_that_of_now(tmp_path, monkeypatch):
    monkeypatch.setitem(HNSW, "ef_search", 10)
    Vectors(tmp_path / "chroma").close()
    monkeypatch.undo()
    Vectors(tmp_path / "chroma").close()
    opened = Vectors(tmp_path / "chroma")
    assert opened._collection.configuration_json["hnsw"]["ef_search"] == HNSW["ef_search"] == 1600
    assert opened._collection.configuration_json["hnsw"]["max_neighbors"] == 32
    opened.close()


def test_a_large_store_is_looked_through_further(tmp_path, monkeypatch):
    small = Vectors(tmp_path / "chroma")
    small.add(["a", "b", "c"], unit(3))
    small.close()
    monkeypatch.setattr("index.vectors.LARGE", 3)
    opened = Vectors(tmp_path / "chroma", least=3)
    assert opened._collection.configuration_json["hnsw"]["ef_search"] == LOOKED_AT
    opened.close()


def test_fewer_vectors_than_expected_are_damage(tmp_path):
    first = Vectors(tmp_path / "chroma")
    first.add(["a", "b"], unit(2))
    first.close()
    with pytest.raises(LibraryDamaged, match=r"2 of 3 vectors.*cited rebuild"):
        Vectors(tmp_path / "chroma", least=3)


def test_a_vector_of_another_size_is_an_error_that_names_the_folder(vectors, tmp_path):
    vectors.add(["a"], unit(1, 8))
    with pytest.raises(LibraryDamaged, match=r"dimension of 8, got 4") as raised:
        vectors.search(unit(1, 4)[0], 1)
    assert str(tmp_path / "chroma") in str(raised.value)


@pytest.mark.parametrize(
    "damage", ["rubbish in the database", "half a database", "rubbish in the index", "no index"]
)
def test_damaged_files_are_reported_and_the_folder_can_be_filled_anew(tmp_path, damage):
    folder = tmp_path / "chroma"
    drawn = unit(3000)  # from 1000 on Chroma writes index files
    ids = [str(n) for n in range(3000)]
    first = Vectors(folder)
    first.add(ids, drawn)
    first.close()
    database = folder / "chroma.sqlite3"
    index = [f for f in folder.glob("*/*") if f.is_file()]
    assert index
    if damage == "rubbish in the database":
        database.write_bytes(b"rubbish" * 1000)
    elif damage == "half a database":
        database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])
    for file in index if "index" in damage else []:
        file.unlink() if damage == "no index" else file.write_bytes(b"rubbish")
    broken = None
    with pytest.raises(LibraryDamaged, match="cited rebuild"):  # noqa: PT012 - Chroma may notice late
        broken = Vectors(folder, least=3000)
        broken.search(drawn[0], 10)
    if broken:
        broken.close()
    remove(folder)
    anew = Vectors(folder)
    anew.add(ids, drawn)
    assert len(anew.search(drawn[0], 10)) == 10
    anew.close()


WRITE = """
import os, sys
from pathlib import Path
import numpy as np
from index.vectors import Vectors
from ingest.errors import LibraryReadOnly
Vectors(Path(sys.argv[2])).close()  # which imports all that it needs
if os.geteuid() == 0:  # who may write everything
    os.setuid(65534)
vectors = Vectors(Path(sys.argv[1]))
try:
    vectors.add(["a:1:0"], np.ones((1, 2), np.float32))
except LibraryReadOnly as error:
    print(vectors.count(), error)
"""


def test_a_folder_that_may_only_be_read_is_told_and_nothing_is_written_beside_it(tmp_path):
    with tempfile.TemporaryDirectory() as home:  # which others may enter
        Path(home).chmod(0o755)
        folder = Path(home) / "chroma"
        Vectors(folder).close()
        for path in (*folder.rglob("*"), folder):
            path.chmod(0o555 if path.is_dir() else 0o444)
        command = [sys.executable, "-c", WRITE, str(folder), str(tmp_path / "other")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.stdout.startswith(f"0 {folder} may be read here and not written"), done.stderr
        folder.chmod(0o755)
