"""ModernBERT (Warner et al. 2024): rotary positions, GeGLU, and windows in most layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from embedcli.attention import (
    Block,
    EncoderLayer,
    GatedFeedForward,
    LayerNorm,
    LengthMask,
    Memory,
    MultiHeadAttention,
    Norm,
    RotaryEmbedding,
    window_mask,
)
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.families.layer_stack import FULL, SLIDING, LayerStack, layer_types
from embedcli.families.parts import Config, layer_norm, linear, look_up, root_of, split
from embedcli.families.rope import rotary_embedding

FULL_EVERY = "global_attn_every_n_layers"
"""What older files have in the place of ``layer_types``."""


@dataclass(frozen=True, slots=True)
class ModernBert:
    """Embeddings of words (V, D) and their norm, then the layers."""

    words: FloatArray
    norm: Norm
    layers: LayerStack

    @property
    def width(self) -> int:
        """D."""
        return int(self.words.shape[1])

    def __call__(self, ids: IntArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        x = look_up(self.words, ids, memory)
        return self.layers(self.norm(x, out=x), blocks, memory)


def load(values: Mapping[str, Any], weights: Weights) -> ModernBert:
    """Build the model from config.json and a checkpoint, with or without the ``model.`` prefix."""
    config = Config(values)
    root = root_of(weights, "model", "embeddings.tok_embeddings.weight")
    types = layer_types(config, lambda index: index % config.integer(FULL_EVERY) > 0)
    reach = config.integer("local_attention") // 2
    width = config.integer("hidden_size")
    head_width = width // config.heads("num_attention_heads", width)
    rotary = {
        FULL: rotary_embedding(config, head_width, "global_rope_theta", FULL),
        SLIDING: rotary_embedding(config, head_width, "local_rope_theta", SLIDING),
    }
    masks: dict[str, LengthMask | None] = {
        FULL: None,
        SLIDING: partial(window_mask, before=reach, after=reach),
    }
    layers = [
        _layer(config, weights, f"{root}layers.{index}", rotary[kind])
        for index, kind in enumerate(types)
    ]
    words = (config.integer("vocab_size"), width)
    last = _norm(config, weights, f"{root}final_norm")
    return ModernBert(
        words=weights.take(f"{root}embeddings.tok_embeddings.weight", words),
        norm=_norm(config, weights, f"{root}embeddings.norm"),
        layers=LayerStack(layers, [masks[kind] for kind in types], last),
    )


def _layer(config: Config, weights: Weights, name: str, rotary: RotaryEmbedding) -> EncoderLayer:
    # The first layer's input comes from the norm of the embeddings, and is not normalised again.
    first = name.endswith("layers.0")
    return EncoderLayer(
        attention=_attention(config, weights, f"{name}.attn", rotary),
        attention_norm=_unchanged if first else _norm(config, weights, f"{name}.attn_norm"),
        feed_forward=_feed_forward(config, weights, f"{name}.mlp"),
        feed_forward_norm=_norm(config, weights, f"{name}.mlp_norm"),
        norm_first=True,
    )


def _attention(
    config: Config, weights: Weights, name: str, rotary: RotaryEmbedding
) -> MultiHeadAttention:
    width, bias = config.integer("hidden_size"), config.flag("attention_bias")
    heads = config.heads("num_attention_heads", width)
    config.require("head_dim", width // heads)
    query, key, value = split(linear(weights, f"{name}.Wqkv", 3 * width, width, bias=bias), 3)
    output = linear(weights, f"{name}.Wo", width, width, bias=bias)
    return MultiHeadAttention(query, key, value, output, heads, rotary=rotary)


def _feed_forward(config: Config, weights: Weights, name: str) -> GatedFeedForward:
    width, inner = config.integer("hidden_size"), config.integer("intermediate_size")
    bias = config.flag("mlp_bias")
    gate, value = split(linear(weights, f"{name}.Wi", 2 * inner, width, bias=bias), 2)
    outer = linear(weights, f"{name}.Wo", width, inner, bias=bias)
    return GatedFeedForward(gate, value, outer, config.activation("hidden_activation"))


def _norm(config: Config, weights: Weights, name: str) -> LayerNorm:
    width, eps = config.integer("hidden_size"), config.number("norm_eps")
    return layer_norm(weights, name, width, eps, bias=config.flag("norm_bias"))


def _unchanged(x: FloatArray, out: FloatArray | None = None) -> FloatArray:  # noqa: ARG001
    return x
