"""Token states into one vector a text: mean, cls, max, last ... and l2 normalisation.

The formulas are those of sentence-transformers' Pooling and Normalize modules. Every pooling
takes the states of equally long texts, so there is no padding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from embedcli.attention import Block
from embedcli.documents import FloatArray

Pooling = Callable[[FloatArray, int], FloatArray]
"""(B, T, D) states and the first token that counts -> (B, D)."""


def mean(states: FloatArray, first: int) -> FloatArray:
    """The mean over tokens."""
    pooled: FloatArray = states[:, first:].mean(axis=1)
    return pooled


def cls(states: FloatArray, first: int) -> FloatArray:
    """The first token's state."""
    return states[:, first]


def maximum(states: FloatArray, first: int) -> FloatArray:
    """The largest value of each feature."""
    pooled: FloatArray = states[:, first:].max(axis=1)
    return pooled


def last(states: FloatArray, first: int) -> FloatArray:  # noqa: ARG001
    """The last token's state."""
    return states[:, -1]


def mean_sqrt_len(states: FloatArray, first: int) -> FloatArray:
    """The sum over tokens, divided by the root of their number."""
    kept = states[:, first:]
    pooled: FloatArray = kept.sum(axis=1) / np.float32(kept.shape[1] ** 0.5)
    return pooled


def weighted_mean(states: FloatArray, first: int) -> FloatArray:
    """The mean with weights 1, 2, ... T: later tokens count more (Muennighoff 2022, SGPT)."""
    weights = np.arange(first + 1, states.shape[1] + 1, dtype=np.float32)
    pooled: FloatArray = np.einsum("btd,t->bd", states[:, first:], weights / weights.sum())
    return pooled


POOLINGS: Mapping[str, Pooling] = {
    "mean": mean,
    "cls": cls,
    "max": maximum,
    "last": last,
    "mean-sqrt-len": mean_sqrt_len,
    "weighted-mean": weighted_mean,
}
"""What ``--pooling`` knows, by name."""


def pool(
    states: FloatArray, blocks: Sequence[Block], modes: Sequence[str], skip: int = 0
) -> FloatArray:
    """Pool a packed batch.

    Args:
        states: (T, D) token states.
        blocks: the texts in them.
        modes: names of poolings; several are concatenated in this order.
        skip: leading tokens of each text that are left out (a prompt that is not to be pooled).

    Returns:
        (B, D * len(modes)), texts in packed order.
    """
    pooled = []
    for block in blocks:
        if block.length == 0:
            # A text of static embeddings may have no token at all; the reference gives zeros.
            pooled.append(np.zeros((block.count, states.shape[-1] * len(modes)), states.dtype))
            continue
        texts, first = block.of(states), min(skip, block.length - 1)
        pooled.append(np.concatenate([POOLINGS[mode](texts, first) for mode in modes], axis=-1))
    return np.concatenate(pooled)


def normalize(vectors: FloatArray) -> FloatArray:
    """Scale each vector to length one: (..., D) -> (..., D). A zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    normalized: FloatArray = vectors / np.maximum(lengths, np.float32(1e-12))
    return normalized
