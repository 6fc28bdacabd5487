"""Sinusoidal positional encodings (Vaswani et al. 2017, section 3.5)."""

from __future__ import annotations

import numpy as np

from embedcli.attention.memory import Array


def positional_encoding(seq_len: int, d_model: int) -> Array:
    """A pattern for each position, added to the embeddings: attention itself knows no order.

    Dimensions 2i and 2i + 1 are the sine and the cosine of one angle, pos / 10000^(2i / d_model),
    so the pairs are clocks with wave lengths from 2 pi to nearly 10000 * 2 pi positions.

    Args:
        seq_len: T, the number of positions, counted from 0.
        d_model: D, the width; where it is odd, the last sine has no cosine.

    Returns:
        (T, D) float32, computed in float64.

    Raises:
        ValueError: when T is negative or D is not positive.
    """
    if seq_len < 0 or d_model < 1:
        raise ValueError(
            f"expected seq_len >= 0 and d_model >= 1, got seq_len {seq_len} and d_model {d_model}"
        )
    doubled = np.arange(0, d_model, 2)
    angles = np.arange(seq_len)[:, None] / 10000.0 ** (doubled / d_model)
    encoding = np.empty((seq_len, d_model), np.float32)
    encoding[:, 0::2] = np.sin(angles)
    encoding[:, 1::2] = np.cos(angles[:, : d_model // 2])
    return encoding
