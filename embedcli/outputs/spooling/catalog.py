"""What lies in a file of vectors, a fixed-size record each: it survives being cut off or damaged.

A record holds the key of its row, the place and shape of its vector, checksums of the vector and of
itself, and whether a stretch ends with it. A run that is resumed trusts what lies before the last
whole stretch and drops the rest.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

_FIELDS = struct.Struct("<32sQIIIII")
_CHECK = struct.Struct("<I")
RECORD_BYTES = _FIELDS.size + _CHECK.size
KEY_BYTES = 32


def row_key(row_id: str, sha256: str) -> bytes:
    """32 bytes for a row: its id and the digest of its text."""
    name = row_id.encode("utf-8", "surrogatepass")
    return hashlib.sha256(bytes.fromhex(sha256) + name).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One record.

    Attributes:
        key: ``row_key`` of the row.
        offset: first byte of the vector in its file.
        shape: (D,) or (T, D).
        checksum: crc32 of the vector's bytes.
        ends_stretch: whether all before it can be trusted once it is whole.
    """

    key: bytes
    offset: int
    shape: tuple[int, ...]
    checksum: int
    ends_stretch: bool = False

    @property
    def size(self) -> int:
        """Bytes of the vector."""
        lines, columns = self._sides()
        return 4 * lines * columns

    def pack(self) -> bytes:
        """RECORD_BYTES, with a checksum of their own."""
        lines, columns = self._sides()
        rank, ends = len(self.shape), self.ends_stretch
        data = _FIELDS.pack(self.key, self.offset, lines, columns, rank, self.checksum, ends)
        return data + _CHECK.pack(zlib.crc32(data))

    @classmethod
    def unpack(cls, record: bytes) -> Self | None:
        """The entry, or None for damaged bytes."""
        if len(record) != RECORD_BYTES:
            return None
        data = record[: _FIELDS.size]
        if _CHECK.unpack(record[_FIELDS.size :])[0] != zlib.crc32(data):
            return None
        key, offset, lines, columns, rank, checksum, ends = _FIELDS.unpack(data)
        shape = (columns,) if rank == 1 else (lines, columns)
        return cls(key, offset, shape, checksum, bool(ends))

    def _sides(self) -> tuple[int, int]:
        return (1 if len(self.shape) == 1 else self.shape[0]), self.shape[-1]


def whole_part(catalog: BinaryIO, vectors: BinaryIO) -> tuple[int, int]:
    """How much of two files can be trusted.

    Returns:
        (entries, bytes of vectors) up to the last whole stretch before the first damage.
    """
    good = (0, 0)
    entries = end = 0
    while (entry := Entry.unpack(catalog.read(RECORD_BYTES))) is not None:
        data = vectors.read(entry.size) if entry.offset == end else b""
        if len(data) != entry.size or zlib.crc32(data) != entry.checksum:
            break
        entries, end = entries + 1, end + entry.size
        if entry.ends_stretch:
            good = (entries, end)
    return good


def mapped(path: Path, entries: int) -> npt.NDArray[np.uint8]:
    """(entries, RECORD_BYTES): the records, left on disk."""
    if not entries:
        return np.zeros((0, RECORD_BYTES), np.uint8)
    return np.memmap(path, np.uint8, "r", shape=(entries, RECORD_BYTES))
