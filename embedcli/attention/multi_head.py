"""Multi-head attention (Vaswani et al. 2017, section 3.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embedcli.attention.arrays import floats
from embedcli.attention.dot_product import scaled_dot_product_attention
from embedcli.attention.linear import Linear
from embedcli.attention.memory import Array, Memory


@dataclass(frozen=True, slots=True)
class Block:
    """Texts of one length that lie one after another in a packed batch (T, D)."""

    start: int
    count: int
    length: int

    def of(self, packed: Array) -> Array:
        """(T, D) -> (count, length, D), a view."""
        rows = packed[self.start : self.start + self.count * self.length]
        return rows.reshape(self.count, self.length, packed.shape[-1])


def multi_head_attention(
    query: npt.ArrayLike,
    key: npt.ArrayLike,
    value: npt.ArrayLike,
    num_heads: int = 8,
    mask: npt.NDArray[np.generic] | None = None,
    *,
    out: Array | None = None,
    memory: Memory | None = None,
) -> Array:
    """Attention in ``num_heads`` slices of the width, side by side, without projections.

    Args:
        query: (..., Q, D).
        key: (..., K, D).
        value: (..., K, D).
        num_heads: H, a divisor of D.
        mask: broadcast to (..., H, Q, K), see ``scaled_dot_product_attention``.
        out: where to write, (..., Q, D).
        memory: scratch for the scores.

    Returns:
        (..., Q, D).

    Raises:
        ValueError: when H does not divide D, or the shapes do not fit.
    """
    query, key, value = floats(query), floats(key), floats(value)
    _check_widths(query, key, value, num_heads)
    if out is None:
        batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
        result = np.empty((*batch, *query.shape[-2:]), np.result_type(query, key, value))
    else:
        result = out
    scaled_dot_product_attention(
        _split_heads(query, num_heads),
        _split_heads(key, num_heads),
        _split_heads(value, num_heads),
        mask,
        out=_split_heads(result, num_heads),
        memory=memory,
    )
    return result


def _check_widths(query: Array, key: Array, value: Array, num_heads: int) -> None:
    shapes = query.shape, key.shape, value.shape
    if min(map(len, shapes)) < 2 or len({shape[-1] for shape in shapes}) > 1:
        raise ValueError(
            f"expected query (..., Q, D), key (..., K, D) and value (..., K, D), "
            f"got {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
    if num_heads < 1 or query.shape[-1] % num_heads:
        raise ValueError(f"num_heads must divide the width {query.shape[-1]}, and is {num_heads}")


def _split_heads(x: Array, num_heads: int) -> Array:
    """(..., T, D) -> (..., H, T, D / H), a view."""
    return x.reshape(*x.shape[:-1], num_heads, x.shape[-1] // num_heads).swapaxes(-2, -3)


@dataclass(frozen=True, slots=True)
class MultiHeadAttention:
    """Multi-head attention between learned projections."""

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    num_heads: int

    def __call__(
        self,
        x: Array,
        context: Array | None = None,
        mask: npt.NDArray[np.generic] | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """Attend from x to the context, or from x to itself.

        Args:
            x: (..., Q, D), or a packed batch (T, D) with its blocks.
            context: (..., K, D) that keys and values are made of; x unless given.
            mask: see ``multi_head_attention``.
            blocks: the texts of a packed batch; each text attends to itself alone.
            memory: scratch.

        Returns:
            The shape of x.

        Raises:
            ValueError: when the shapes do not fit, or the blocks do not cover the packed batch.
        """
        memory = memory or Memory()
        if blocks is not None:
            _check_blocks(x, context, blocks)
        seen = x if context is None else context
        q = self._project("q", self.query, x, memory)
        k = self._project("k", self.key, seen, memory)
        v = self._project("v", self.value, seen, memory)
        mixed = memory.array("mixed", q.shape, x.dtype)
        if blocks is None:
            multi_head_attention(q, k, v, self.num_heads, mask, out=mixed, memory=memory)
        for block in blocks or ():
            multi_head_attention(
                block.of(q), block.of(k), block.of(v), self.num_heads, mask,
                out=block.of(mixed), memory=memory,
            )  # fmt: skip
        return self._project("attended", self.output, mixed, memory)

    @staticmethod
    def _project(name: str, linear: Linear, x: Array, memory: Memory) -> Array:
        shape = (*x.shape[:-1], linear.weight.shape[0])
        return linear(x, memory.array(name, shape, x.dtype), memory=memory)


def _check_blocks(x: Array, context: Array | None, blocks: Sequence[Block]) -> None:
    covered = sum(block.count * block.length for block in blocks)
    if context is not None or x.ndim != 2 or covered != len(x):
        raise ValueError(
            f"blocks cut a packed batch (T, D) that attends to itself: expected x of {covered} "
            f"rows and no context, got {x.shape} and {None if context is None else context.shape}"
        )
