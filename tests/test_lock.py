import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from index.lock import OwnerLock
from ingest.errors import LibraryBusy

HOLD = """
import sys, time
from pathlib import Path
from index.lock import OwnerLock
lock = OwnerLock(Path(sys.argv[1]), 0)
print("held", flush=True)
time.sleep(float(sys.argv[2]))
lock.release()
print("released", flush=True)
"""


@pytest.fixture
def holder(tmp_path):
    """Starts a process that holds the folder for some seconds."""
    started = []

    def start(seconds):
        command = [sys.executable, "-c", HOLD, str(tmp_path), str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_process_is_told_who_has_the_library(tmp_path, holder):
    process = holder(60)
    with pytest.raises(LibraryBusy) as raised:
        OwnerLock(tmp_path, 0.3)
    message = str(raised.value)
    assert str(tmp_path) in message
    assert f"process {process.pid}" in message
    assert f"`-c {tmp_path} 60`" in message


def test_a_second_process_waits_for_the_first_to_finish(tmp_path, holder):
    process = holder(0.5)
    lock = OwnerLock(tmp_path, 20)
    assert json.loads((tmp_path / "owner.json").read_text())["pid"] == os.getpid()
    lock.release()
    assert process.wait(10) == 0


def test_who_has_the_library_is_told_without_what_is_secret(tmp_path, monkeypatch):
    database = "postgresql://anna:mole-hill@server/cited?password=mole-hill"
    for word, told in (
        (database, "postgresql://anna@server/cited"),
        (f"--library={database}", "--library=postgresql://anna@server/cited"),
        ("https://anna:mole-hill@example.org/a?key=mole-hill", "https://anna@example.org/a"),
        ("https://anna:mole@hill@example.org/mole-hill", "https://…"),
        ("notes/a b.md", "notes/a b.md"),
        ("--port", ""),
    ):
        monkeypatch.setattr(sys, "argv", ["/usr/bin/cited", "copy", word, "mole-hill"])
        lock = OwnerLock(tmp_path, 0)
        assert "mole" not in (tmp_path / "owner.json").read_text()
        with pytest.raises(LibraryBusy) as raised:
            OwnerLock(tmp_path, 0)
        assert f"in use by `{f'cited copy {told}'.strip()}` (process" in str(raised.value)
        lock.release()


def test_the_lock_of_a_killed_process_does_not_block(tmp_path, holder):
    process = holder(60)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert (tmp_path / "owner.json").exists()  # its note stays and means nothing
    OwnerLock(tmp_path, 5).release()
    assert not (tmp_path / "owner.json").exists()


@pytest.mark.parametrize("note", ["", "no json", "[]", '{"pid": 1}'])
def test_a_damaged_note_still_gives_a_clear_error(tmp_path, note):
    first = OwnerLock(tmp_path, 0)
    (tmp_path / "owner.json").write_text(note)
    with pytest.raises(LibraryBusy, match="in use by another process"):
        OwnerLock(tmp_path, 0)
    first.release()


def test_a_note_that_cannot_be_written_does_not_stop_the_owner(tmp_path):
    (tmp_path / "owner.json").mkdir()
    lock = OwnerLock(tmp_path, 0)
    with pytest.raises(LibraryBusy):
        OwnerLock(tmp_path, 0)
    (tmp_path / "owner.json").rmdir()
    lock.release()


def test_what_one_thread_locked_another_may_release(tmp_path):
    held = []
    thread = threading.Thread(target=lambda: held.append(OwnerLock(tmp_path, 0)))
    thread.start()
    thread.join()
    held[0].release()
    OwnerLock(tmp_path, 0).release()
