"""What `embedcli embed` reads, what rows are called, and in which order they come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Write = Callable[[dict[str, str | bytes]], None]


def test_a_file_is_one_document_called_as_it_was_given(untrained: Any, write: Write) -> None:
    write({"notes/a.txt": "one\n\ntwo\n"})
    assert untrained("notes/a.txt").ids == ["notes/a.txt"]
    assert untrained("./notes/../notes/a.txt").ids == ["./notes/../notes/a.txt"]


def test_several_files_keep_their_order(untrained: Any, write: Write) -> None:
    write({"b.txt": "b", "a.txt": "a", "c.txt": "c " * 90})
    assert untrained("b.txt", "c.txt", "a.txt").ids == ["b.txt", "c.txt", "a.txt"]


def test_a_directory_is_read_sorted_without_hidden_and_binary_files(
    embedcli: Any, write: Write
) -> None:
    write({"d/z.txt": "z", "d/sub/b.md": "b", "d/a.txt": "a", "d/.hidden": "h", "d/x.bin": b"\0\1"})
    outcome = embedcli("embed", "d", "-m", "untrained")
    assert outcome.ids == ["a.txt", "sub/b.md", "z.txt"]
    assert "3 files, 3 documents, left out: 1 hidden, 1 binary" in outcome.stderr


def test_glob_and_exclude_choose_among_the_files_of_a_directory(
    untrained: Any, write: Write
) -> None:
    write({"d/a.txt": "a", "d/b.md": "b", "d/old/c.txt": "c", "d/e.rst": "e"})
    assert untrained("d", "--glob", "*.txt").ids == ["a.txt", "old/c.txt"]
    both = ("--glob", "*.txt", "--glob", "*.md", "--exclude", "old")
    assert untrained("d", *both).ids == ["a.txt", "b.md"]
    assert untrained("d", "--exclude", "*.md", "--exclude", "*.rst").ids == ["a.txt", "old/c.txt"]


@pytest.mark.parametrize("given", [(), ("-",)])
def test_a_pipe_is_read_with_and_without_a_dash(untrained: Any, given: tuple[str, ...]) -> None:
    assert untrained(*given, stdin=b"from a pipe").ids == ["-"]


def test_a_dash_stands_among_files_where_it_was_put(untrained: Any, write: Write) -> None:
    write({"a.txt": "a", "b.txt": "b"})
    assert untrained("a.txt", "-", "b.txt", stdin=b"x").ids == ["a.txt", "-", "b.txt"]


def test_texts_of_the_command_line_come_first(untrained: Any, write: Write) -> None:
    write({"a.txt": "a"})
    assert untrained("a.txt", "-t", "one", "--text", "two").ids == ["text:1", "text:2", "a.txt"]


def test_lines_are_numbered_from_one_and_blank_ones_are_no_documents(
    untrained: Any, write: Write
) -> None:
    write({"a.txt": "one\n\n  \nfour\n", "d/b.txt": "first"})
    ids = ["a.txt:1", "a.txt:4", "b.txt:1"]
    assert untrained("a.txt", "d", "--unit", "line").ids == ids
    assert untrained("--unit", "line", stdin=b"\nx\n").ids == ["-:2"]


def test_a_paragraph_is_called_by_its_first_line(untrained: Any, write: Write) -> None:
    write({"a.txt": "one\ntwo\n\n\nfive\nsix"})
    assert untrained("a.txt", "--unit", "paragraph").ids == ["a.txt:1", "a.txt:5"]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "tsv", "parquet"])
def test_records_are_called_by_their_id_or_their_line(
    suffix: str, untrained: Any, write: Write
) -> None:
    records = [{"id": "x", "text": "ex"}, {"id": None, "text": "why"}]
    name = f"r.{suffix}"
    contents = {
        "jsonl": '{"id": "x", "text": "ex"}\n{"text": "why"}\n',
        "csv": "id,text\nx,ex\n,why\n",
        "tsv": "id\ttext\nx\tex\n\twhy\n",
    }
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(records), name)
        ids = ["x", "r.parquet:2"]
    else:
        write({name: contents[suffix]})
        ids = ["x", f"{name}:{2 if suffix == 'jsonl' else 3}"]
    assert untrained(name).ids == ids


def test_the_fields_of_records_can_be_named(untrained: Any, write: Write) -> None:
    write({"t.csv": "key,body,text\nk1,the body,other\n", "b.txt": "the body"})
    outcome = untrained("t.csv", "b.txt", "--text-field", "body", "--id-field", "key")
    assert outcome.ids == ["k1", "b.txt"]
    np.testing.assert_allclose(*(row["embedding"] for row in outcome.rows), atol=1e-6)


def test_an_encoding_is_named_or_guessed_and_a_mark_is_dropped(
    untrained: Any, write: Write
) -> None:
    text = "Bäcker"
    write({"u.txt": text, "bom.txt": b"\xef\xbb\xbf" + text.encode()})
    write({"w.txt": text.encode("cp1252"), "wide.txt": text.encode("utf-16")})
    rows = [
        *untrained("u.txt", "bom.txt").rows,
        *untrained("w.txt", "--encoding", "cp1252").rows,
        *untrained("wide.txt", "w.txt", "u.txt", "--encoding", "auto").rows,
    ]
    assert [row["n_tokens"] for row in rows] == [7] * 6
    vectors = np.array([row["embedding"] for row in rows])
    np.testing.assert_allclose(vectors, vectors[[0] * 6], atol=1e-6)


def test_the_unit_of_reading_does_not_change_a_vector(untrained: Any, write: Write) -> None:
    write(
        {"a.txt": "a plain text", "l.txt": "other\na plain text\n", "r.csv": "text\na plain text\n"}
    )
    rows = [
        untrained("a.txt").rows[0],
        untrained("l.txt", "--unit", "line").rows[1],
        untrained("l.txt", "r.csv", "--unit", "paragraph").rows[1],
        untrained("-t", "a plain text").rows[0],
        untrained(stdin=b"a plain text").rows[0],
    ]
    vectors = np.array([row["embedding"] for row in rows])
    np.testing.assert_allclose(vectors, vectors[[0] * 5], atol=1e-5)


def test_rows_come_in_input_order_whatever_their_length(untrained: Any, tmp_path: Path) -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 700)
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(" ".join(["word"] * n) for n in lengths))
    outcome = untrained("lines.txt", "--unit", "line")
    assert outcome.ids == [f"lines.txt:{n}" for n in range(1, 701)]
    assert [row["n_tokens"] for row in outcome.rows] == [5 * n - 1 for n in lengths]
