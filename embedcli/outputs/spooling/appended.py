"""A file that is appended to, through a buffer of our own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_BUFFER_BYTES = 1 << 20


class AppendedFile:
    """What is written can be read once it is flushed; closing drops what was not.

    Attributes:
        size: bytes so far, those in the buffer included.
    """

    def __init__(self, path: Path, *, keep: bool) -> None:
        self._file: BinaryIO = path.open("ab+" if keep else "wb+", buffering=0)
        self._buffer = bytearray()
        self.size = self._file.seek(0, os.SEEK_END)

    @property
    def flushed(self) -> int:
        """Bytes that the system has."""
        return self.size - len(self._buffer)

    def write(self, data: bytes) -> None:
        """Appends to the buffer; raises OSError when the disk refuses."""
        self._buffer += data
        self.size += len(data)
        if len(self._buffer) >= _BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hands the buffer to the system; raises OSError when the disk refuses."""
        # A raw file may take only a part of the bytes (a nearly full disk does).
        while self._buffer:
            del self._buffer[: self._file.write(self._buffer)]

    def sync(self) -> None:
        """Waits until the disk has what was flushed."""
        os.fsync(self._file.fileno())

    def read_at(self, offset: int, size: int) -> bytes:
        """Bytes that were flushed before."""
        return os.pread(self._file.fileno(), size, offset)

    def truncate(self, size: int) -> None:
        """Drops the buffer and all behind ``size`` bytes."""
        self._buffer.clear()
        self._file.truncate(size)
        self.size = self._file.seek(size)

    def close(self) -> None:
        """Closes the file without a flush."""
        self._file.close()
