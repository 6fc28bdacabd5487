"""The encoder (Vaswani et al. 2017, section 3.1): layers of self-attention and feed-forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from embedcli.attention.feed_forward import FeedForward, GatedFeedForward
from embedcli.attention.memory import Array, Memory
from embedcli.attention.multi_head import Block, LengthMask, Mask, MultiHeadAttention
from embedcli.attention.normalization import Norm


@dataclass(frozen=True, slots=True)
class EncoderLayer:
    """Self-attention, then feed-forward, each with a residual connection and a layer norm.

    Post-norm (the paper, BERT) normalises the sum; pre-norm (``norm_first``) what enters the
    sublayer.
    """

    attention: MultiHeadAttention
    attention_norm: Norm
    feed_forward: FeedForward | GatedFeedForward
    feed_forward_norm: Norm
    norm_first: bool = False

    def __call__(
        self,
        x: Array,
        mask: Mask | LengthMask | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """(..., T, D) -> (..., T, D); a packed batch (T, D) comes with its blocks."""
        memory = memory or Memory()
        if self.norm_first:
            normed = memory.array("normed", x.shape, x.dtype)
            normed = self.attention_norm(x, out=normed)
            attended = self.attention(normed, mask=mask, blocks=blocks, memory=memory)
            attended += x
            fed = self.feed_forward(self.feed_forward_norm(attended, out=normed), memory)
            fed += attended
            return fed
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
    final_norm: Norm | None = None

    def __call__(
        self,
        x: Array,
        mask: Mask | LengthMask | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """(..., T, D) -> (..., T, D); with a Memory, good until the Memory is used again.

        A mask that is a function of the length is called once a length; all layers share it.
        """
        memory = memory or Memory()
        if callable(mask):
            mask = cache(mask)
        for layer in self.layers:
            x = layer(x, mask, blocks, memory)
        return x if self.final_norm is None else self.final_norm(x)
