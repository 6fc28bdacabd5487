"""The decoder (Vaswani et al. 2017, section 3.1): an encoder layer with cross-attention between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embedcli.attention.feed_forward import FeedForward
from embedcli.attention.masks import causal_mask
from embedcli.attention.memory import Array, Memory
from embedcli.attention.multi_head import MultiHeadAttention
from embedcli.attention.normalization import LayerNorm


@dataclass(frozen=True, slots=True)
class DecoderLayer:
    """Causal self-attention, cross-attention to the encoder's states, then feed-forward.

    Each has a residual connection and a layer norm: of the sum (post-norm, the paper), or of what
    enters the sublayer (``norm_first``).
    """

    self_attention: MultiHeadAttention
    self_attention_norm: LayerNorm
    cross_attention: MultiHeadAttention
    cross_attention_norm: LayerNorm
    feed_forward: FeedForward
    feed_forward_norm: LayerNorm
    norm_first: bool = False

    def __call__(
        self,
        x: Array,
        states: Array,
        mask: npt.NDArray[np.generic] | None = None,
        cross_mask: npt.NDArray[np.generic] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """Decode positions that see what came before them, and the whole source.

        Args:
            x: (..., T, D), the target so far.
            states: (..., S, D), what the encoder made of the source.
            mask: broadcast to (..., H, T, T); causal unless given.
            cross_mask: broadcast to (..., H, T, S); everything is seen unless given.
            memory: scratch.

        Returns:
            (..., T, D), a fresh array.
        """
        memory = memory or Memory()
        seen = causal_mask(x.shape[-2]) if mask is None else mask
        # Both attentions return the same scratch of the Memory, so each sum is a fresh array.
        if self.norm_first:
            x = x + self.self_attention(self.self_attention_norm(x), mask=seen, memory=memory)
            normed = self.cross_attention_norm(x)
            x = x + self.cross_attention(normed, states, cross_mask, memory=memory)
            return x + self.feed_forward(self.feed_forward_norm(x), memory)
        x = self.self_attention_norm(x + self.self_attention(x, mask=seen, memory=memory))
        crossed = self.cross_attention(x, states, cross_mask, memory=memory)
        x = self.cross_attention_norm(x + crossed)
        return self.feed_forward_norm(x + self.feed_forward(x, memory))


@dataclass(frozen=True, slots=True)
class Decoder:
    """A stack of decoder layers; pre-norm stacks end with a norm of their own."""

    layers: Sequence[DecoderLayer]
    final_norm: LayerNorm | None = None

    def __call__(
        self,
        x: Array,
        states: Array,
        mask: npt.NDArray[np.generic] | None = None,
        cross_mask: npt.NDArray[np.generic] | None = None,
        memory: Memory | None = None,
    ) -> Array:
        """(..., T, D), (..., S, D) -> (..., T, D); the arguments are those of ``DecoderLayer``."""
        memory = memory or Memory()
        for layer in self.layers:
            x = layer(x, states, mask, cross_mask, memory)
        return x if self.final_norm is None else self.final_norm(x)
