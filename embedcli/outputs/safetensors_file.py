"""``.safetensors``: ``vectors`` (N, D) or a tensor for each id; the rest in the metadata."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from embedcli.errors import OutputError
from embedcli.outputs.rows import Rows
from embedcli.outputs.stored import Stored, reading

# Readers of the format refuse a longer header, so none is written.
LONGEST_HEADER = 100_000_000
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_COLUMNS = {
    "ids": "id",
    "sources": "source",
    "n_tokens": "n_tokens",
    "truncated": "truncated",
    "sha256": "sha256",
}


def write_safetensors(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
    """Writes length, header and numbers; the header is made twice rather than held in memory.

    Raises:
        OutputError: when the header would be longer than readers take.
    """
    length = sum(map(len, _header(rows, facts)))
    padding = -length % 8
    if length + padding > LONGEST_HEADER:
        raise OutputError(
            f"the ids and sources of {rows.count} rows do not fit into a safetensors header "
            f"({LONGEST_HEADER} bytes); use .npz, .npy or .parquet"
        )
    stream.write((length + padding).to_bytes(8, "little"))
    for part in _header(rows, facts):
        stream.write(part)
    stream.write(b" " * padding)
    for block in rows.blocks():
        stream.write(block.tobytes())


def read_safetensors(path: Path) -> Stored:
    """Reads a file of ours or anybody's; lengths, offsets and shapes are checked first.

    Raises:
        InputError: when the file is no safetensors or not whole.
    """
    with reading(path, "safetensors"):
        with path.open("rb") as stream:
            header, start = _read_header(stream, path.stat().st_size)
        metadata = header.pop("__metadata__", {})
        size = path.stat().st_size - start
        tensors = {name: _tensor(path, start, size, name, entry) for name, entry in header.items()}
        known = {field: json.loads(metadata[field]) for field in _COLUMNS if field in metadata}
        facts = json.loads(metadata["facts"]) if "facts" in metadata else None
        if metadata.get("layout") != "vectors":
            known["ids"] = known.get("ids", list(tensors))
            return Stored("safetensors", tensors, facts, **known)
        if len(tensors["vectors"]) != len(known["ids"]):
            raise ValueError(f"{len(tensors['vectors'])} vectors but {len(known['ids'])} ids")
        return Stored("safetensors", tensors["vectors"], facts, **known)


def _header(rows: Rows, facts: Mapping[str, Any]) -> Iterator[bytes]:
    """The JSON header in pieces; a column is a JSON list inside a JSON string."""
    layout = "matrices" if rows.matrices else "vectors"
    yield f'{{"__metadata__":{{"layout":"{layout}","facts":{_quoted(json.dumps(facts))}'.encode()
    for field, key in _COLUMNS.items():
        yield f',"{field}":"['.encode()
        for place, record in enumerate(rows.records()):
            item = json.dumps(record[key])
            yield _quoted(f",{item}" if place else item)[1:-1].encode()
        yield b']"'
    yield b"}"
    yield from _entries(rows)
    yield b"}"


def _entries(rows: Rows) -> Iterator[bytes]:
    names = {dtype: name for name, dtype in _DTYPES.items()}
    kind, size = names[rows.dtype.str], rows.dtype.itemsize
    if not rows.matrices:
        shape = [rows.count, rows.dimension]
        entry = {"dtype": kind, "shape": shape, "data_offsets": [0, math.prod(shape) * size]}
        yield f',"vectors":{json.dumps(entry)}'.encode()
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


def _read_header(stream: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(stream.read(8), "little")
    if size < 8 or length > min(size - 8, LONGEST_HEADER):
        raise ValueError(f"a header of {length} bytes in a file of {size}")
    header = json.loads(stream.read(length))
    if not isinstance(header, dict):
        raise TypeError("the header is no JSON object")
    return header, 8 + length


def _tensor(
    path: Path, start: int, size: int, name: str, entry: Mapping[str, Any]
) -> npt.NDArray[Any]:
    begin, end = entry["data_offsets"]
    dtype, shape = np.dtype(_DTYPES[entry["dtype"]]), tuple(entry["shape"])
    whole = all(isinstance(n, int) and n >= 0 for n in (begin, end, *shape))
    if not whole or not begin <= end <= size or end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"tensor {name} with shape {shape} does not lie in the file")
    if begin == end:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype=dtype, mode="r", offset=start + begin, shape=shape)
