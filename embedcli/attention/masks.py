"""Masks: True where a query may see a key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def causal_mask(length: int) -> Mask:
    """(T, T): position t sees the positions up to itself."""
    return np.tril(np.ones((length, length), dtype=np.bool_))


def window_mask(length: int, before: int, after: int) -> Mask | None:
    """(T, T): position t sees from t - before to t + after; None where all see all."""
    if length <= 1 + min(before, after):
        return None
    positions = np.arange(length)
    distance = positions - positions[:, None]
    return (distance >= -before) & (distance <= after)


def padding_mask(lengths: Sequence[int], longest: int | None = None) -> Mask:
    """(B, 1, 1, T): no query of text b sees a key behind the end of text b.

    The two axes of length one stand for heads and queries. T is the longest length unless given.
    """
    width = max(lengths, default=0) if longest is None else longest
    seen = np.arange(width) < np.asarray(lengths)[:, None]
    return seen[:, None, None, :]
