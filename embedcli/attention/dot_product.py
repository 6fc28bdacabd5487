"""Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1, equation 1)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from embedcli.attention.arrays import floats
from embedcli.attention.memory import Array, Memory
from embedcli.attention.softmax import softmax

# Between these a sum of plain exponentials in float32 has neither overflowed nor lost a term
# that counts: the largest term is then within a factor K of the sum.
_SMALLEST_TOTAL, _LARGEST_TOTAL = 1e-25, 1e25


def scaled_dot_product_attention(
    query: npt.ArrayLike,
    key: npt.ArrayLike,
    value: npt.ArrayLike,
    mask: npt.NDArray[np.generic] | None = None,
    *,
    scale: float | None = None,
    out: Array | None = None,
    memory: Memory | None = None,
) -> Array:
    """softmax(query @ key.T * scale) @ value: each query's weighted mean of the values.

    Args:
        query: (..., Q, d).
        key: (..., K, d).
        value: (..., K, e).
        mask: broadcast to (..., Q, K); booleans are True where a query may see a key, numbers are
            added to the scaled scores (a relative position bias, say).
        scale: factor of the scores, 1 / sqrt(d) unless given.
        out: where to write, (..., Q, e), any strides.
        memory: scratch for the scores.

    Returns:
        (..., Q, e). A query that may see no key gets zeros.

    Raises:
        ValueError: when the shapes do not fit, or a mask is of integers.
    """
    query, key, value = floats(query), floats(key), floats(value)
    _check_shapes(query, key, value)
    memory = memory or Memory()
    scores = _scores(query, key, mask, scale, memory)
    # Scores of trained models are small, so exp without the maximum taken off is exact and saves
    # two passes; the sums tell when it was not, and then the shifted form is done instead.
    with np.errstate(over="ignore"):
        np.exp(scores, out=scores)
        totals = _row_sums(scores)
    if totals.size and not (totals.min() > _SMALLEST_TOTAL and totals.max() < _LARGEST_TOTAL):
        return np.matmul(softmax(_scores(query, key, mask, scale, memory), out=scores), value, out)
    # Dividing the (Q, e) result is less work than dividing the (Q, K) weights.
    mixed: Array = np.matmul(scores, value, out=out)
    mixed /= totals
    return mixed


def self_attention(query: npt.ArrayLike, key: npt.ArrayLike, value: npt.ArrayLike) -> Array:
    """The tutorial's call: (Q, d), (K, d), (K, e) -> (Q, e)."""
    return scaled_dot_product_attention(query, key, value)


def _check_shapes(query: Array, key: Array, value: Array) -> None:
    fit = min(query.ndim, key.ndim, value.ndim) >= 2
    if not fit or query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(
            f"expected query (..., Q, d), key (..., K, d) and value (..., K, e), "
            f"got {query.shape}, {key.shape} and {value.shape}"
        )


def _scores(
    query: Array,
    key: Array,
    mask: npt.NDArray[np.generic] | None,
    scale: float | None,
    memory: Memory,
) -> Array:
    """(..., Q, d), (..., K, d) -> (..., Q, K), scaled and masked."""
    width = query.shape[-1]
    dtype = np.result_type(query, key)
    factor = dtype.type(1 / math.sqrt(width) if scale is None else scale)
    scaled = np.multiply(query, factor, out=memory.array("scaled query", query.shape, dtype))
    batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2])
    scores = memory.array("scores", (*batch, query.shape[-2], key.shape[-2]), dtype)
    np.matmul(scaled, key.swapaxes(-1, -2), out=scores)
    if mask is not None:
        _apply_mask(scores, mask)
    return scores


def _apply_mask(scores: Array, mask: npt.NDArray[np.generic]) -> None:
    if mask.dtype.kind not in "bf":
        raise ValueError(
            f"expected a mask of booleans (True: may see) or floats (added), got {mask.dtype}"
        )
    if mask.dtype == np.bool_:
        np.copyto(scores, -np.inf, where=np.logical_not(mask))
        return
    with np.errstate(over="ignore"):
        np.add(scores, mask, out=scores, casting="same_kind")


def _row_sums(weights: Array) -> Array:
    """(..., K) -> (..., 1), as one product with a vector of ones: quicker than a reduction."""
    keys = weights.shape[-1]
    flat = weights.reshape(math.prod(weights.shape[:-1]), keys)
    totals: Array = flat @ np.ones(keys, weights.dtype)
    return totals.reshape(*weights.shape[:-1], 1)
