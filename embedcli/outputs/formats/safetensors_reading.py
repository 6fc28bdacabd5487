"""``.safetensors`` read back: tensors are mapped, and long columns are read in bounded pieces."""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from embedcli.outputs.formats.safetensors_file import DTYPES, INDEX, LONGEST_HEADER
from embedcli.outputs.on_disk import Array, Column, LazyRows, Matrices
from embedcli.outputs.stored import INDEX_NAMES, Stored
from embedcli.outputs.unreadable import reading

_OURS = b'{"__metadata__":{"layout":"vectors","facts":"'
_PIECE_BYTES = 1 << 16
_Spans = dict[str, tuple[int, int]]
_Place = tuple[int, np.dtype[Any], tuple[int, ...]]


def read_safetensors(path: Path) -> Stored:
    """Reads a file of ours or anybody's; lengths, offsets and shapes are checked first.

    Raises:
        InputError: when the file is no safetensors or not whole.
    """
    with reading(path, "safetensors"):
        size = path.stat().st_size
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or length > min(size - 8, LONGEST_HEADER):
                raise ValueError(f"a header of {length} bytes in a file of {size}")
            entries, spans = _vectors_header(stream.fileno(), 8 + length)
            header = entries or json.loads(stream.read(length))
        if not isinstance(header, dict):
            raise TypeError("the header is no JSON object")
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict):
            raise TypeError("the metadata is no JSON object")
        tensors = {name: _place(8 + length, size, name, entry) for name, entry in header.items()}
        if metadata.get("layout") == "vectors":
            return _stored_vectors(path, metadata, tensors, spans)
        rows = LazyRows(len(tensors), partial(_row, path, list(tensors.values())))
        known = {field: json.loads(metadata[field]) for field in INDEX_NAMES if field in metadata}
        known["ids"] = known.get("ids", list(tensors))
        facts = json.loads(metadata["facts"]) if "facts" in metadata else None
        return Stored("safetensors", Matrices(list(tensors), rows), facts, **known)


def _stored_vectors(
    path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, _Place], spans: _Spans
) -> Stored:
    vectors = _tensor(path, *tensors["vectors"])
    known: dict[str, Any]
    if INDEX in tensors:
        begin, _, shape = tensors[INDEX]
        span = begin, begin + math.prod(shape)
        known = {field: partial(_of_lines, path, span, INDEX_NAMES[field]) for field in INDEX_NAMES}
    elif spans:
        known = {field: partial(_of_header, path, spans[field]) for field in INDEX_NAMES}
    else:
        known = {field: json.loads(metadata[field]) for field in INDEX_NAMES if field in metadata}
        if len(vectors) != len(known["ids"]):
            raise ValueError(f"{len(vectors)} vectors but {len(known['ids'])} ids")
        return Stored("safetensors", vectors, json.loads(metadata["facts"]), **known)
    count = len(vectors)
    columns = {name: Column(path, "safetensors", count, values) for name, values in known.items()}
    return Stored("safetensors", vectors, json.loads(metadata["facts"]), **columns)


def _vectors_header(descriptor: int, end: int) -> tuple[dict[str, Any], _Spans]:
    """A header of ours without its columns, and where these lie; nothing for any other header.

    It would be all names of a large file, as objects. A quote inside a column always has a
    backslash before it, so a bracket with a bare quote is a column's end.
    """
    spans: _Spans = {}
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as data:
        place = 8 + len(_OURS)
        stop = data.find(b'}"', place, end) + 1
        if data[8:place] != _OURS or not stop:
            return {}, {}
        facts = json.loads(b'"' + data[place : stop + 1])
        for field in INDEX_NAMES:
            opening = f'","{field}":"['.encode()
            place, closing = stop + len(opening), data.find(b']"', stop + len(opening), end)
            if data[stop:place] != opening or closing < 0:
                return {}, {}
            spans[field], stop = (place, closing), closing + 1
        rest = data[stop + 1 : end]
    header = json.loads(b"{" + rest.removeprefix(b"},"))
    return {**header, "__metadata__": {"layout": "vectors", "facts": facts}}, spans


def _of_header(path: Path, span: tuple[int, int]) -> Iterator[Any]:
    """The items of a JSON list that lies inside a JSON string."""
    decode, held = json.JSONDecoder().raw_decode, ""
    for piece in _pieces(path, span, b","):
        held += json.loads(b'"' + piece + b'"')
        place = 0
        while place < len(held):
            try:
                value, stop = decode(held, place)
            except ValueError:
                break  # the comma at the end of the piece is one inside a name
            yield value
            place = stop + 1
        held = held[place:]
    if held:
        raise ValueError("a column that is no JSON list")


def _of_lines(path: Path, span: tuple[int, int], name: str) -> Iterator[Any]:
    for piece in _pieces(path, span, b"\n"):
        for line in piece.splitlines():
            yield json.loads(line)[name]


def _pieces(path: Path, span: tuple[int, int], end: bytes) -> Iterator[bytes]:
    """The bytes of a span in pieces that stop behind an ``end``."""
    left, held = span[1] - span[0], b""
    with path.open("rb") as stream:
        stream.seek(span[0])
        while data := stream.read(min(left, _PIECE_BYTES)):
            left -= len(data)
            held += data
            cut = held.rfind(end) + 1
            if cut:
                yield held[:cut]
                held = held[cut:]
    if held:
        yield held


def _place(start: int, size: int, name: str, entry: Mapping[str, Any]) -> _Place:
    begin, end = entry["data_offsets"]
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
    whole = all(isinstance(n, int) and n >= 0 for n in (begin, end, *shape))
    inside = whole and begin <= end <= size - start
    if not inside or end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"tensor {name} with shape {shape} does not lie in the file")
    return start + begin, dtype, shape


def _row(path: Path, tensors: list[_Place], place: int) -> Array:
    return _tensor(path, *tensors[place])


def _tensor(path: Path, begin: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    if not math.prod(shape):
        return np.zeros(shape, dtype)
    with reading(path, "safetensors"):
        return np.memmap(path, dtype=dtype, mode="r", offset=begin, shape=shape)
