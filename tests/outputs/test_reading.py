"""Files are known by suffix or by their first bytes; broken ones give one line."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embedcli.documents import Row
from embedcli.errors import InputError, OutputError
from embedcli.outputs import FORMATS, check_output, open_output, read_output


def write(path: Path, rows: Sequence[Row], format_name: str) -> Path:
    plan = check_output(str(path), format_name)
    with open_output(plan, stream=io.BytesIO(), facts={}) as out:
        for row in rows:
            out.add(row)
        out.finish({})
    return path


@pytest.mark.parametrize("name", ["out.bin", "out.txt"])
@pytest.mark.parametrize("format_name", FORMATS)
def test_the_first_bytes_tell_the_format(
    tmp_path: Path, vector_rows: Sequence[Row], format_name: str, name: str
) -> None:
    stored = read_output(write(tmp_path / name, vector_rows, format_name))
    assert stored.format == format_name
    assert stored.dtype == "float32"


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("cut", [1, 9, 40])
def test_a_cut_or_foreign_file_is_an_input_error(
    tmp_path: Path, vector_rows: Sequence[Row], format_name: str, cut: int
) -> None:
    path = write(tmp_path / "whole", vector_rows, format_name)
    data = path.read_bytes()
    if format_name not in {"raw", "jsonl", "csv"}:
        path.write_bytes(data[: -cut - 1])
        with pytest.raises(InputError) as caught:
            read_output(path, format_name)
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 2
    path.write_bytes(b"\x80\x81 no vectors \xff" * cut)
    with pytest.raises(InputError):
        read_output(path, format_name)
    with pytest.raises(InputError):
        read_output(path)


def test_anybodys_arrays_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(2, 3))
    stored = read_output(tmp_path / "a.npy")
    assert isinstance(stored.vectors, np.memmap)
    assert (stored.dtype, stored.facts, stored.ids) == ("float64", None, None)
    np.savez(tmp_path / "a.npz", x=np.ones((2, 3)), y=np.ones(4))
    assert read_output(tmp_path / "a.npz").ids == ["x", "y"]


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}], dtype=object)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "a.npz", objects)
    (tmp_path / "b.npy").write_bytes(pickle.dumps([1, 2]))
    for name in ("a.npy", "a.npz", "b.npy"):
        with pytest.raises(InputError, match="not a whole np"):
            read_output(tmp_path / name)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}},
        {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]}},
        {"a": {"dtype": "Q7", "shape": [2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2]}},
        ["a"],
        {"a": 3},
        {"__metadata__": 1},
    ],
)
def test_a_crafted_safetensors_header_is_an_input_error(tmp_path: Path, header: object) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    with pytest.raises(InputError, match="not a whole safetensors file"):
        read_output(path)


def test_a_header_longer_than_the_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes((1 << 60).to_bytes(8, "little") + b"{}")
    with pytest.raises(InputError, match="a header of"):
        read_output(path)


def test_a_missing_file_or_a_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing"):
        read_output(tmp_path / "a.npy")
    with pytest.raises(InputError, match="is a directory"):
        read_output(tmp_path)
    (tmp_path / "a").write_text("x")
    with pytest.raises(OutputError, match="unknown format"):
        read_output(tmp_path / "a", "xml")
