"""What callers hand in, made into floating-point arrays, or refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from embedcli.attention.memory import Array


def floats(x: npt.ArrayLike) -> Array:
    """A list or array of numbers as an array of at least float32.

    float32 and float64 stay what they are and are not copied; integers become floats, and half
    precision is widened, because sums of exponentials do not fit into it.
    """
    array = np.asarray(x)
    if array.dtype.char in "fd":
        return array
    return array.astype(np.result_type(array, np.float32), copy=False)


def rows(x: Array) -> Array:
    """(..., D) -> (R, D), a view: what is written into it is written into x.

    Raises:
        ValueError: when the strides of x allow no such view.
    """
    flat = x.reshape(-1, x.shape[-1])
    if flat.size and not np.may_share_memory(flat, x):
        raise ValueError(f"out must be contiguous but for its last two axes, and has {x.strides=}")
    return flat
