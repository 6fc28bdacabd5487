"""The position-wise feed-forward network (Vaswani et al. 2017, section 3.3), plain and gated."""

from __future__ import annotations

from dataclasses import dataclass

from embedcli.attention.linear import Activation, Linear
from embedcli.attention.memory import Array, Memory


@dataclass(frozen=True, slots=True)
class FeedForward:
    """outer(activation(inner(x))): D -> F -> D, each position on its own."""

    inner: Linear
    outer: Linear
    activation: Activation

    def __call__(self, x: Array, memory: Memory | None = None) -> Array:
        """(..., T, D) -> (..., T, D)."""
        memory = memory or Memory()
        shape = (*x.shape[:-1], self.inner.weight.shape[0])
        hidden = memory.array("hidden", shape, x.dtype)
        self.inner(x, hidden, self.activation, memory)
        return self.outer(hidden, memory.array("fed", x.shape, x.dtype), memory=memory)


@dataclass(frozen=True, slots=True)
class GatedFeedForward:
    """outer(activation(gate(x)) * inner(x)): GeGLU, SwiGLU ... by activation (Shazeer 2020)."""

    gate: Linear
    inner: Linear
    outer: Linear
    activation: Activation

    def __call__(self, x: Array, memory: Memory | None = None) -> Array:
        """(..., T, D) -> (..., T, D)."""
        memory = memory or Memory()
        shape = (*x.shape[:-1], self.inner.weight.shape[0])
        gates = memory.array("gates", shape, x.dtype)
        self.gate(x, gates, self.activation, memory)
        hidden = memory.array("hidden", shape, x.dtype)
        self.inner(x, hidden, memory=memory)
        hidden *= gates
        return self.outer(hidden, memory.array("fed", x.shape, x.dtype), memory=memory)
