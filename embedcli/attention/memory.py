"""Working memory: scratch arrays that are allocated once and used again.

A Transformer asks for the same few large arrays in every layer of every batch. Fresh ones cost
page faults; these stay warm. Each name is one array: who asks for a name again gets the same
bytes, so the result of a call that was handed a Memory is good until the next such call.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

TILE = 1 << 16
"""Numbers in a tile: passes over 64 Ki floats (256 KiB) stay in a core's second-level cache."""


class Memory:
    """Scratch arrays by name, for one thread at a time."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, str], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> Array:
        """An uninitialised array of that shape, on the bytes that the name had before."""
        key = (name, np.dtype(dtype).char)
        size = math.prod(shape)
        buffer = self._buffers.get(key)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[key] = np.empty(size, dtype)
        return buffer[:size].reshape(shape)

    def columns(
        self, name: str, shape: tuple[int, int], dtype: npt.DTypeLike = np.float32
    ) -> Array:
        """As ``array``, (R, C), but with the numbers of a column side by side.

        Columns begin an odd number of 64-byte lines apart. Where R is a power of two they would
        otherwise all fall into the same few lines of the cache, and drive each other out.
        """
        rows, columns = shape
        in_line = 64 // np.dtype(dtype).itemsize
        lines = math.ceil(rows / in_line) | 1
        length = lines * in_line
        return self.array(name, (columns, length), dtype)[:, :rows].T


def tiles(rows: int, width: int) -> list[slice]:
    """Slices that cut ``rows`` rows of ``width`` numbers into pieces of about TILE numbers."""
    step = max(1, TILE // max(1, width))
    return [slice(start, start + step) for start in range(0, rows, step)]
