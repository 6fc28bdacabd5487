"""Outputs of any size are read back a piece at a time, and damage in a piece is told."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedcli.documents import Row
from embedcli.errors import InputError
from embedcli.outputs import check_output, open_output, read_output
from embedcli.outputs.formats import npz_reading, safetensors_file, safetensors_reading
from embedcli.outputs.on_disk import Column, LazyRows, Matrices
from embedcli.outputs.stored_rows import read_rows

from .conftest import make_row

FORMATS = ["npz", "safetensors", "parquet"]


def write(path: Path, rows: Sequence[Row], *, matrices: bool = False) -> Path:
    plan = check_output(str(path), overwrite=True, matrices=matrices)
    with open_output(plan, stream=io.BytesIO(), facts={"model": "m"}) as out:
        for row in rows:
            out.add(row)
        out.finish({"model": "m", "pooling": "none" if matrices else "mean"})
    return path


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_reading, "_PIECE_BYTES", 64)
    monkeypatch.setattr(safetensors_reading, "_PIECE_BYTES", 64)


def assert_come_back(path: Path, rows: Sequence[Row]) -> None:
    stored = read_rows(path)
    assert stored.count == len(rows)
    for row, found in zip(rows, stored, strict=True):
        again = found.as_row()
        np.testing.assert_array_equal(again.vector, row.vector)
        assert (again.id, again.source, again.sha256) == (row.id, row.source, row.sha256)
        assert (again.n_tokens, again.truncated) == (row.n_tokens, row.truncated)


@pytest.mark.parametrize("name", FORMATS)
def test_rows_are_read_in_pieces_as_they_were_written(
    tmp_path: Path, vector_rows: Sequence[Row], name: str
) -> None:
    path = write(tmp_path / f"v.{name}", vector_rows)
    assert_come_back(path, vector_rows)
    stored = read_output(path, lazily=True)
    assert isinstance(stored.vectors, np.memmap if name != "parquet" else LazyRows)
    assert isinstance(stored.ids, Column)
    assert stored.ids[0] == vector_rows[0].id
    assert stored.ids[-1] == vector_rows[-1].id
    assert stored.ids[1:3] == [row.id for row in vector_rows[1:3]]
    with pytest.raises(IndexError):
        stored.ids[len(vector_rows)]


@pytest.mark.parametrize("name", FORMATS)
def test_token_states_are_read_when_their_turn_comes(
    tmp_path: Path, matrix_rows: Sequence[Row], name: str
) -> None:
    path = write(tmp_path / f"v.{name}", matrix_rows, matrices=True)
    assert_come_back(path, matrix_rows)
    stored = read_output(path, lazily=True)
    assert isinstance(stored.vectors, Matrices)
    np.testing.assert_array_equal(stored.vectors["x"], matrix_rows[-1].vector)
    with pytest.raises(KeyError):
        stored.vectors["nowhere"]


def test_parquet_gives_token_states_of_an_id_that_comes_twice(
    tmp_path: Path, matrix_rows: Sequence[Row]
) -> None:
    rows = [*matrix_rows, matrix_rows[0]]
    assert_come_back(write(tmp_path / "v.parquet", rows, matrices=True), rows)


@settings(deadline=None, max_examples=30)
@given(ids=st.lists(st.text(st.characters(codec="utf-8"), max_size=90), min_size=1, max_size=6))
def test_any_names_come_back_out_of_a_safetensors_header(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    rows = [make_row(name, [1.0, 2.0], source=f"],\"{name}'") for name in ids]
    path = write(tmp_path_factory.mktemp("names") / "v.safetensors", rows)
    assert_come_back(path, rows)


def test_an_index_beyond_the_longest_header_becomes_a_tensor(
    tmp_path: Path, vector_rows: Sequence[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    monkeypatch.setattr(safetensors_file, "LONGEST_HEADER", 400)
    path = write(tmp_path / "v.safetensors", vector_rows)
    assert_come_back(path, vector_rows)
    tensors = load_file(path)
    assert sorted(tensors) == ["index", "vectors"]
    np.testing.assert_array_equal(tensors["vectors"][1], vector_rows[1].vector)
    assert tensors["index"].tobytes().count(b"\n") == len(vector_rows)


@pytest.mark.parametrize("column", ["vectors", "ids", "sha256"])
def test_a_damaged_member_of_an_npz_is_told(
    tmp_path: Path, vector_rows: Sequence[Row], column: str
) -> None:
    import zipfile

    path = write(tmp_path / "v.npz", vector_rows)
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(f"{column}.npy")
    data = bytearray(path.read_bytes())
    data[member.header_offset + 30 + len(member.filename) + 20 + member.compress_size - 3] ^= 255
    path.write_bytes(data)
    with pytest.raises(InputError):
        list(read_rows(path))


def test_a_column_that_is_too_short_is_told(tmp_path: Path) -> None:
    column = Column(tmp_path / "f.npz", "npz", 3, lambda: iter("ab"))
    with pytest.raises(InputError, match="3 rows but 2 values"):
        list(column)


@pytest.mark.parametrize("matrices", [False, True])
@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_damaged_bytes_give_rows_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, name: str, matrices: bool, data: st.DataObject
) -> None:
    rows = [make_row(f"d{n}", np.ones((3, 4) if matrices else 4) * n) for n in range(6)]
    path = write(tmp_path_factory.mktemp("damaged") / f"v.{name}", rows, matrices=matrices)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.sampled_from([None, len(content) // 2, -5]))])
    found = None
    try:
        assert len(list(read_rows(path))) <= len(rows)
        read_output(path)
    except InputError as error:
        found = str(error)
    assert found is None or "\n" not in found
