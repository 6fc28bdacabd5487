from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def parquet(tmp_path: Path):
    def write(columns: dict[str, Any], **options: Any) -> Path:
        path = tmp_path / "t.parquet"
        pq.write_table(pa.table(columns), path, **options)
        return path

    return write


def test_rows_of_many_batches_keep_their_order_and_ids(parquet, read) -> None:
    texts = [f"text {number}" for number in range(1000)]
    path = parquet({"other": list(range(1000)), "text": texts}, row_group_size=300)
    outcome = read(path)
    assert outcome.texts == texts
    assert outcome.ids == [f"{path}:{number}" for number in range(1, 1001)]
    assert {(d.source, d.group) for d in outcome.documents} == {(str(path), "t.parquet")}


def test_ids_may_be_numbers_and_may_be_missing(parquet, read) -> None:
    path = parquet({"id": [4, None, 6], "text": ["a", "b", "c"]})
    assert read(path).ids == ["4", f"{path}:2", "6"]


def test_fields_are_chosen_by_name(parquet, read) -> None:
    path = parquet({"key": ["k"], "body": ["b"], "text": ["t"]})
    outcome = read(path, text_field="body", id_field="key")
    assert (outcome.ids, outcome.texts) == (["k"], ["b"])


def test_one_field_may_be_both_text_and_id(parquet, read) -> None:
    outcome = read(parquet({"text": ["a"]}), id_field="text")
    assert (outcome.ids, outcome.texts) == (["a"], ["a"])


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_other_kinds_of_strings_are_strings(parquet, read, kind: pa.DataType) -> None:
    assert read(parquet({"text": pa.array(["a", "a"]).cast(kind)})).texts == ["a", "a"]


def test_nulls_and_what_is_no_string_are_errors_with_their_row(parquet, read) -> None:
    path = parquet({"text": ["a", None, " ", "d"]})
    outcome = read(path)
    assert outcome.texts == ["a", "d"]
    assert [(error.kind, error.id) for error in outcome.errors] == [
        ("empty", f"{path}:2"),
        ("empty", f"{path}:3"),
    ]
    assert read(parquet({"text": [1, 2]})).kinds == ["malformed", "malformed"]
    assert "holds bytes" in str(read(parquet({"text": [b"x"]})).errors[0])


def test_bytes_that_are_not_utf8_are_undecodable(parquet, read) -> None:
    broken = pa.array([b"good", b"\xff"]).view(pa.string())
    outcome = read(parquet({"text": broken}))
    assert outcome.texts == ["good"]
    assert outcome.kinds == ["undecodable"]


def test_a_missing_field_names_those_that_exist(parquet, read) -> None:
    path = parquet({"id": ["1"], "body": ["b"]})
    (error,) = read(path).errors
    assert str(error) == (
        f"{path}: no field 'text'; there are 'id', 'body'; choose one with --text-field"
    )


@pytest.mark.parametrize("content", [b"", b"PAR1 no more", b"text"])
def test_a_broken_file_is_one_clear_error(tmp_path: Path, read, content: bytes) -> None:
    path = tmp_path / "b.parquet"
    path.write_bytes(content)
    (error,) = read(path).errors
    assert error.kind == "malformed"
    assert str(error).startswith(f"{path}: not a readable Parquet file (")
    assert "\n" not in str(error)


def test_a_file_damaged_in_the_middle_is_an_error(parquet, read) -> None:
    path = parquet({"text": [f"text {number}" for number in range(5000)]})
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(data)
    assert read(path).kinds == ["malformed"]


def test_without_pyarrow_the_error_says_what_to_install(parquet, read, monkeypatch) -> None:
    path = parquet({"text": ["a"]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (error,) = read(path).errors
    assert str(error).endswith("install it with: pip install pyarrow")


def test_a_table_without_rows_gives_nothing(parquet, read) -> None:
    outcome = read(parquet({"text": pa.array([], pa.string())}))
    assert (outcome.documents, outcome.errors, outcome.tally.empty) == ([], [], 1)
