"""Rows on disk while a run is under way: append-only, read back in order, memory stays flat."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from embedcli.documents import FloatArray, Row

VECTORS_NAME = "vectors.f32"
INDEX_NAME = "index.jsonl"
_VECTORS_IN_A_BLOCK = 512


class Spool:
    """A folder with ``vectors.f32`` (raw little-endian float32) and ``index.jsonl`` (a line a row).

    A row's vector is written before its index line and neither is buffered here, so every index
    line that is whole has its whole vector in front of it, wherever a run is cut off.

    Attributes:
        folder: the folder; its files are begun anew when the spool is made.
        count: rows so far.
        columns: D, the last axis of every row; 0 while there is none.
        id_length: characters of the longest id.
        source_length: characters of the longest source.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._vectors: BinaryIO = (folder / VECTORS_NAME).open("wb", buffering=0)
        self._index: BinaryIO = (folder / INDEX_NAME).open("wb", buffering=0)
        self.count = 0
        self.columns = 0
        self.id_length = 0
        self.source_length = 0

    def append(self, row: Row) -> None:
        """Writes one row, (D,) or (T, D).

        Raises:
            ValueError: when D differs from the rows before.
            OSError: when the disk refuses.
        """
        vector = np.ascontiguousarray(row.vector, dtype="<f4")
        if self.count and vector.shape[-1] != self.columns:
            raise ValueError(f"row {row.id} has {vector.shape[-1]} columns, not {self.columns}")
        record = {
            "id": row.id,
            "source": row.source,
            "group": row.group,
            "n_tokens": row.n_tokens,
            "truncated": row.truncated,
            "tokens_lost": row.tokens_lost,
            "sha256": row.sha256,
            "shape": vector.shape,
        }
        _write_all(self._vectors, vector.tobytes())
        _write_all(self._index, json.dumps(record).encode() + b"\n")
        self.count += 1
        self.columns = vector.shape[-1]
        self.id_length = max(self.id_length, len(row.id))
        self.source_length = max(self.source_length, len(row.source))

    def records(self) -> Iterator[dict[str, Any]]:
        """The index lines in order, without vectors."""
        with (self.folder / INDEX_NAME).open("rb") as index:
            for line in index:
                yield json.loads(line)

    def rows(self) -> Iterator[Row]:
        """The rows in order, one in memory at a time."""
        with (self.folder / VECTORS_NAME).open("rb") as vectors:
            for record in self.records():
                shape = record.pop("shape")
                data = vectors.read(4 * math.prod(shape))
                yield Row(vector=np.frombuffer(data, dtype="<f4").reshape(shape), **record)

    def blocks(self) -> Iterator[FloatArray]:
        """All vectors as (n, D) arrays of bounded size; the rows of a matrix count one by one."""
        with (self.folder / VECTORS_NAME).open("rb") as vectors:
            while data := vectors.read(4 * self.columns * _VECTORS_IN_A_BLOCK):
                yield np.frombuffer(data, dtype="<f4").reshape(-1, self.columns)

    def clear(self) -> None:
        """Drops all rows and keeps the files open for more."""
        for stream in (self._vectors, self._index):
            stream.seek(0)
            stream.truncate()
        self.count = self.columns = self.id_length = self.source_length = 0

    def close(self) -> None:
        """Closes both files; the rows can still be read."""
        self._vectors.close()
        self._index.close()

    def remove(self) -> None:
        """Closes and deletes the spool; a folder with foreign files in it stays."""
        self.close()
        for name in (VECTORS_NAME, INDEX_NAME):
            (self.folder / name).unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def _write_all(stream: BinaryIO, data: bytes) -> None:
    """A raw file may take only a part of the bytes (a nearly full disk does)."""
    left = memoryview(data)
    while left:
        left = left[stream.write(left) :]
