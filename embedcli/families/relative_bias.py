"""Relative position bias (Raffel et al. 2020, section 2.1): scores that depend on distance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from embedcli.documents import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class RelativeBias:
    """A learned number for each bucket of distances and each head.

    Attributes:
        table: (buckets, H).
        max_distance: distances from here on share the last bucket.
    """

    table: FloatArray
    max_distance: int

    def __call__(self, length: int) -> FloatArray:
        """The bias of texts of T tokens: T -> (H, T, T), a view of 2 T - 1 numbers a head."""
        distances = np.arange(1 - length, length, dtype=np.int32)
        by_distance = self.table[buckets(distances, len(self.table), self.max_distance)]
        # Row i starts at the distance 0 - i, so rows are windows of one line of numbers.
        line = np.ascontiguousarray(by_distance.T)
        windows = np.lib.stride_tricks.sliding_window_view(line, length, axis=-1)
        return windows[:, ::-1]


def buckets(distances: IntArray, count: int, max_distance: int) -> IntArray:
    """The bucket of each signed distance key - query, for encoders, that look both ways.

    Half of the buckets is for keys behind the query. In each half one half holds single
    distances, the other half ranges that widen logarithmically up to ``max_distance``.
    """
    half = count // 2
    single = half // 2
    away = np.abs(distances)
    # In float32, as torch does it: the edges of the ranges hang on the rounding.
    ratio = np.log(np.maximum(away, 1).astype(np.float32) / np.float32(single))
    scaled = ratio / np.float32(math.log(max_distance / single)) * np.float32(half - single)
    ranged = np.minimum(single + scaled.astype(np.int32), half - 1)
    chosen: IntArray = np.where(away < single, away, ranged) + half * (distances > 0)
    return chosen
