"""``.npz`` read back: vectors stay on disk, and columns are read in bounded pieces."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from embedcli.outputs.on_disk import Array, Column, LazyRows, Matrices
from embedcli.outputs.stored import Stored, columns
from embedcli.outputs.unreadable import reading

_PIECE_BYTES = 1 << 16
_LOCAL_HEADER_BYTES = 30
_COLUMNS = {
    "ids": "ids",
    "source": "sources",
    "n_tokens": "n_tokens",
    "truncated": "truncated",
    "sha256": "sha256",
}


def read_npz(path: Path) -> Stored:
    """Reads an archive of ours or anybody's; pickled objects are refused.

    Raises:
        InputError: when the file is no archive of arrays, or damaged.
    """
    with reading(path, "npz"), zipfile.ZipFile(path) as archive:
        members = {
            member.filename.removesuffix(".npy"): member
            for member in archive.infolist()
            if member.filename.endswith(".npy")
        }
        if {"vectors", "facts", *_COLUMNS} <= members.keys():
            return _stored_columns(path, archive, members)
        names = list(members)
        if not archive.comment:
            arrays = {name: _array(path, members[name]) for name in names}
            return Stored("npz", arrays, ids=names)
        rows = LazyRows(len(names), lambda place: _array(path, members[names[place]]))
        known = columns([json.loads(member.comment) for member in members.values()])
        facts = json.loads(archive.comment)
        return Stored("npz", Matrices(names, rows), facts, **{**known, "ids": names})


def _stored_columns(
    path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]
) -> Stored:
    vectors = _mapped(path, archive, members["vectors"])
    known = {field: _column(path, archive, members[name]) for name, field in _COLUMNS.items()}
    for field, column in known.items():
        if len(column) != len(vectors):
            raise ValueError(f"{len(vectors)} vectors but {len(column)} {field}")
    return Stored("npz", vectors, json.loads(str(_array(path, members["facts"]))), **known)


def _array(path: Path, member: zipfile.ZipInfo) -> Array:
    with reading(path, "npz"), zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        array: Array = npy.read_array(stream, allow_pickle=False)
        return array


def _mapped(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """A member as it lies in the file; one that was compressed is read into memory."""
    if member.compress_type != zipfile.ZIP_STORED:
        return _array(path, member)
    _check(archive, member)
    with archive.open(member) as stream:
        shape, order, dtype = _header(stream)
        skipped = stream.tell()
    with path.open("rb") as file:
        file.seek(member.header_offset)
        local = file.read(_LOCAL_HEADER_BYTES)
    lengths = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    if skipped + math.prod(shape) * dtype.itemsize != member.file_size:
        raise ValueError(f"{member.filename} of {member.file_size} bytes is no array of {shape}")
    if not math.prod(shape):
        return np.zeros(shape, dtype)
    start = member.header_offset + _LOCAL_HEADER_BYTES + lengths + skipped
    return np.memmap(path, dtype, "r", start, shape, order)


def _check(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """What is mapped goes past the checksum of the archive, so it is compared before."""
    checksum = 0
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE_BYTES):
            checksum = zlib.crc32(piece, checksum)
    if checksum != member.CRC:
        raise zipfile.BadZipFile(f"bad CRC-32 of {member.filename}")


def _column(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Column:
    with archive.open(member) as stream:
        shape, _, _ = _header(stream)
    if len(shape) != 1:
        raise ValueError(f"{member.filename} has shape {shape}")
    return Column(path, "npz", shape[0], partial(_values, path, member))


def _values(path: Path, member: zipfile.ZipInfo) -> Iterator[Any]:
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        (count,), _, dtype = _header(stream)
        size = max(_PIECE_BYTES // max(dtype.itemsize, 1), 1)
        for start in range(0, count, size):
            wanted = min(size, count - start) * dtype.itemsize
            yield from np.frombuffer(_exactly(stream, wanted), dtype).tolist()
        # The end of the member is where its checksum is compared.
        stream.read(1)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := stream.read(size - len(data))):
        data += piece
    return data


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], Any, np.dtype[Any]]:
    """Shape, order (C or F) and dtype of a member; what would need pickle is refused."""
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("an array of Python objects, which would need pickle")
    return shape, "F" if fortran else "C", dtype
