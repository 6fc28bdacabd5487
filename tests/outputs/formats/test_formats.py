"""Every format round-trips what it holds, in every dtype, and is the same twice."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs import (
    FORMATS,
    OUTPUT_DTYPES,
    Stored,
    check_output,
    choose_format,
    open_output,
    read_output,
)
from embedcli.outputs.quantization import Quantizer

FACTS: Mapping[str, Any] = {
    "model": "m/ä",
    "revision": "r",
    "engine": "numpy",
    "pooling": "mean",
    "normalized": True,
    "dimension": 10,
    "prompt": "a \udcff b",
}
WITH_FACTS = ("npy", "npz", "safetensors", "parquet")
WITHOUT_IDS = ("raw", "array", "openai", "base64", "hex")
MATRIX_FORMATS = tuple(name for name, f in FORMATS.items() if f.matrices)


def write(path: Path, rows: Sequence[Row], format_name: str, **options: Any) -> Path:
    with open_output(
        check_output(str(path), format_name, **options), stream=io.BytesIO(), facts=FACTS
    ) as out:
        for row in rows:
            out.add(row)
        out.finish(FACTS)
    return path


def read(path: Path, format_name: str, output_dtype: str = "float32") -> Stored:
    if format_name in {"base64", "hex"}:
        return read_output(path, format_name, dtype=Quantizer(output_dtype).dtype.name)
    return read_output(path, format_name)


def expected(rows: Sequence[Row], output_dtype: str) -> np.ndarray:
    quantizer = Quantizer(output_dtype)
    for row in rows:
        quantizer.observe(row.vector, row.id)
    return np.stack([quantizer.convert(row.vector) for row in rows])


@pytest.mark.parametrize("output_dtype", OUTPUT_DTYPES)
@pytest.mark.parametrize("format_name", FORMATS)
def test_vectors_read_back_exactly_in_order(
    tmp_path: Path, vector_rows: Sequence[Row], format_name: str, output_dtype: str
) -> None:
    path = write(tmp_path / "out", vector_rows, format_name, output_dtype=output_dtype)
    stored = read(path, format_name, output_dtype)
    want = expected(vector_rows, output_dtype)
    assert stored.format == format_name
    assert isinstance(stored.vectors, np.ndarray)
    np.testing.assert_array_equal(stored.vectors.astype(want.dtype), want)
    if format_name in {*WITH_FACTS, "base64", "hex"}:
        assert stored.vectors.dtype == want.dtype


@pytest.mark.parametrize("format_name", [name for name in FORMATS if name not in WITHOUT_IDS])
def test_ids_and_what_is_known_of_rows_read_back(
    tmp_path: Path, vector_rows: Sequence[Row], format_name: str
) -> None:
    stored = read_output(write(tmp_path / "out", vector_rows, format_name), format_name)
    assert stored.ids == [row.id for row in vector_rows]
    assert stored.n_tokens == [row.n_tokens for row in vector_rows]
    assert stored.truncated == [row.truncated for row in vector_rows]
    if format_name in WITH_FACTS:
        assert stored.sources == [row.source for row in vector_rows]
        assert stored.sha256 == [row.sha256 for row in vector_rows]


@pytest.mark.parametrize("format_name", WITH_FACTS)
def test_the_provenance_travels_with_the_vectors(
    tmp_path: Path, vector_rows: Sequence[Row], format_name: str
) -> None:
    stored = read_output(write(tmp_path / "out", vector_rows, format_name), format_name)
    assert stored.facts == {**FACTS, "output_dtype": "float32"}
    quantized = write(tmp_path / "q", vector_rows, format_name, output_dtype="uint8")
    facts = read_output(quantized, format_name).facts or {}
    vectors = np.stack([row.vector for row in vector_rows])
    ranges = np.array(facts["quantization_ranges"], np.float32)
    np.testing.assert_array_equal(ranges, [vectors.min(axis=0), vectors.max(axis=0)])


@pytest.mark.parametrize("format_name", FORMATS)
def test_equal_rows_give_equal_bytes_in_a_file_and_on_a_stream(
    tmp_path: Path, vector_rows: Sequence[Row], format_name: str
) -> None:
    one = write(tmp_path / "one", vector_rows, format_name).read_bytes()
    two = write(tmp_path / "two", vector_rows, format_name).read_bytes()
    stream = io.BytesIO()
    with open_output(check_output(None, format_name), stream=stream, facts={}) as out:
        for row in vector_rows:
            out.add(row)
        out.finish(FACTS)
    assert one == two == stream.getvalue()


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_run_without_rows_is_a_whole_output(tmp_path: Path, format_name: str) -> None:
    stored = read(write(tmp_path / "out", [], format_name), format_name)
    assert len(stored.vectors) == 0
    if format_name in {"npy", "npz", "safetensors"}:
        assert stored.vectors.shape == (0, 10)  # type: ignore[union-attr]


@pytest.mark.parametrize("output_dtype", OUTPUT_DTYPES)
@pytest.mark.parametrize("format_name", MATRIX_FORMATS)
def test_token_states_read_back_for_each_id(
    tmp_path: Path, matrix_rows: Sequence[Row], format_name: str, output_dtype: str
) -> None:
    options = {"matrices": True, "output_dtype": output_dtype}
    stored = read_output(write(tmp_path / "out", matrix_rows, format_name, **options), format_name)
    quantizer = Quantizer(output_dtype)
    for row in matrix_rows:
        quantizer.observe(row.vector, row.id)
    assert isinstance(stored.vectors, dict)
    named = format_name not in WITHOUT_IDS
    assert list(stored.vectors) == [
        row.id if named else str(i) for i, row in enumerate(matrix_rows)
    ]
    for row, array in zip(matrix_rows, stored.vectors.values(), strict=True):
        want = quantizer.convert(row.vector)
        np.testing.assert_array_equal(array.astype(want.dtype), want)
    if format_name in WITH_FACTS:
        assert stored.sources == [row.source for row in matrix_rows]
        assert (stored.facts or {})["output_dtype"] == output_dtype


@pytest.mark.parametrize("format_name", ["raw", "csv", "base64", "hex"])
def test_a_flat_format_refuses_token_states_and_names_those_that_hold_them(
    format_name: str,
) -> None:
    with pytest.raises(OutputError, match=r"cannot hold token states; .*npz") as caught:
        check_output(None, format_name, matrices=True)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("a.npy", "npy"),
        ("a.NPZ", "npz"),
        ("a.safetensors", "safetensors"),
        ("a.parquet", "parquet"),
        ("a.json", "json"),
        ("a.ndjson", "jsonl"),
        ("a.array.json", "array"),
        ("a.csv", "csv"),
        ("a.txt", "raw"),
    ],
)
def test_the_suffix_chooses_the_format(name: str, format_name: str) -> None:
    assert choose_format(None, Path(name)).name == format_name


def test_a_name_wins_over_the_suffix() -> None:
    assert choose_format("csv", Path("a.npy")).name == "csv"


def test_an_unknown_name_or_suffix_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OutputError, match=r"unknown format 'xml'; .*parquet"):
        choose_format("xml", None)
    with pytest.raises(OutputError, match=r"no format is known for a\.xml; .*\.parquet"):
        choose_format(None, Path("a.xml"))


def test_which_formats_stream() -> None:
    streaming = {name for name, chosen in FORMATS.items() if chosen.streams}
    assert streaming == {"jsonl", "raw", "csv", "base64", "hex", "array"}


def test_a_json_object_says_how_it_was_made(tmp_path: Path, vector_rows: Sequence[Row]) -> None:
    value = json.loads(write(tmp_path / "out.json", vector_rows, "json").read_bytes())
    made = ["model", "revision", "engine", "pooling", "normalized", "dimension", "count", "data"]
    assert list(value) == made
    assert value["count"] == len(value["data"]) == len(vector_rows)
    assert list(value["data"][0]) == ["id", "embedding", "n_tokens", "truncated"]
