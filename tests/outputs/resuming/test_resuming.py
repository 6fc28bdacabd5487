"""Outputs go on where a run stopped, and refuse what does not fit."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs import FORMATS, Output, check_output, open_output

from ..conftest import make_row

FACTS = {"model": "m", "pooling": "mean", "versions": {"embedcli": "1", "numpy": "2"}}
ROWS = [make_row(f"d{n}", [n, n / 3, -n], group=f"g{n // 2}") for n in range(6)]
GIVE_BACK = ("npy", "npz", "safetensors", "parquet")


def opened(path: object, facts: dict[str, Any] | None = None, **options: Any) -> Output:
    plan = check_output(str(path), options.pop("format_name", None), **options)
    return open_output(plan, stream=io.BytesIO(), facts=facts or FACTS)


def finish(path: object, rows: list[Row] = ROWS, **options: Any) -> None:
    with opened(path, **options) as out:
        for row in rows:
            out.add(row)
        out.finish(FACTS)


def interrupt(path: object, rows: list[Row], *, commit: bool, **options: Any) -> None:
    with opened(path, **options) as out:
        for row in rows:
            out.add(row)
        if commit:
            out.commit()
        raise KeyboardInterrupt


def stop(path: object, rows: list[Row] = ROWS[:3], **options: Any) -> KeyboardInterrupt:
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupt(path, rows, commit=True, **options)
    return caught.value


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "ubinary"])
@pytest.mark.parametrize("place", ["file", "folder/"])
def test_a_stopped_run_goes_on_to_the_same_files(
    tmp_path: Path, format_name: str, dtype: str, place: str
) -> None:
    options: dict[str, Any] = {"format_name": format_name, "output_dtype": dtype}
    finish(f"{tmp_path}/whole/{place}" if make(tmp_path / "whole") else "", **options)
    make(tmp_path / "stopped")
    stop(f"{tmp_path}/stopped/{place}", **options)
    with opened(f"{tmp_path}/stopped/{place}", resume=True, **options) as out:
        assert out.earlier is not None
        assert len(out.earlier) == 3
        for row in ROWS:
            vectors = out.earlier.vectors([row.id], row.sha256)
            out.add(row if vectors is None else Row(**{**fields(row), "vector": vectors[0]}))
        out.finish(FACTS)
    assert tree(tmp_path / "stopped") == tree(tmp_path / "whole")


def make(folder: Path) -> bool:
    folder.mkdir()
    return True


def fields(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Row.__slots__}


@pytest.mark.parametrize("place", ["v.npz", "v/"])
def test_rows_of_a_stopped_run_are_neither_lost_nor_taken_silently(
    tmp_path: Path, place: str
) -> None:
    where = f"{tmp_path}/{place}"
    error = stop(where)
    assert error.__notes__ == ["3 rows are kept: the same command with --resume goes on"]
    with pytest.raises(OutputError, match="--resume goes on with them, --overwrite begins anew"):
        check_output(where)
    finish(where, overwrite=True)
    assert not list(tmp_path.rglob("*.partial"))


def test_a_stopped_run_without_a_whole_stretch_is_not_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupt(tmp_path / "v.npz", ROWS[:1], commit=False)
    assert not hasattr(caught.value, "__notes__")
    assert tree(tmp_path) == {}
    finish(tmp_path / "v.npz")


def test_leavings_of_a_killed_run_that_got_nowhere_are_not_in_the_way(tmp_path: Path) -> None:
    partial = tmp_path / "v.npz.partial"
    partial.mkdir()
    for name in ("lock", "run.json", "vectors.f32", "catalog.bin", ".embedcli-00.tmp"):
        (partial / name).write_bytes(b"")
    finish(tmp_path / "v.npz", resume=True)
    assert list(tree(tmp_path)) == ["v.npz"]


@pytest.mark.parametrize("place", ["v.npz", "v/"])
def test_other_options_are_refused_and_the_difference_is_named(tmp_path: Path, place: str) -> None:
    where = f"{tmp_path}/{place}"
    stop(where)
    with pytest.raises(OutputError, match='pooling was "mean" and is "cls"'):
        opened(where, {**FACTS, "pooling": "cls"}, resume=True)
    with pytest.raises(OutputError, match='output_dtype was "float32" and is "int8"'):
        opened(where, resume=True, output_dtype="int8")
    with pytest.raises(OutputError, match='embedcli was "1" and is "2"'):
        opened(where, {**FACTS, "versions": {"embedcli": "2"}}, resume=True)
    with opened(where, {**FACTS, "versions": {"embedcli": "1", "numpy": "3"}}, resume=True) as out:
        assert len(out.earlier or ()) == 3


@pytest.mark.parametrize("format_name", GIVE_BACK)
@pytest.mark.parametrize("place", ["file", "folder/"])
def test_a_finished_output_gives_its_rows_back(
    tmp_path: Path, format_name: str, place: str
) -> None:
    where = f"{tmp_path}/{place}"
    finish(where, format_name=format_name)
    before = tree(tmp_path)
    with opened(where, resume=True, format_name=format_name) as out:
        assert out.earlier is not None
        assert not out.remark
        for row in ROWS:
            vectors = out.earlier.vectors([row.id], row.sha256)
            assert vectors is not None
            out.add(Row(**{**fields(row), "vector": vectors[0]}))
        out.finish(FACTS)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("format_name", ["npz", "safetensors", "parquet"])
def test_finished_token_states_come_back(tmp_path: Path, format_name: str) -> None:
    rows = [make_row(f"m{n}", np.full((n + 1, 2), n)) for n in range(3)]
    options: dict[str, Any] = {"format_name": format_name, "matrices": True}
    finish(tmp_path / "v", rows, **options)
    with opened(tmp_path / "v", resume=True, **options) as out:
        assert out.earlier is not None
        for row in rows:
            np.testing.assert_array_equal(
                (out.earlier.vectors([row.id], row.sha256) or [0])[0], row.vector
            )


@pytest.mark.parametrize(("format_name", "dtype"), [("csv", "float32"), ("npy", "int8")])
@pytest.mark.parametrize("place", ["file", "folder/"])
def test_a_finished_output_that_lost_digits_is_computed_anew_and_says_so(
    tmp_path: Path, format_name: str, dtype: str, place: str
) -> None:
    options: dict[str, Any] = {"format_name": format_name, "output_dtype": dtype}
    finish(f"{tmp_path}/{place}", **options)
    with opened(f"{tmp_path}/{place}", resume=True, **options) as out:
        assert out.earlier is None
        assert "all are computed again" in out.remark


@pytest.mark.parametrize("place", ["v.npy", "v/"])
def test_a_finished_output_of_other_options_is_refused_and_stays(
    tmp_path: Path, place: str
) -> None:
    finish(f"{tmp_path}/{place}")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match='pooling was "mean" and is "cls"'):
        opened(f"{tmp_path}/{place}", {**FACTS, "pooling": "cls"}, resume=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"mine", b"\x93NUMPY"])
def test_a_file_that_is_not_ours_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.npy").write_bytes(content)
    with pytest.raises(OutputError, match="cannot be resumed"):
        opened(tmp_path / "v.npy", resume=True)
    assert tree(tmp_path) == {"v.npy": content}


def test_anybodys_array_is_refused_and_stays(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((2, 2)))
    with pytest.raises(OutputError, match="does not say how it was made"):
        opened(tmp_path / "v.npy", resume=True)


def test_files_of_removed_inputs_leave_a_directory(tmp_path: Path) -> None:
    finish(f"{tmp_path}/out/")
    finish(f"{tmp_path}/fresh/", ROWS[2:])
    (tmp_path / "out" / "foreign.txt").write_text("stays")
    finish(f"{tmp_path}/out/", ROWS[2:], resume=True)
    (tmp_path / "out" / "foreign.txt").unlink()
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_a_file_that_left_a_finished_directory_is_made_again(tmp_path: Path) -> None:
    finish(f"{tmp_path}/out/")
    (tmp_path / "out" / "g1.npy").unlink()
    with opened(f"{tmp_path}/out/", resume=True) as out:
        assert out.earlier is not None
        assert out.earlier.vectors(["d2"], ROWS[2].sha256) is None
        assert out.earlier.vectors(["d4"], ROWS[4].sha256) is not None


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "v.npz") as out:
        out.add(ROWS[0])
        for options in ({}, {"overwrite": True}, {"resume": True}):
            with pytest.raises(OutputError, match="another process is writing"):
                check_output(str(tmp_path / "v.npz"), **options)  # type: ignore[arg-type]
        out.finish(FACTS)


def test_a_stream_cannot_be_resumed() -> None:
    with pytest.raises(OutputError, match="standard output cannot be resumed; give -o"):
        check_output("-", resume=True)


def test_a_vanished_directory_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with opened(folder / "v.npz") as out:
        out.add(ROWS[0])
        out.commit()
        shutil.rmtree(folder)
        with pytest.raises(OutputError, match="cannot be written: No such file"):
            out.finish(FACTS)
    assert tree(tmp_path) == {}
