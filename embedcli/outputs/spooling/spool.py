"""Rows on disk while a run is under way: append-only, read back in order, memory stays flat."""

from __future__ import annotations

import json
import math
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from embedcli.documents import FloatArray, Row
from embedcli.outputs.spooling.appended import AppendedFile
from embedcli.outputs.spooling.catalog import (
    KEY_BYTES,
    RECORD_BYTES,
    Entry,
    mapped,
    row_key,
    whole_part,
)
from embedcli.outputs.spooling.earlier import EarlierRows, Keys

VECTORS_NAME, CATALOG_NAME, ROWS_NAME = "vectors.f32", "catalog.bin", "rows.jsonl"
SECONDS_BETWEEN_SYNCS = 5.0
_VECTORS_IN_A_BLOCK = 512


class Spool:
    """A folder with the vectors of a run, and the order of its rows.

    ``vectors.f32`` holds raw little-endian float32 and ``catalog.bin`` a record for each vector:
    both are only appended to, and what was committed outlives the run. ``rows.jsonl`` holds the
    rows in their order, each with the place of its vector; every run writes it anew.

    Attributes:
        folder: the folder.
        count: rows so far.
        columns: D, the last axis of every row; 0 while there is none.
        id_length: characters of the longest id.
        source_length: characters of the longest source.
        earlier: what a run before left here; None when the spool was begun anew.
    """

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        """Begins anew, or goes on behind what is whole; the caller knows that it fits."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._vectors = AppendedFile(folder / VECTORS_NAME, keep=resume)
        self._catalog = AppendedFile(folder / CATALOG_NAME, keep=resume)
        self._rows = AppendedFile(folder / ROWS_NAME, keep=False)
        self._last: Entry | None = None
        self._committed = 0
        self._synced = time.monotonic()
        self.earlier: EarlierRows | None = None
        self._old = np.zeros((0, RECORD_BYTES), np.uint8)
        if resume:
            self._recover()
        self._keys = Keys(self._old[:, :KEY_BYTES])
        if resume:
            self.earlier = EarlierRows(self._keys, self._vector_at)
        self.count = self.columns = self.id_length = self.source_length = 0
        self._bytes = self._next_old = 0
        self._in_place = True

    @property
    def committed(self) -> int:
        """Vectors that a resumed run would find."""
        return self._committed

    def append(self, row: Row) -> None:
        """Takes one row, (D,) or (T, D); an empty one is remembered and not given back.

        Raises:
            ValueError: when D differs from the rows before.
            OSError: when the disk refuses.
        """
        vector = np.ascontiguousarray(row.vector, dtype="<f4")
        if not vector.size:
            # Another shard has it: a run that is resumed must know, and no file will hold it.
            self._placed(row, vector)
            return
        if self.count and vector.shape[-1] != self.columns:
            raise ValueError(f"row {row.id} has {vector.shape[-1]} columns, not {self.columns}")
        entry = self._placed(row, vector)
        record = {
            "id": row.id,
            "source": row.source,
            "group": row.group,
            "n_tokens": row.n_tokens,
            "truncated": row.truncated,
            "tokens_lost": row.tokens_lost,
            "sha256": row.sha256,
            "shape": vector.shape,
            "offset": entry.offset,
        }
        self._rows.write(json.dumps(record).encode() + b"\n")
        self._in_place = self._in_place and entry.offset == self._bytes
        self._bytes += entry.size
        self.count += 1
        self.columns = vector.shape[-1]
        self.id_length = max(self.id_length, len(row.id))
        self.source_length = max(self.source_length, len(row.source))

    def commit(self) -> None:
        """Makes what came since the last commit outlive this process, and at times the machine.

        Raises:
            OSError: when the disk refuses; then a resumed run finds what was committed before.
        """
        if self._last is None:
            return
        self._vectors.flush()
        self._catalog.write(replace(self._last, ends_stretch=True).pack())
        self._catalog.flush()
        self._last = None
        self._committed = self._catalog.size // RECORD_BYTES
        if time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
            self._vectors.sync()
            self._catalog.sync()
            self._synced = time.monotonic()

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows in order, without vectors."""
        self._rows.flush()
        with (self.folder / ROWS_NAME).open("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def rows(self) -> Iterator[Row]:
        """The rows in order, one in memory at a time."""
        self._vectors.flush()
        with (self.folder / VECTORS_NAME).open("rb") as vectors:
            for record in self.records():
                shape, offset = record.pop("shape"), record.pop("offset")
                if vectors.tell() != offset:
                    vectors.seek(offset)
                data = vectors.read(4 * math.prod(shape))
                yield Row(vector=np.frombuffer(data, dtype="<f4").reshape(shape), **record)

    def blocks(self) -> Iterator[FloatArray]:
        """All vectors as (n, D) arrays of bounded size; the rows of a matrix count one by one."""
        if not self._in_place:
            yield from (row.vector.reshape(-1, self.columns) for row in self.rows())
            return
        self._vectors.flush()
        left = self._bytes
        with (self.folder / VECTORS_NAME).open("rb") as vectors:
            while data := vectors.read(min(left, 4 * self.columns * _VECTORS_IN_A_BLOCK)):
                left -= len(data)
                yield np.frombuffer(data, dtype="<f4").reshape(-1, self.columns)

    def clear(self) -> None:
        """Drops the rows of a spool that was begun anew and keeps its files open for more."""
        for file in (self._vectors, self._catalog, self._rows):
            file.truncate(0)
        self._last = None
        self._bytes = 0
        self.count = self.columns = self.id_length = self.source_length = 0

    def close(self) -> None:
        """Closes the files; what was not committed is lost."""
        for file in (self._vectors, self._catalog, self._rows):
            file.close()

    def remove(self) -> None:
        """Closes and deletes the spool; a folder with foreign files in it stays."""
        self.close()
        remove_spool(self.folder)

    def _recover(self) -> None:
        with (
            (self.folder / CATALOG_NAME).open("rb") as catalog,
            (self.folder / VECTORS_NAME).open("rb") as vectors,
        ):
            entries, size = whole_part(catalog, vectors)
        self._catalog.truncate(entries * RECORD_BYTES)
        self._vectors.truncate(size)
        self._old = mapped(self.folder / CATALOG_NAME, entries)
        self._committed = entries

    def _placed(self, row: Row, vector: FloatArray) -> Entry:
        """Where the vector lies: among those of the run before, or behind all others."""
        data = vector.tobytes()
        key, checksum = row_key(row.id, row.sha256), zlib.crc32(data)
        place = self._keys.find([key], self._next_old)
        if place is not None:
            old = self._old_entry(place)
            if (old.checksum, old.shape) == (checksum, vector.shape):
                self._next_old = place + 1
                return old
        entry = Entry(key, self._vectors.size, vector.shape, checksum)
        self._vectors.write(data)
        if self._last is not None:
            # Only the last of a stretch says so, and none is trusted before that one is there.
            self._catalog.write(self._last.pack())
        self._last = entry
        return entry

    def _old_entry(self, place: int) -> Entry:
        entry = Entry.unpack(self._old[place].tobytes())
        if entry is None:
            raise OSError(f"{self.folder / CATALOG_NAME} changed while it was read")
        return entry

    def _vector_at(self, place: int) -> FloatArray:
        entry = self._old_entry(place)
        data = self._vectors.read_at(entry.offset, entry.size)
        return np.frombuffer(data, dtype="<f4").reshape(entry.shape)


def remove_spool(folder: Path) -> None:
    """Deletes what a spool wrote; the catalog first, so that nothing half deleted is resumed."""
    for name in (CATALOG_NAME, VECTORS_NAME, ROWS_NAME):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def has_committed(folder: Path) -> bool:
    """Whether a run before left a whole stretch in the folder."""
    with suppress(FileNotFoundError), (folder / CATALOG_NAME).open("rb") as catalog:
        while (entry := Entry.unpack(catalog.read(RECORD_BYTES))) is not None:
            if entry.ends_stretch:
                return True
    return False
