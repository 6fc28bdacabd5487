"""Configuration files are bounded and checked, and complaints name file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedcli.checkpoints.json_files import JsonObject, inner_path, read_list, read_object
from embedcli.errors import ModelError


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff\xfe\xfa", b"[" * 200_000, b'{"a": 1} x', b"null"]
)
def test_what_is_no_object_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"^config\.json") as caught:
        read_object(tmp_path, "config.json")
    assert caught.value.exit_code == 3


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert read_object(tmp_path, "config.json") is None
    assert read_list(tmp_path, "modules.json") is None


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}" + " " * 100)
    with pytest.raises(ModelError, match="102 bytes, expected at most 50"):
        read_object(tmp_path, "config.json", limit=50)


def test_a_list_holds_objects_only(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"a": 1}, 2]')
    with pytest.raises(ModelError, match=r"modules\.json holds"):
        read_list(tmp_path, "modules.json")


@pytest.mark.parametrize(
    ("value", "kind"), [("5", int), (True, int), (1, bool), (1.5, int), ([], dict), (3, str)]
)
def test_a_value_of_another_type_names_file_and_key(value: object, kind: type) -> None:
    with pytest.raises(ModelError, match=r"config\.json: depth is"):
        JsonObject("config.json", {"depth": value}).get("depth", kind, None)


def test_null_counts_as_missing() -> None:
    assert JsonObject("config.json", {"depth": None}).get("depth", int, 7) == 7


@pytest.mark.parametrize(
    "path", ["..", "a/../b", "/etc", "C:\\x", "\\\\host\\x", "a\\..\\b", "a\0"]
)
def test_a_path_that_leaves_the_folder_is_refused(path: str) -> None:
    with pytest.raises(ModelError, match="leaves the model's folder"):
        inner_path(path, said_by="modules.json")


@pytest.mark.parametrize("path", ["", "1_Pooling", "a/b", "...", "..a"])
def test_a_path_inside_is_kept(path: str) -> None:
    assert inner_path(path, said_by="modules.json") == path
