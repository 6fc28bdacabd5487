"""Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1, equation 1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from embedcli.attention.arrays import floats
from embedcli.attention.exponential import PER_UNIT, exponential
from embedcli.attention.memory import Array, Memory
from embedcli.attention.softmax import softmax

# Between these a sum of plain exponentials in float32 has neither overflowed nor lost a term
# that counts: the largest term is then within a factor K of the sum. Some heads of trained models
# do reach 1e33.
_SMALLEST_TOTAL, _LARGEST_TOTAL = 1e-25, 1e37

_SMALL_TOTAL = 1e10
"""Weights with a smaller sum may be multiplied by values up to 1e27 unseen."""

MOST_SCORES = 1 << 19
"""Scores that are computed at once (2 MiB): more would leave the cache, and a long text's would
not fit into memory at all."""

UNPACKED_PRODUCT = 10**6
"""Multiply-adds of a product that OpenBLAS does straight from its operands, on AVX-512; it copies
those of a larger one into panels first, which costs a sixth of so thin a product."""

FEWEST_QUERIES = 16
"""A product of fewer rows is not worth having straight."""


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
    stack = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    shape = (*stack, query.shape[-2], key.shape[-2])
    if mask is not None:
        mask = np.broadcast_to(mask, shape)
    if out is None:
        out = np.empty((*shape[:-1], value.shape[-1]), np.result_type(query, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    q, k, v = (np.broadcast_to(x, (*stack, *x.shape[-2:])) for x in (query, key, value))
    memory = memory or Memory()
    for part in _parts(shape, _most_queries(k)):
        batch, seen = part[:-1], None if mask is None else mask[part]
        _attend(q[part], k[batch], v[batch], seen, scale, out[part], memory)
    return out


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


def _attend(
    query: Array,
    key: Array,
    value: Array,
    mask: npt.NDArray[np.generic] | None,
    scale: float,
    out: Array,
    memory: Memory,
) -> None:
    scores = _scores(query, key, mask, scale, memory, PER_UNIT)
    # Scores of trained models are small, so exp without the maximum taken off is exact and saves
    # two passes; the sums tell when it was not, and then the shifted form is done instead.
    with np.errstate(over="ignore"):
        exponential(scores, out=scores)
        totals = _row_sums(scores)
    if not _hold(totals, value):
        weights = softmax(_scores(query, key, mask, scale, memory), out=scores)
        np.matmul(weights, value, out=out)
        return
    # Dividing the (Q, e) result is less work than dividing the (Q, K) weights.
    np.matmul(scores, value, out=out)
    out /= totals


def _hold(totals: Array, value: Array) -> bool:
    """Whether plain exponentials with these sums are right, and stay finite with these values."""
    lowest, highest = totals.min(initial=np.inf), totals.max(initial=0)
    if not (lowest > _SMALLEST_TOTAL and highest < _LARGEST_TOTAL):
        return False
    if highest < _SMALL_TOTAL:
        return True
    largest = max(value.max(initial=0), -value.min(initial=0))
    return bool(highest < _LARGEST_TOTAL / max(1.0, float(largest)))


def _most_queries(key: Array) -> int:
    """Queries that one product with all the keys (..., K, d) should have at most."""
    keys: int = max(1, key.shape[-2])
    width: int = max(1, key.shape[-1])
    most = max(1, MOST_SCORES // keys)
    straight = UNPACKED_PRODUCT // (keys * width)
    # Keys that lie row by row would have to be turned in any case.
    lie_by_feature = key.strides[-2] == key.itemsize
    return min(most, straight) if lie_by_feature and straight >= FEWEST_QUERIES else most


def _parts(shape: tuple[int, ...], most_queries: int) -> Iterator[tuple[slice, ...]]:
    """Cut scores (..., Q, K) into parts (..., Q) of at most MOST_SCORES, the queries evenly."""
    *batch, queries, keys = shape
    rows = max(1, math.ceil(queries / math.ceil(max(1, queries) / most_queries)))
    for matrices in _boxes(batch, MOST_SCORES // max(1, rows * keys)):
        for start in range(0, queries, rows):
            yield (*matrices, slice(start, start + rows))


def _boxes(shape: Sequence[int], most: int) -> Iterator[tuple[slice, ...]]:
    """Cut an array into runs of its first axes that hold at most ``most`` items, or one."""
    if not shape:
        yield ()
        return
    step = max(1, most // max(1, math.prod(shape[1:])))
    for start in range(0, shape[0], step):
        for rest in _boxes(shape[1:], most):
            yield (slice(start, start + step), *rest)


def _scores(
    query: Array,
    key: Array,
    mask: npt.NDArray[np.generic] | None,
    scale: float,
    memory: Memory,
    unit: float = 1.0,
) -> Array:
    """(..., Q, d), (..., K, d) -> (..., Q, K), scaled and masked, times ``unit``."""
    dtype = np.result_type(query, key)
    is_added = mask is not None and mask.dtype.kind == "f"
    if not is_added:
        scale *= unit
    if not math.isclose(scale, 1, rel_tol=1e-15):
        scaled = memory.array("scaled query", query.shape, dtype)
        query = np.multiply(query, dtype.type(scale), out=scaled)
    scores = memory.array("scores", (*query.shape[:-1], key.shape[-2]), dtype)
    np.matmul(query, key.swapaxes(-1, -2), out=scores)
    if mask is not None:
        _apply_mask(scores, mask)
    if is_added and unit != 1:
        with np.errstate(over="ignore"):
            scores *= unit
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
