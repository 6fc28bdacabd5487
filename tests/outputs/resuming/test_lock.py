"""A lock keeps a second process out and dies with its holder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from embedcli.outputs.resuming.lock import LOCK_NAME, Lock

HOLDS = """
import sys
from pathlib import Path
from embedcli.outputs.resuming.lock import Lock
lock = Lock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""

pytest.importorskip("fcntl")


def holder(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDS, str(folder)]
    process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert first.acquire()
    assert second.is_held()
    assert not second.acquire()
    first.release()
    assert list(tmp_path.iterdir()) == []
    assert second.acquire()
    second.release()


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert Lock(tmp_path).is_held()
        assert not Lock(tmp_path).acquire()
        process.kill()
    lock = Lock(tmp_path)
    assert (tmp_path / LOCK_NAME).exists()
    assert not lock.is_held()
    assert lock.acquire()
    lock.release()


def test_asking_leaves_no_trace(tmp_path: Path) -> None:
    assert not Lock(tmp_path / "nowhere").is_held()
    assert not Lock(tmp_path).is_held()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_its_holder_deletes_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embedcli.outputs.resuming import lock as module

    real = module._locked

    def deleted_just_before(file: object) -> bool:
        monkeypatch.setattr(module, "_locked", real)
        (tmp_path / LOCK_NAME).unlink()
        return real(file)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_locked", deleted_just_before)
    first = Lock(tmp_path)
    assert first.acquire()
    assert not Lock(tmp_path).acquire()
    first.release()
