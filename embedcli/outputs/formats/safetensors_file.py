"""The writer of ``.safetensors``: ``vectors`` (N, D) or a tensor for each id, facts beside them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO

from embedcli.errors import OutputError
from embedcli.outputs.companions import index_line
from embedcli.outputs.rows import Rows
from embedcli.outputs.stored import INDEX_NAMES

# Readers of the format refuse a longer header, so none is written.
LONGEST_HEADER = 100_000_000
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
INDEX = "index"
"""A tensor of bytes, for an index that the header has no room for: a JSON object a line."""


def write_safetensors(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
    """Writes length, header and numbers; the header is made twice rather than held in memory.

    Raises:
        OutputError: when the header would be longer than readers take.
    """
    index = 0
    header = partial(_header, rows, facts, index)
    length = sum(map(len, header()))
    if length > LONGEST_HEADER - 8 and not rows.matrices:
        index = sum(len(index_line(record)) for record in rows.records())
        header = partial(_header, rows, facts, index)
        length = sum(map(len, header()))
    if length > LONGEST_HEADER - 8:
        raise OutputError(
            f"the names of {rows.count} rows do not fit into a safetensors header "
            f"({LONGEST_HEADER} bytes); use .npz, .npy or .parquet"
        )
    padding = -length % 8
    stream.write((length + padding).to_bytes(8, "little"))
    for part in header():
        stream.write(part)
    stream.write(b" " * padding)
    for block in rows.blocks():
        stream.write(block.tobytes())
    if index:
        stream.writelines(map(index_line, rows.records()))


def _header(rows: Rows, facts: Mapping[str, Any], index: int) -> Iterator[bytes]:
    """The JSON header in pieces; a column is a JSON list inside a JSON string.

    ``index`` is the size of the tensor that takes the place of the columns, 0 for none.
    """
    layout = "matrices" if rows.matrices else "vectors"
    yield f'{{"__metadata__":{{"layout":"{layout}","facts":{_quoted(json.dumps(facts))}'.encode()
    for field, key in () if index else INDEX_NAMES.items():
        yield f',"{field}":"['.encode()
        for place, record in enumerate(rows.records()):
            item = json.dumps(record[key])
            yield _quoted(f",{item}" if place else item)[1:-1].encode()
        yield b']"'
    yield b"}"
    yield from _entries(rows, index)
    yield b"}"


def _entries(rows: Rows, index: int) -> Iterator[bytes]:
    names = {dtype: name for name, dtype in DTYPES.items()}
    kind, size = names[rows.dtype.str], rows.dtype.itemsize
    if not rows.matrices:
        shape = [rows.count, rows.dimension]
        end = math.prod(shape) * size
        entry = {"dtype": kind, "shape": shape, "data_offsets": [0, end]}
        yield f',"vectors":{json.dumps(entry)}'.encode()
        if index:
            entry = {"dtype": "U8", "shape": [index], "data_offsets": [end, end + index]}
            yield f',"{INDEX}":{json.dumps(entry)}'.encode()
        return
    begin = 0
    seen = {"__metadata__"}
    for record in rows.records():
        if record["id"] in seen:
            raise OutputError(f"id {record['id']!r} cannot name a tensor twice; give distinct ids")
        seen.add(record["id"])
        end = begin + math.prod(record["shape"]) * size
        entry = {"dtype": kind, "shape": record["shape"], "data_offsets": [begin, end]}
        yield f",{_quoted(record['id'])}:{json.dumps(entry)}".encode()
        begin = end


def _quoted(text: str) -> str:
    return json.dumps(text)
