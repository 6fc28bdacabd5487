"""``.npy`` with companions beside it, and the writer of ``.npz`` with everything inside."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from embedcli.errors import OutputError
from embedcli.outputs.rows import Rows
from embedcli.outputs.stored import Stored
from embedcli.outputs.unreadable import reading

_LONGEST_COMMENT = 65535


def write_npy(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
    """Writes (N, D); of token states the one matrix (T, D). The facts lie in another file."""
    del facts
    shape: tuple[int, ...] = (rows.count, rows.dimension)
    if rows.matrices and rows.count:
        shape = tuple(next(rows.records())["shape"])
    _write_header(stream, rows.dtype, shape)
    for block in rows.blocks():
        stream.write(block.tobytes())


def read_npy(path: Path) -> Stored:
    """Maps the array into memory; anybody's ``.npy`` will do."""
    with reading(path, "npy"):
        return Stored("npy", np.load(path, mmap_mode="r", allow_pickle=False))


def write_npz(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
    """Writes ``vectors`` and a column for each fact about a row, or an array for each id.

    The members of token states are named by ids alone; what else is known goes into the
    archive's comments, where ``numpy.load`` does not take it for an array.
    """
    with zipfile.ZipFile(stream, "w") as archive:
        if rows.matrices:
            _write_members_by_id(archive, rows)
            archive.comment = _comment(facts, "the provenance")
        else:
            _write_columns(archive, rows, json.dumps(facts))


def _write_header(stream: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    descr = npy.dtype_to_descr(dtype)
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(stream, header)


def _open_member(archive: zipfile.ZipFile, name: str, method: int, comment: bytes = b"") -> Any:
    """A member without the time of day, so that equal rows give equal files."""
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = method
    member.external_attr = 0o644 << 16
    member.comment = comment
    return archive.open(member, "w", force_zip64=True)


def _comment(value: Mapping[str, Any], what: str) -> bytes:
    text = json.dumps(value).encode()
    if len(text) > _LONGEST_COMMENT:
        raise OutputError(
            f"{what} has {len(text)} bytes and an .npz of token states holds {_LONGEST_COMMENT}; "
            "use .safetensors"
        )
    return text


def _write_members_by_id(archive: zipfile.ZipFile, rows: Rows) -> None:
    names: set[str] = set()
    for record, row in zip(rows.records(), rows, strict=True):
        stem = row.id.removesuffix(".npy")
        if stem in names or "\0" in row.id or len(row.id.encode()) > _LONGEST_COMMENT - 4:
            raise OutputError(f"id {row.id!r} cannot name an array of an .npz; use .safetensors")
        names.add(stem)
        kept = {name: record[name] for name in ("source", "n_tokens", "truncated", "sha256")}
        comment = _comment(kept, f"what is known of {row.id}")
        with _open_member(archive, row.id, zipfile.ZIP_STORED, comment) as stream:
            _write_header(stream, rows.dtype, row.vector.shape)
            stream.write(row.vector.tobytes())


def _write_columns(archive: zipfile.ZipFile, rows: Rows, facts: str) -> None:
    with _open_member(archive, "vectors", zipfile.ZIP_STORED) as stream:
        write_npy(stream, rows, {})
    for name, key, longest in (
        ("ids", "id", rows.id_length),
        ("source", "source", rows.source_length),
        ("sha256", "sha256", 64),
        ("n_tokens", "n_tokens", 0),
        ("truncated", "truncated", 0),
    ):
        dtype = np.dtype({"n_tokens": "<i4", "truncated": "|b1"}.get(key, f"<U{max(longest, 1)}"))
        with _open_member(archive, name, zipfile.ZIP_DEFLATED) as stream:
            _write_header(stream, dtype, (rows.count,))
            for record in rows.records():
                stream.write(np.array(record[key], dtype).tobytes())
    with _open_member(archive, "facts", zipfile.ZIP_DEFLATED) as stream:
        npy.write_array(stream, np.array(facts), allow_pickle=False)
