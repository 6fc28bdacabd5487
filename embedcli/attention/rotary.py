"""Rotary position embeddings (Su et al. 2021): a position turns queries and keys by angles.

The score of a query and a key then depends on how far apart they stand, and not on where.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from embedcli.attention.memory import Array, Memory


@dataclass(frozen=True, slots=True)
class RotaryEmbedding:
    """theta, the base of the wave lengths, as the checkpoint's config says."""

    theta: float

    def __call__(self, x: Array, positions: npt.NDArray[np.integer], memory: Memory) -> None:
        """Turn heads in place.

        Components i and i + d / 2 of a head are a point in a plane, which position p turns by the
        angle p / theta^(2i / d).

        Args:
            x: (..., T, H, d), d even.
            positions: (T,), from 0.
            memory: scratch.
        """
        half = x.shape[-1] // 2
        cosines, sines = (
            table[positions][:, None]
            for table in _tables(_table_length(positions), 2 * half, self.theta)
        )
        first, second = x[..., :half], x[..., half:]
        crossed = np.multiply(first, sines, out=memory.array("first turned", first.shape, x.dtype))
        first *= cosines
        first -= np.multiply(second, sines, out=memory.array("second turned", first.shape, x.dtype))
        second *= cosines
        second += crossed


def _table_length(positions: npt.NDArray[np.integer]) -> int:
    """A power of two above every position: texts of many lengths then share few tables."""
    return 1 << max(int(positions.max(initial=0)), 255).bit_length()


@lru_cache(maxsize=16)
def _tables(length: int, width: int, theta: float) -> tuple[Array, Array]:
    """The cosines and the sines (length, width / 2) of all angles.

    Models are trained with angles in float32, so the rounding of float32 is part of them.
    """
    exponents = np.arange(0, width, 2, dtype=np.float32) / np.float32(width)
    frequencies = np.float32(1) / np.power(np.float32(theta), exponents)
    angles = np.arange(length, dtype=np.float32)[:, None] * frequencies
    return np.cos(angles), np.sin(angles)
