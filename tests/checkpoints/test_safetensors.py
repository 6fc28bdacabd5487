"""Weights are mapped, widened exactly, and handed out by name; hostile files are refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from embedcli.checkpoints.safetensors import open_weights
from embedcli.errors import ModelError


def write(folder: Path, header: Any, data: bytes = b"", *, length: int | None = None) -> Path:
    """A safetensors file by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", size) + text + data)
    return folder


def tensor(shape: Any, offsets: Any, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_every_float_dtype_equals_torch(dtype: torch.dtype, tmp_path: Path) -> None:
    values = torch.randn(7, 5, dtype=torch.float64)
    values[0] = torch.tensor([0.0, -0.0, 6e-8, -65504.0, float("inf")])
    stored = {"w": values.to(dtype), "scalar": torch.tensor(2.5, dtype=dtype)}
    save_file(stored, tmp_path / "model.safetensors")
    weights = open_weights(tmp_path)
    np.testing.assert_array_equal(weights.take("w"), stored["w"].float().numpy())
    assert weights.take("scalar").shape == ()
    assert weights.take("w").dtype == np.float32


def test_float32_is_a_read_only_view_into_the_file(tmp_path: Path) -> None:
    save_file({"w": torch.ones(4, 4)}, tmp_path / "model.safetensors")
    array = open_weights(tmp_path).take("w")
    assert not array.flags.writeable
    assert not array.flags.owndata
    assert np.shares_memory(array, open_weights(tmp_path).take("w")) is False


def test_an_unaligned_tensor_is_aligned(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32)
    header = {"b": tensor([1], [0, 1], "U8"), "w": tensor([2, 3], [1, 25])}
    array = open_weights(write(tmp_path, header, b"\1" + values.tobytes())).take("w", (2, 3))
    assert array.flags.aligned
    np.testing.assert_array_equal(array.ravel(), values)


def test_what_was_not_taken_is_left_over(tmp_path: Path) -> None:
    save_file({name: torch.ones(2) for name in "abc"}, tmp_path / "model.safetensors")
    weights = open_weights(tmp_path)
    weights.take("b")
    assert weights.left_over() == ("a", "c")
    assert (weights.has("a"), weights.has("x"), weights.shape("a")) == (True, False, (2,))


def test_the_summary_counts_floats_only(tmp_path: Path) -> None:
    stored = {
        "a": torch.ones(2, 3),
        "b": torch.ones(4, dtype=torch.bfloat16),
        "n": torch.ones(9, dtype=torch.int64),
    }
    save_file(stored, tmp_path / "model.safetensors")
    weights = open_weights(tmp_path)
    assert (weights.dtype, weights.parameters) == ("BF16, F32", 10)


def test_a_missing_tensor_names_near_ones(tmp_path: Path) -> None:
    names = ["encoder.layer.0.weight", "encoder.layer.1.weight", "pooler.bias"]
    save_file({name: torch.ones(1) for name in names}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"no tensor 'encoder\.layer\.2\.weight'.*layer\.\d") as e:
        open_weights(tmp_path).take("encoder.layer.2.weight")
    assert e.value.exit_code == 3


def test_another_shape_or_dtype_is_refused(tmp_path: Path) -> None:
    save_file({"w": torch.ones(2, 3), "n": torch.ones(2).int()}, tmp_path / "model.safetensors")
    weights = open_weights(tmp_path)
    with pytest.raises(ModelError, match=r"shape \(2, 3\), expected \(3, 2\)"):
        weights.take("w", (3, 2))
    with pytest.raises(ModelError, match="is I32"):
        weights.take("n")


def sharded(folder: Path, weight_map: dict[str, str]) -> Path:
    save_file({"a": torch.zeros(2)}, folder / "one.safetensors")
    save_file({"b": torch.ones(3), "c": torch.ones(1)}, folder / "two.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


def test_shards_are_one_set_of_weights(tmp_path: Path) -> None:
    weights = open_weights(sharded(tmp_path, {"a": "one.safetensors", "b": "two.safetensors"}))
    assert weights.names == ("a", "b")
    np.testing.assert_array_equal(weights.take("b"), np.ones(3))


@pytest.mark.parametrize(
    "file",
    ["../one.safetensors", "/one.safetensors", "x\\one.safetensors", "..safetensors", "one.bin", 5],
)
def test_a_shard_elsewhere_is_not_opened(file: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no plain name"):
        open_weights(sharded(tmp_path, {"a": file}))


@pytest.mark.parametrize(
    ("weight_map", "message"),
    [
        ({"z": "one.safetensors"}, "no tensor 'z'"),
        ({"a": "none.safetensors"}, "cannot be read"),
        ({}, "empty"),
    ],
)
def test_an_index_that_does_not_fit_is_refused(
    weight_map: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        open_weights(sharded(tmp_path, weight_map))


def test_only_pickled_weights_point_to_the_torch_engine(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="--engine torch"):
        open_weights(tmp_path)
    with pytest.raises(ModelError, match="has no weights"):
        open_weights(tmp_path / "none")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"{" + b" " * 7, "no valid JSON"),
        (b"[]" + b" " * 6, "no JSON object"),
        (b'{"a": {"dtype": "F32"}, "a": 1}', "twice"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "no valid JSON|no description|dtype"),
        ({"a": 1}, "no description"),
        ({"a": tensor([1], [0, 4], "F31")}, "dtype 'F31'"),
        ({"a": tensor([1], [0, 4], ["F32"])}, "dtype"),
        ({"a": tensor([-1], [0, 4])}, "shape"),
        ({"a": tensor([1.0], [0, 4])}, "shape"),
        ({"a": tensor([True], [0, 4])}, "shape"),
        ({"a": tensor("1", [0, 4])}, "shape"),
        ({"a": tensor([1] * 9, [0, 4])}, "shape"),
        ({"a": tensor([1 << 60, 0], [0, 0])}, "shape"),
        ({"a": tensor([2], [0, 9])}, "not in the file"),
        ({"a": tensor([2], [-8, 0])}, "not in the file"),
        ({"a": tensor([2], [0])}, "not in the file"),
        ({"a": tensor([2], None)}, "not in the file"),
        ({"a": tensor([2], [8, 0])}, "expected 8"),
        ({"a": tensor([1], [0, 8])}, "8 bytes, expected 4"),
        ({"a": tensor([1], [0, 4]), "b": tensor([1], [2, 6])}, "overlap"),
        ({"a": tensor([2], [0, 8]), "b": tensor([2], [0, 8])}, "overlap"),
    ],
)
def test_a_crafted_header_is_refused(header: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        open_weights(write(tmp_path, header, b"\0" * 8))


@pytest.mark.parametrize("length", [0, 1, 9, 100_000_001, 1 << 62, (1 << 64) - 1])
def test_a_header_length_beyond_the_file_is_refused(length: int, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="header of"):
        open_weights(write(tmp_path, {}, b"", length=length))


@pytest.mark.parametrize("size", [0, 1, 7])
def test_a_file_too_short_for_a_length_is_refused(size: int, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\0" * size)
    with pytest.raises(ModelError, match="too few"):
        open_weights(tmp_path)


def test_an_empty_tensor_is_empty(tmp_path: Path) -> None:
    weights = open_weights(write(tmp_path, {"a": tensor([0, 3], [0, 0])}))
    assert weights.take("a").shape == (0, 3)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 160), byte=st.integers(0, 255), cut=st.integers(0, 40))
def test_a_damaged_file_gives_weights_or_a_model_error(
    at: int, byte: int, cut: int, tmp_path: Path
) -> None:
    save_file({"a": torch.ones(3), "b": torch.ones(2, 2)}, tmp_path / "model.safetensors")
    data = bytearray((tmp_path / "model.safetensors").read_bytes())
    data[min(at, len(data) - 1)] = byte
    (tmp_path / "model.safetensors").write_bytes(data[: len(data) - cut])
    try:
        weights = open_weights(tmp_path)
        for name in weights.names:
            weights.take(name)
    except ModelError:
        pass
