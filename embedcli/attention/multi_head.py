"""Multi-head attention (Vaswani et al. 2017, section 3.2.2).

Keys and values may have fewer heads than queries: grouped-query attention (Ainslie et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embedcli.attention.arrays import floats
from embedcli.attention.dot_product import scaled_dot_product_attention
from embedcli.attention.linear import Linear
from embedcli.attention.memory import Array, Memory
from embedcli.attention.normalization import Norm
from embedcli.attention.rotary import RotaryEmbedding

Mask = npt.NDArray[np.generic]
"""Broadcast to (..., H, Q, K); see ``scaled_dot_product_attention``."""

SEVERAL_KEYS = 24
"""Tokens from which on a text's keys are better laid feature by feature."""

LengthMask = Callable[[int], Mask | None]
"""The mask of texts of T tokens, a relative position bias say: T -> (H, T, T), or None."""


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
    mask: Mask | None = None,
    *,
    scale: float | None = None,
    out: Array | None = None,
    memory: Memory | None = None,
) -> Array:
    """Attention in ``num_heads`` slices of the width, side by side, without projections.

    Args:
        query: (..., Q, D).
        key: (..., K, D), or (..., K, D / n): then n neighbouring heads of queries share a key head.
        value: (..., K, D), or as narrow as the key.
        num_heads: H, a divisor of D.
        mask: broadcast to (..., H, Q, K), see ``scaled_dot_product_attention``.
        scale: factor of the scores, 1 / sqrt(D / H) unless given.
        out: where to write, (..., Q, D).
        memory: scratch for the scores.

    Returns:
        (..., Q, D).

    Raises:
        ValueError: when H does not divide D, n does not divide H, or the shapes do not fit.
    """
    query, key, value = floats(query), floats(key), floats(value)
    _check_widths(query, key, value, num_heads)
    if out is None:
        batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
        result = np.empty((*batch, *query.shape[-2:]), np.result_type(query, key, value))
    else:
        result = out
    shared = query.shape[-1] // key.shape[-1]
    groups = num_heads // shared
    scaled_dot_product_attention(
        _split_heads(query, groups, shared),
        _split_heads(key, groups),
        _split_heads(value, groups),
        _split_mask(mask, groups, shared),
        scale=scale,
        out=_split_heads(result, groups, shared),
        memory=memory,
    )
    return result


