"""Softmax: scores into weights that are positive and sum to one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from embedcli.attention.arrays import floats
from embedcli.attention.memory import Array


def softmax(scores: npt.ArrayLike, axis: int = -1, out: Array | None = None) -> Array:
    """exp(scores) / sum(exp(scores)) along an axis.

    The maximum is taken off first: the quotient is the same, and no exponential overflows, however
    large the scores are. A row of nothing but -inf (every key masked) has no weights: it gives 0.

    Args:
        scores: (..., K) of any shape.
        axis: the axis that sums to one.
        out: where to write; may be ``scores``.

    Returns:
        Weights of the same shape.
    """
    scores = floats(scores)
    highest = scores.max(axis=axis, keepdims=True, initial=-np.inf)
    highest = np.where(np.isneginf(highest), 0, highest)
    # A difference that overflows is -inf, and its weight is 0, as it should be.
    with np.errstate(over="ignore"):
        weights: Array = np.subtract(scores, highest, out=out)
    np.exp(weights, out=weights)
    total = weights.sum(axis=axis, keepdims=True)
    weights /= np.where(total == 0, 1, total)
    return weights
