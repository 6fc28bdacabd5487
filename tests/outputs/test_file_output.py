"""A file output appears whole, with its companions, or not at all."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs import FORMATS, Output, check_output, open_output, read_output

from .conftest import MakeRow


def opened(path: Path, format_name: str | None = None, **options: Any) -> Output:
    plan = check_output(str(path), format_name, **options)
    return open_output(plan, stream=io.BytesIO(), facts={})


def write(path: Path, *rows: Row, format_name: str | None = None, **options: Any) -> None:
    with opened(path, format_name, **options) as out:
        for row in rows:
            out.add(row)
        out.finish({"model": "m"})


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_an_npy_has_its_index_and_provenance_beside_it(tmp_path: Path, row: MakeRow) -> None:
    write(tmp_path / "v.npy", row("a", [1, 2]), row("b", [3, 4], source="b.txt"))
    assert names(tmp_path) == ["v.index.jsonl", "v.meta.json", "v.npy"]
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), np.float32([[1, 2], [3, 4]]))
    lines = [json.loads(line) for line in (tmp_path / "v.index.jsonl").read_bytes().splitlines()]
    assert [line["id"] for line in lines] == ["a", "b"]
    assert list(lines[0]) == ["id", "source", "n_tokens", "truncated", "sha256"]
    meta = (tmp_path / "v.meta.json").read_text()
    assert meta == '{\n  "model": "m",\n  "output_dtype": "float32"\n}\n'


def test_the_spool_lies_beside_the_output_until_the_finish(tmp_path: Path, row: MakeRow) -> None:
    with opened(tmp_path / "v.npz") as out:
        out.add(row("a", [1]))
        files = ["catalog.bin", "lock", "rows.jsonl", "run.json", "vectors.f32"]
        partial = ["v.npz.partial", *(f"v.npz.partial/{name}" for name in files)]
        assert names(tmp_path) == partial
        out.finish({})
    assert names(tmp_path) == ["v.npz"]


@pytest.mark.parametrize("format_name", FORMATS)
def test_leaving_without_finish_leaves_nothing(
    tmp_path: Path, row: MakeRow, format_name: str
) -> None:
    with opened(tmp_path / "v", format_name) as out:
        out.add(row("a", [1]))
    assert names(tmp_path) == []


@pytest.mark.parametrize("old", ["v.npy", "v.index.jsonl", "v.meta.json"])
def test_an_existing_output_or_companion_is_refused(tmp_path: Path, old: str) -> None:
    (tmp_path / old).write_text("old")
    with pytest.raises(OutputError, match=f"{old} exists; give --overwrite") as caught:
        check_output(str(tmp_path / "v.npy"))
    assert caught.value.exit_code == 2
    check_output(str(tmp_path / "v.npy"), overwrite=True)


def test_an_output_that_appears_during_the_run_is_refused(tmp_path: Path, row: MakeRow) -> None:
    with opened(tmp_path / "v.csv") as out:
        out.add(row("a", [1]))
        (tmp_path / "v.csv").write_text("another's")
        with pytest.raises(OutputError, match="exists"):
            out.finish({})
    assert (tmp_path / "v.csv").read_text() == "another's"
    assert names(tmp_path) == ["v.csv"]


def test_overwrite_replaces_only_at_the_finish(tmp_path: Path, row: MakeRow) -> None:
    write(tmp_path / "v.npy", row("old", [1]))
    with opened(tmp_path / "v.npy", overwrite=True) as out:
        out.add(row("new", [2]))
        assert np.load(tmp_path / "v.npy") == [[1]]
        out.finish({})
    assert read_output(tmp_path / "v.npy").ids == ["new"]


@pytest.mark.parametrize("path", ["missing/v.npy", "v.npy/x.npy", "v.npy/"])
def test_a_place_that_is_no_folder_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "v.npy").write_text("a file")
    with pytest.raises(OutputError):
        check_output(f"{tmp_path}/{path}")


def test_a_device_is_never_replaced() -> None:
    with pytest.raises(OutputError, match="not a regular file"):
        check_output("/dev/null", "npy", overwrite=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        check_output(str(tmp_path / "v.npy"))


def test_one_matrix_fits_into_an_npy_and_a_second_is_refused_at_once(
    tmp_path: Path, row: MakeRow
) -> None:
    write(tmp_path / "v.npy", row("a", np.ones((3, 2))), matrices=True)
    assert np.load(tmp_path / "v.npy").shape == (3, 2)
    with opened(tmp_path / "w.npy", matrices=True) as out:
        out.add(row("a", np.ones((3, 2))))
        with pytest.raises(OutputError, match=r"use \.npz, \.safetensors or a directory"):
            out.add(row("b", np.ones((1, 2))))


@pytest.mark.parametrize("format_name", ["npz", "safetensors"])
def test_token_states_under_one_id_twice_are_refused(
    tmp_path: Path, row: MakeRow, format_name: str
) -> None:
    with opened(tmp_path / "v", format_name, matrices=True) as out:
        out.add(row("a", np.ones((3, 2))))
        with pytest.raises(OutputError, match="'a' comes twice"):
            out.add(row("a", np.ones((1, 2))))


def test_ids_that_numpy_would_take_for_one_another_are_refused(
    tmp_path: Path, row: MakeRow
) -> None:
    rows = (row("a", np.ones((1, 2))), row("a.npy", np.ones((1, 2))))
    with pytest.raises(OutputError, match="cannot name an array"):
        write(tmp_path / "v.npz", *rows, matrices=True)
    assert names(tmp_path) == []


def test_states_in_an_npz_open_with_numpy_by_id(tmp_path: Path, row: MakeRow) -> None:
    rows = [row("nested/deep.txt", np.ones((3, 2))), row("b:1", np.zeros((1, 2)))]
    write(tmp_path / "v.npz", *rows, matrices=True)
    with np.load(tmp_path / "v.npz", allow_pickle=False) as archive:
        assert {name: array.shape for name, array in archive.items()} == {
            "nested/deep.txt": (3, 2),
            "b:1": (1, 2),
        }


def test_vectors_in_a_safetensors_open_with_the_library(tmp_path: Path, row: MakeRow) -> None:
    safetensors = pytest.importorskip("safetensors")
    write(tmp_path / "v.safetensors", row("a", [1, 2]), row("é", [3, 4]))
    with safetensors.safe_open(tmp_path / "v.safetensors", "np") as file:
        np.testing.assert_array_equal(file.get_tensor("vectors"), [[1, 2], [3, 4]])
        assert json.loads(file.metadata()["ids"]) == ["a", "é"]
        assert json.loads(file.metadata()["facts"])["model"] == "m"


FILLS_THE_DISK = """
import io, resource, sys
import numpy as np
from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs import check_output, open_output

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
plan = check_output(sys.argv[1], sys.argv[2])
try:
    with open_output(plan, stream=io.BytesIO(), facts={}) as out:
        for number in range(40):
            vector = np.full(100, number / 3, np.float32)
            out.add(Row(str(number), "s", "g", vector, 1, False, 0, "0" * 64))
        out.finish({})
