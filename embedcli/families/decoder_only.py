"""What decoders without an encoder share: Llama's names, rotary positions, grouped queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedcli.attention import Block, Memory, MultiHeadAttention, Norm, RotaryEmbedding
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.errors import ModelError
from embedcli.families.layer_stack import LayerStack
from embedcli.families.parts import Config, linear, look_up


@dataclass(frozen=True, slots=True)
class DecoderOnly:
    """Embeddings of words (V, D), times a scale, then the layers."""

    words: FloatArray
    scale: float
    layers: LayerStack

    @property
    def width(self) -> int:
        """D."""
        return int(self.words.shape[1])

    def __call__(self, ids: IntArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        x = look_up(self.words, ids, memory)
        if self.scale != 1:
            x *= self.scale
        return self.layers(x, blocks, memory)


@dataclass(frozen=True, slots=True)
class HeadShape:
    """How many heads the queries have, how many the keys and values share, and their width."""

    queries: int
    keys: int
    width: int


def head_shape(config: Config, width: int | None = None) -> HeadShape:
    """The heads of a config; they cut up ``hidden_size`` unless their ``width`` is given.

    Raises:
        ModelError: when the queries' heads cannot share the keys'.
    """
    queries = config.integer("num_attention_heads")
    keys = config.optional_integer("num_key_value_heads", needed=True) or queries
    if queries % keys:
        raise ModelError(
            f"config.json: {queries} heads cannot share {keys} heads of keys and values evenly"
        )
    if width is None:
        size = config.integer("hidden_size")
        width = size // config.heads("num_attention_heads", size)
    return HeadShape(queries, keys, width)


def attention(
    config: Config,
    weights: Weights,
    name: str,
    rotary: RotaryEmbedding,
    *,
    heads: HeadShape,
    bias: bool,
    norms: Sequence[Norm | None],
    scale: float | None = None,
) -> MultiHeadAttention:
    """``name.q_proj``, ``k_proj``, ``v_proj`` and ``o_proj``; norms of the queries and keys."""
    width = config.integer("hidden_size")
    inner, shared = heads.queries * heads.width, heads.keys * heads.width
    return MultiHeadAttention(
        query=linear(weights, f"{name}.q_proj", inner, width, bias=bias),
        key=linear(weights, f"{name}.k_proj", shared, width, bias=bias),
        value=linear(weights, f"{name}.v_proj", shared, width, bias=bias),
        output=linear(weights, f"{name}.o_proj", width, inner, bias=bias),
        num_heads=heads.queries,
        scale=scale,
        query_norm=norms[0],
        key_norm=norms[1],
        rotary=rotary,
    )


def refuse_other_directions(config: Config) -> None:
    """Refuse a decoder that its config turns into an encoder."""
    config.require("is_causal", True)
    config.require("use_bidirectional_attention", False, None)


def word_table(config: Config, weights: Weights, root: str) -> FloatArray:
    """``embed_tokens.weight`` (V, D)."""
    shape = (config.integer("vocab_size"), config.integer("hidden_size"))
    return weights.take(f"{root}embed_tokens.weight", shape)
