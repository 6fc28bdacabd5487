"""A file that is written to while it is read is noticed, whatever its documents are."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embedcli.errors import InputError
from embedcli.inputs import ReadOptions, Tally, read_documents

LINES = "".join(f"line {number}\n" for number in range(20_000))
RECORDS = "".join(f'{{"text": "record {number}"}}\n' for number in range(10_000))
TABLE = "text\n" + LINES


def noticed(path: Path, change: object, **options: object) -> list[InputError]:
    """Reads a document, changes the file, reads on."""
    errors: list[InputError] = []
    documents = read_documents(
        [str(path)],
        ReadOptions(**options),
        stdin=io.BytesIO(),
        tally=Tally(),
        on_error=errors.append,
    )
    next(documents)
    change()
    list(documents)
    return errors


@pytest.mark.parametrize(
    ("name", "content", "unit"),
    [
        ("a.txt", LINES, "line"),
        ("a.txt", LINES.replace("7\n", "7\n\n"), "paragraph"),
        ("a.jsonl", RECORDS, "file"),
        ("a.csv", TABLE, "file"),
    ],
)
def test_text_that_grows_is_noticed(name: str, content: str, unit: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)

    def grow() -> None:
        with path.open("a") as stream:
            stream.write("more\n")

    errors = noticed(path, grow, unit=unit)
    assert "changed" in {error.kind for error in errors}
    assert str(path) in {error.source for error in errors}
    assert "run again" in str(errors[-1])


def test_a_parquet_file_that_is_rewritten_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"text {number}" for number in range(1000)]}), path)
    errors = noticed(path, lambda: os.utime(path, ns=(1, 1)))
    assert [error.kind for error in errors] == ["changed"]


def test_a_file_that_is_left_alone_gives_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(LINES)
    assert noticed(path, lambda: None, unit="line") == []
