"""The weights' sha256 is the file's, and a pinned one is enforced."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from embedcli.checkpoints.digest import Digest, weights_sha256
from embedcli.checkpoints.locate import find_checkpoint
from embedcli.errors import ModelError


def test_one_file_has_its_own_digest(tmp_path: Path) -> None:
    content = b"x" * 3_000_001
    (tmp_path / "model.safetensors").write_bytes(content)
    assert weights_sha256(tmp_path) == hashlib.sha256(content).hexdigest()


def test_pickled_weights_have_one_too(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"weights")
    assert weights_sha256(tmp_path) == hashlib.sha256(b"weights").hexdigest()


def test_shards_are_hashed_in_name_order(tmp_path: Path) -> None:
    index = {"weight_map": {"b": "2.safetensors", "a": "1.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    for name in "12":
        (tmp_path / f"{name}.safetensors").write_text(name)
    both = hashlib.sha256(b"1").digest() + hashlib.sha256(b"2").digest()
    assert weights_sha256(tmp_path) == hashlib.sha256(both).hexdigest()


def test_the_carried_model_is_the_pinned_one() -> None:
    found = find_checkpoint("all-MiniLM-L6-v2")
    assert Digest(found.folder, found.pinned_sha256).result() == found.pinned_sha256


def test_other_weights_than_the_pinned_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(ModelError, match=f"{hashlib.sha256(b'other').hexdigest()}.*{'0' * 64}"):
        Digest(tmp_path, "0" * 64).result()


def test_an_error_in_the_thread_comes_with_the_result(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights"):
        Digest(tmp_path).result()


def test_a_folder_that_vanishes_is_an_error_of_the_result_and_not_of_the_thread(tmp_path):
    with pytest.raises(ModelError, match="gone"):
        Digest(tmp_path / "gone").result()
