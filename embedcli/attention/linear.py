"""A linear layer: y = x @ weight.T + bias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embedcli.attention.arrays import rows
from embedcli.attention.memory import Array, Memory, tiles

Activation = Callable[[Array, Memory], None]
"""A function that works in place on a tile: (R, F) -> None."""


@dataclass(frozen=True, slots=True)
class Linear:
    """weight (out, in) as checkpoints store it, bias (out,) or None."""

    weight: Array
    bias: Array | None = None

    def __call__(
        self,
        x: Array,
        out: Array | None = None,
        activation: Activation | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """(..., in) -> (..., out).

        Bias and activation pass over the product tile by tile, while the tile is in cache.
        ``out`` must be contiguous but for its last two axes.

        Raises:
            ValueError: when x is of another width, or ``out`` does not fit.
        """
        if x.shape[-1] != self.weight.shape[1]:
            raise ValueError(f"expected width {self.weight.shape[1]}, got x of shape {x.shape}")
        product: Array = np.matmul(x, self.weight.T, out=out)
        if self.bias is None and activation is None:
            return product
        memory = memory or Memory()
        flat = rows(product)
        for tile in tiles(*flat.shape):
            if self.bias is not None:
                flat[tile] += self.bias
            if activation is not None:
                activation(flat[tile], memory)
        return product
