"""The encoder (Vaswani et al. 2017, section 3.1): layers of self-attention and feed-forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embedcli.attention.feed_forward import FeedForward
from embedcli.attention.memory import Array, Memory
from embedcli.attention.multi_head import Block, MultiHeadAttention
from embedcli.attention.normalization import LayerNorm


@dataclass(frozen=True, slots=True)
class EncoderLayer:
    """Self-attention, then feed-forward, each with a residual connection and a layer norm.

    Post-norm (the paper, BERT) normalises the sum; pre-norm (``norm_first``) what enters the
    sublayer.
    """

    attention: MultiHeadAttention
    attention_norm: LayerNorm
    feed_forward: FeedForward
    feed_forward_norm: LayerNorm
    norm_first: bool = False

    def __call__(
        self,
        x: Array,
        mask: npt.NDArray[np.generic] | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """(..., T, D) -> (..., T, D); a packed batch (T, D) comes with its blocks."""
        memory = memory or Memory()
        if self.norm_first:
            normed = self.attention_norm(x)
            x = x + self.attention(normed, mask=mask, blocks=blocks, memory=memory)
            return x + self.feed_forward(self.feed_forward_norm(x), memory)
        attended = self.attention(x, mask=mask, blocks=blocks, memory=memory)
        attended += x
        self.attention_norm(attended, out=attended)
        fed = self.feed_forward(attended, memory)
        fed += attended
        return self.feed_forward_norm(fed, out=fed)


@dataclass(frozen=True, slots=True)
class Encoder:
    """A stack of encoder layers; pre-norm stacks end with a norm of their own."""

    layers: Sequence[EncoderLayer]
    final_norm: LayerNorm | None = None

    def __call__(
        self,
        x: Array,
        mask: npt.NDArray[np.generic] | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """(..., T, D) -> (..., T, D); with a Memory, good until the Memory is used again."""
        memory = memory or Memory()
        for layer in self.layers:
            x = layer(x, mask, blocks, memory)
        return x if self.final_norm is None else self.final_norm(x)
