"""What BERT and its relatives share: learned positions, then post-norm encoder layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embedcli.attention import (
    Activation,
    Block,
    Encoder,
    EncoderLayer,
    FeedForward,
    LayerNorm,
    LengthMask,
    Linear,
    Memory,
    MultiHeadAttention,
    folded,
    positions_of,
)
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.families.parts import Config, layer_norm, linear, look_up


@dataclass(frozen=True, slots=True)
class BertLike:
    """Embeddings, their norm, a projection where they are narrower than the layers, the encoder.

    Attributes:
        words: (V, E).
        positions: (P, E), the first segment's embedding added where there are segments.
        norm: of the sum of the two.
        encoder: of width D.
        projection: E -> D, or None where they are the same.
        bias: added to the scores of every layer, or None.
        padding: the id whose row of ``positions`` all padding has; the others count on from
            there. None where positions count from 0.
    """

    words: FloatArray
    positions: FloatArray
    norm: LayerNorm
    encoder: Encoder
    projection: Linear | None = None
    bias: LengthMask | None = None
    padding: int | None = None

    @property
    def width(self) -> int:
        """D."""
        return int((self.words if self.projection is None else self.projection.weight.T).shape[1])

    def __call__(self, ids: IntArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        x = look_up(self.words, ids, memory)
        positions = positions_of(blocks)
        if self.padding is not None:
            positions = positions_after_padding(ids, positions, self.padding)
        x += self.positions[positions]
        self.norm(x, out=x)
        if self.projection is not None:
            x = self.projection(x, memory.array("projected", (len(ids), self.width)), memory=memory)
        return self.encoder(x, self.bias, blocks, memory)


def positions_after_padding(ids: IntArray, positions: IntArray, padding: int) -> IntArray:
    """Positions that start at ``padding + 1`` and pass over a padding token in a text.

    Args:
        ids: (T,) of a packed batch.
        positions: (T,) from 0 in each text.
        padding: the padding token, and the position that it has itself.
    """
    counts = ids != padding
    if counts.all():
        return positions + np.int32(padding + 1)
    counted = np.cumsum(counts, dtype=np.int32)
    first = np.arange(len(ids)) - positions
    before = counted[first] - counts[first]
    passed: IntArray = (counted - before) * counts + np.int32(padding)
    return passed


@dataclass(frozen=True, slots=True)
class LayerNames:
    """What a family calls the parts of a layer in its checkpoints."""

    query: str
    key: str
    value: str
    attended: str
    attention_norm: str
    inner: str
    outer: str
    norm: str


BERT_NAMES = LayerNames(
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    attended="attention.output.dense",
    attention_norm="attention.output.LayerNorm",
    inner="intermediate.dense",
    outer="output.dense",
    norm="output.LayerNorm",
)


@dataclass(frozen=True, slots=True)
class LayerSizes:
    """What config.json says of every layer."""

    width: int
    inner: int
    heads: int
    eps: float
    activation: Activation


def layer_sizes(config: Config) -> LayerSizes:
    """The sizes by BERT's keys."""
    width = config.integer("hidden_size")
    return LayerSizes(
        width=width,
        inner=config.integer("intermediate_size"),
        heads=config.heads("num_attention_heads", width),
        eps=config.number("layer_norm_eps"),
        activation=config.activation("hidden_act"),
    )


def encoder_layer(
    weights: Weights, name: str, names: LayerNames, sizes: LayerSizes
) -> EncoderLayer:
    """The post-norm layer whose tensors start with ``name.``."""
    width, inner = sizes.width, sizes.inner

    def dense(part: str, width_out: int, width_in: int) -> Linear:
        return linear(weights, f"{name}.{part}", width_out, width_in)

    attention = MultiHeadAttention(
        query=dense(names.query, width, width),
        key=dense(names.key, width, width),
        value=dense(names.value, width, width),
        output=dense(names.attended, width, width),
        num_heads=sizes.heads,
    )
    return EncoderLayer(
        attention=folded(attention),
        attention_norm=layer_norm(weights, f"{name}.{names.attention_norm}", width, sizes.eps),
        feed_forward=FeedForward(
            inner=dense(names.inner, inner, width),
            outer=dense(names.outer, width, inner),
            activation=sizes.activation,
        ),
        feed_forward_norm=layer_norm(weights, f"{name}.{names.norm}", width, sizes.eps),
    )


def embedding_tables(
    config: Config, weights: Weights, root: str, width: int, *, segments: bool
) -> tuple[FloatArray, FloatArray]:
    """Words (V, E) and positions (P, E), the first segment's embedding added to the latter."""
    tables = f"{root}embeddings"

    def table(name: str, size: str) -> FloatArray:
        return weights.take(f"{tables}.{name}.weight", (config.integer(size), width))

    words = table("word_embeddings", "vocab_size")
    positions = table("position_embeddings", "max_position_embeddings")
    if segments:
        positions = positions + table("token_type_embeddings", "type_vocab_size")[0]
    return words, positions


def refuse_what_bert_is_not(config: Config) -> None:
    """Settings of BERT's relatives that change the arithmetic.

    Raises:
        ModelError: naming the first that is set.
    """
    config.require("position_embedding_type", "absolute")
    config.require("is_decoder", False)
    config.require("add_cross_attention", False)
    config.require("pruned_heads", {})
