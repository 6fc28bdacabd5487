"""The header of a safetensors file, checked before a byte of a tensor is read.

Layout: eight bytes with the header's length N (little-endian), N bytes of JSON that give each
tensor's dtype, shape and place, then the tensors' bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedcli.errors import ModelError

# The format allows 100 MB, which take half a minute to parse; the largest encoders have 1 MB.
MAX_HEADER_BYTES = 16_000_000
MAX_DIMENSIONS = 8
MAX_DIMENSION = 1 << 48

ITEM_BYTES: Mapping[str, int] = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2,
    "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Where a tensor lies: its dtype and shape, and its first and last byte in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def header_length(prefix: bytes, file_bytes: int, file: str) -> int:
    """The header's length from the file's first eight bytes.

    Raises:
        ModelError: when the file is too short for it, or it is beyond 16 MB.
    """
    if len(prefix) < 8:
        raise ModelError(f"{file} has {file_bytes} bytes, too few for a safetensors file")
    length = int.from_bytes(prefix, "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, file_bytes - 8):
        raise ModelError(
            f"{file}: header of {length} bytes in a file of {file_bytes}; "
            "it is no safetensors file, or its download broke off"
        )
    return length


def parse_header(header: bytes, file_bytes: int, file: str) -> dict[str, TensorPlace]:
    """The place of every tensor, from a header whose length is checked.

    Raises:
        ModelError: when an entry is malformed, lies outside the file, or overlaps another.
    """
    try:
        entries = json.loads(header, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file}: the header is no valid JSON: {str(error)[:120]}") from error
    if not isinstance(entries, dict):
        raise ModelError(f"{file}: the header is no JSON object")
    entries.pop("__metadata__", None)
    first = 8 + len(header)
    places = {
        name: _place(entry, first, file_bytes, f"{file}: tensor {name[:100]!r}")
        for name, entry in entries.items()
    }
    _refuse_overlaps(places, file)
    return places


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a key stands in it twice")
    return entries


def _place(entry: Any, first: int, file_bytes: int, tensor: str) -> TensorPlace:
    if not isinstance(entry, dict):
        raise ModelError(f"{tensor} has no description")
    dtype: Any = entry.get("dtype")
    shape: Any = entry.get("shape")
    offsets: Any = entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise ModelError(f"{tensor} has dtype {dtype!r}, expected one of {', '.join(ITEM_BYTES)}")
    if not _whole_numbers(shape, MAX_DIMENSION) or len(shape) > MAX_DIMENSIONS:
        raise ModelError(f"{tensor} has shape {str(shape)[:60]}, expected a few whole numbers")
    if not _whole_numbers(offsets, file_bytes - first) or len(offsets) != 2:
        raise ModelError(f"{tensor} has offsets {str(offsets)[:60]}, which are not in the file")
    size = math.prod(shape) * ITEM_BYTES[dtype]
    if offsets[1] - offsets[0] != size:
        raise ModelError(
            f"{tensor} has {offsets[1] - offsets[0]} bytes, expected {size} for {dtype} {shape}"
        )
    return TensorPlace(dtype, tuple(shape), first + offsets[0], first + offsets[1])


def _whole_numbers(values: Any, limit: int) -> bool:
    return isinstance(values, list) and all(type(n) is int and 0 <= n <= limit for n in values)


def _refuse_overlaps(places: Mapping[str, TensorPlace], file: str) -> None:
    end, before = 0, ""
    for name, place in sorted(places.items(), key=lambda item: (item[1].start, item[1].stop)):
        if place.start < end:
            raise ModelError(f"{file}: tensors {before!r} and {name!r} overlap")
        end, before = place.stop, name
