"""What the text formats look like, by hand."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from embedcli.documents import Row
from embedcli.outputs import check_output, open_output

from ..conftest import MakeRow


def text_of(format_name: str, *rows: Row, **options: Any) -> str:
    stream = io.BytesIO()
    with open_output(check_output(None, format_name, **options), stream=stream, facts={}) as out:
        for row in rows:
            out.add(row)
        out.finish({"model": "m"})
    return stream.getvalue().decode()


def test_jsonl_is_an_object_a_line(row: MakeRow) -> None:
    assert text_of("jsonl", row("a", [0.1, -2])) == (
        '{"id": "a", "embedding": [0.1, -2], "n_tokens": 3, "truncated": false}\n'
    )


def test_raw_is_numbers_with_spaces(row: MakeRow) -> None:
    assert text_of("raw", row("a", [0.1, 1e-5]), row("b", [1, 2])) == "0.1 1e-05\n1 2\n"


def test_array_is_a_bare_nested_list(row: MakeRow) -> None:
    assert json.loads(text_of("array", row("a", [1, 2]), row("b", [3, 4]))) == [[1, 2], [3, 4]]
    assert json.loads(text_of("array")) == []


def test_openai_is_the_response_of_an_embeddings_service(row: MakeRow) -> None:
    assert json.loads(text_of("openai", row("a", [0.5]), row("bc", [0.25]))) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5]},
            {"object": "embedding", "index": 1, "embedding": [0.25]},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }


def test_base64_and_hex_are_little_endian_float32(row: MakeRow) -> None:
    assert text_of("hex", row("a", [1, -2])) == "0000803f000000c0\n"
    assert base64.b64decode(text_of("base64", row("a", [1, -2]))) == bytes.fromhex(
        "0000803f000000c0"
    )


def test_whole_numbers_are_written_without_a_point(row: MakeRow) -> None:
    rows = [row("a", [1, -1, 1, -1, 1, 1, 1, -1])]
    assert text_of("raw", *rows, output_dtype="ubinary") == "174\n"
    assert text_of("raw", *rows, output_dtype="binary") == "46\n"
    two = [row("a", [0, -1]), row("b", [255, 254])]
    assert text_of("raw", *two, output_dtype="int8") == "-128 -128\n127 127\n"
    assert text_of("hex", *two, output_dtype="uint8") == "0000\nffff\n"


@pytest.mark.parametrize("row_id", ["=1+1", "+1", "-1", "@a", "\ta", "\ra", "\na", "'=1"])
def test_a_csv_cell_never_begins_like_a_formula(row: MakeRow, row_id: str) -> None:
    lines = list(csv.reader(io.StringIO(text_of("csv", row(row_id, [1.5])), newline="")))
    assert lines[0] == ["id", "n_tokens", "truncated", "e0"]
    assert lines[1][0] == f"'{row_id}"


def test_a_row_is_on_the_stream_as_soon_as_it_came(row: MakeRow) -> None:
    stream = io.BytesIO()
    with open_output(check_output(None), stream=stream, facts={}) as out:
        out.add(row("a", [1]))
        assert stream.getvalue().endswith(b"\n")
        out.finish({})


def test_token_states_are_nested_lists(row: MakeRow) -> None:
    states = row("a", np.arange(4).reshape(2, 2))
    line = json.loads(text_of("jsonl", states, matrices=True))
    assert line["embedding"] == [[0, 1], [2, 3]]