except OutputError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("limit", [5_000, 17_000])
@pytest.mark.parametrize("format_name", ["npy", "npz", "safetensors", "parquet", "json", "csv"])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    tmp_path: Path, format_name: str, limit: int
) -> None:
    place = tmp_path / ("out/" if limit == 5_000 and format_name == "npy" else "out")
    command = [sys.executable, "-c", FILLS_THE_DISK, str(place), format_name, str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        assert limit == 17_000
        return
    assert done.returncode == 2, done.stderr
    assert "cannot be written: File too large" in done.stdout
    assert done.stdout.count("\n") == 1
    assert names(tmp_path) == []


def write_to(stream: BinaryIO, format_name: str, row: Row) -> None:
    with open_output(check_output("-", format_name), stream=stream, facts={}) as out:
        out.add(row)
        out.finish({})


class FullStream(io.RawIOBase):
    """A stream that fails with the error it is given."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    def write(self, data: Any) -> int:
        raise self.error


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_full_disk_behind_a_stream_is_one_line(row: MakeRow, format_name: str) -> None:
    stream: Any = FullStream(OSError(28, "No space left on device"))
    with pytest.raises(OutputError, match="standard output cannot be written: No space left"):
        write_to(stream, format_name, row("a", [1]))


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_closed_pipe_is_left_to_the_command(row: MakeRow, format_name: str) -> None:
    stream: Any = FullStream(BrokenPipeError())
    with pytest.raises(BrokenPipeError):
        write_to(stream, format_name, row("a", [1]))
