"""A file is hashed once, and again as soon as anything about it has changed."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from embedcli.checkpoints import digest, known_digests
from embedcli.checkpoints.digest import weights_sha256

OLD = time.time() - 3600


@pytest.fixture(autouse=True)
def hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read; the notes go into a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(known_digests, "_SETTLED_SECONDS", 0.0)
    read: list[Path] = []
    whole = digest._hashed
    monkeypatch.setattr(digest, "_hashed", lambda path: read.append(path) or whole(path))
    return read


def model(folder: Path, content: bytes) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    os.utime(folder / "model.safetensors", (OLD, OLD))
    return hashlib.sha256(content).hexdigest()


def test_a_file_that_has_not_changed_is_hashed_once(tmp_path: Path, hashed: list[Path]) -> None:
    expected = model(tmp_path / "m", b"weights")
    assert [weights_sha256(tmp_path / "m") for _ in range(3)] == [expected] * 3
    assert len(hashed) == 1


def test_other_content_of_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    model(tmp_path / "m", b"weights")
    weights_sha256(tmp_path / "m")
    assert weights_sha256(tmp_path / "m") != model(tmp_path / "m", b"WEIGHTS")
    assert weights_sha256(tmp_path / "m") == hashlib.sha256(b"WEIGHTS").hexdigest()


def test_a_file_in_anothers_place_is_noticed(tmp_path: Path) -> None:
    model(tmp_path / "m", b"weights")
    weights_sha256(tmp_path / "m")
    expected = model(tmp_path / "other", b"WEIGHTS")
    (tmp_path / "other" / "model.safetensors").replace(tmp_path / "m" / "model.safetensors")
    assert weights_sha256(tmp_path / "m") == expected


def test_two_folders_do_not_share_a_note(tmp_path: Path) -> None:
    first, second = model(tmp_path / "a", b"one"), model(tmp_path / "b", b"two")
    for _ in range(2):
        assert weights_sha256(tmp_path / "a") == first
        assert weights_sha256(tmp_path / "b") == second


def test_a_file_that_was_changed_just_now_is_not_noted(
    tmp_path: Path, hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_digests, "_SETTLED_SECONDS", 2.0)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    weights_sha256(tmp_path)
    weights_sha256(tmp_path)
    assert len(hashed) == 2


@pytest.mark.parametrize(
    "note", [b"", b"{", b"[]", b'{"state": 1, "sha256": "00"}', b"\xff", b'{"sha256": 5}']
)
def test_a_damaged_note_is_done_without(tmp_path: Path, note: bytes) -> None:
    expected = model(tmp_path / "m", b"weights")
    weights_sha256(tmp_path / "m")
    (written,) = (tmp_path / "cache").rglob("*.json")
    written.write_bytes(note)
    assert weights_sha256(tmp_path / "m") == expected


def test_a_file_that_changes_while_it_is_read_is_not_noted(
    tmp_path: Path,
) -> None:
    model(tmp_path / "m", b"weights")
    state = (tmp_path / "m" / "model.safetensors").stat()
    model(tmp_path / "m", b"changed")
    known_digests.remember(tmp_path / "m" / "model.safetensors", state, "0" * 64)
    assert not list((tmp_path / "cache").rglob("*.json"))
    assert weights_sha256(tmp_path / "m") == hashlib.sha256(b"changed").hexdigest()


def test_a_note_without_a_whole_digest_is_done_without(tmp_path: Path) -> None:
    expected = model(tmp_path / "m", b"weights")
    weights_sha256(tmp_path / "m")
    (written,) = (tmp_path / "cache").rglob("*.json")
    written.write_text(written.read_text().replace(expected, expected[:10]))
    assert weights_sha256(tmp_path / "m") == expected


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no-folder").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-folder"))
    expected = model(tmp_path / "m", b"weights")
    assert [weights_sha256(tmp_path / "m") for _ in range(2)] == [expected] * 2