def _check_widths(query: Array, key: Array, value: Array, num_heads: int) -> None:
    shapes = query.shape, key.shape, value.shape
    fit = min(map(len, shapes)) >= 2 and key.shape[-1] == value.shape[-1] > 0
    if not fit or query.shape[-1] % key.shape[-1]:
        raise ValueError(
            f"expected query (..., Q, D), key (..., K, D) and value (..., K, D), "
            f"got {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
    if num_heads < 1 or query.shape[-1] % num_heads:
        raise ValueError(f"num_heads must divide the width {query.shape[-1]}, and is {num_heads}")
    if num_heads % (query.shape[-1] // key.shape[-1]):
        raise ValueError(f"{num_heads} heads of {shapes[0]} cannot share heads of {shapes[1]}")


def _split_heads(x: Array, groups: int, shared: int = 1) -> Array:
    """(..., T, D) -> (..., groups, shared, T, d), a view."""
    heads = x.reshape(*x.shape[:-1], groups, shared, x.shape[-1] // (groups * shared))
    return heads.swapaxes(-4, -3).swapaxes(-3, -2)


def _split_mask(mask: Mask | None, groups: int, shared: int) -> Mask | None:
    """(..., H or 1, Q, K) -> (..., groups or 1, shared or 1, Q, K), a view."""
    if mask is None or mask.ndim < 3:
        return mask
    heads = (1, 1) if mask.shape[-3] == 1 else (groups, shared)
    return mask.reshape(*mask.shape[:-3], *heads, *mask.shape[-2:])


@dataclass(frozen=True, slots=True)
class MultiHeadAttention:
    """Multi-head attention between learned projections.

    Attributes:
        query: D -> H d.
        key: D -> G d; fewer heads G than H are shared by the queries.
        value: D -> G d.
        output: H d -> D.
        num_heads: H.
        scale: factor of the scores, 1 / sqrt(d) unless given.
        query_norm: over each head of the queries (d,).
        key_norm: over each head of the keys (d,).
        rotary: turns the heads of queries and keys by their positions.
    """

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    num_heads: int
    scale: float | None = None
    query_norm: Norm | None = None
    key_norm: Norm | None = None
    rotary: RotaryEmbedding | None = None

    def __call__(
        self,
        x: Array,
        context: Array | None = None,
        mask: Mask | LengthMask | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """Attend from x to the context, or from x to itself.

        Args:
            x: (..., Q, D), or a packed batch (T, D) with its blocks.
            context: (..., K, D) that keys and values are made of; x unless given.
            mask: see ``multi_head_attention``; a function of the length gives the texts of a
                packed batch masks of their own.
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
        k = self._keys(seen, blocks or (), memory)
        v = self._project("v", self.value, seen, memory)
        self._prepare(q, k, blocks, memory)
        mixed = memory.array("mixed", q.shape, x.dtype)
        if blocks is None:
            whole = mask(x.shape[-2]) if callable(mask) else mask
            multi_head_attention(
                q, k, v, self.num_heads, whole, scale=self.scale, out=mixed, memory=memory
            )
        for block in blocks or ():
            multi_head_attention(
                block.of(q), block.of(k), block.of(v), self.num_heads,
                mask(block.length) if callable(mask) else mask,
                scale=self.scale, out=block.of(mixed), memory=memory,
            )  # fmt: skip
        return self._project("attended", self.output, mixed, memory)

    def _keys(self, seen: Array, blocks: Sequence[Block], memory: Memory) -> Array:
        """(..., K, D) -> (..., K, G d)."""
        longest = max((block.length for block in blocks), default=0)
        if longest < SEVERAL_KEYS or self.key_norm is not None or self.rotary is not None:
            return self._project("k", self.key, seen, memory)
        # Feature by feature: a product with queries then takes the keys as they lie. The projection
        # writes them so for nothing; behind a norm or a rotation they would have to be copied.
        shape = (len(seen), self.key.weight.shape[0])
        return self.key(seen, memory.columns("k", shape, seen.dtype), memory=memory)

    def _prepare(self, q: Array, k: Array, blocks: Sequence[Block] | None, memory: Memory) -> None:
        """Normalise and turn the heads of queries and keys (..., T, H d), in place."""
        width = self.query.weight.shape[0] // self.num_heads
        packed = None if self.rotary is None or blocks is None else positions_of(blocks)
        for x, norm in ((q, self.query_norm), (k, self.key_norm)):
            heads = x.reshape(*x.shape[:-1], x.shape[-1] // width, width)
            if norm is not None:
                norm(heads, out=heads)
            if self.rotary is not None:
                positions = np.arange(x.shape[-2]) if packed is None else packed
                self.rotary(heads, positions, memory)

    @staticmethod
    def _project(name: str, linear: Linear, x: Array, memory: Memory) -> Array:
        shape = (*x.shape[:-1], linear.weight.shape[0])
        return linear(x, memory.array(name, shape, x.dtype), memory=memory)


def positions_of(blocks: Sequence[Block]) -> npt.NDArray[np.int32]:
    """(T,) position of each token of a packed batch in its text, from 0."""
    ramps = [np.tile(np.arange(block.length, dtype=np.int32), block.count) for block in blocks]
    return np.concatenate(ramps)


def _check_blocks(x: Array, context: Array | None, blocks: Sequence[Block]) -> None:
    covered = sum(block.count * block.length for block in blocks)
    if context is not None or x.ndim != 2 or covered != len(x):
        raise ValueError(
            f"blocks cut a packed batch (T, D) that attends to itself: expected x of {covered} "
            f"rows and no context, got {x.shape} and {None if context is None else context.shape}"
        )
