"""The encoder of T5 (Raffel et al. 2020): relative position bias, RMS norms, unscaled scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedcli.attention import (
    Block,
    Encoder,
    EncoderLayer,
    FeedForward,
    GatedFeedForward,
    Memory,
    MultiHeadAttention,
    RMSNorm,
)
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.errors import ModelError
from embedcli.families.parts import ACTIVATIONS, Config, linear, look_up, rms_norm
from embedcli.families.relative_bias import RelativeBias

WORDS = ("shared.weight", "encoder.embed_tokens.weight")
"""Names of the one table of words; some checkpoints have both."""

BEFORE = {"feed_forward_proj": "relu", "relative_attention_max_distance": 128}
"""What held for every T5 before config.json had keys for it: the first checkpoints lack them."""


@dataclass(frozen=True, slots=True)
class T5:
    """Embeddings of words (V, D), then an encoder of which all layers share a position bias."""

    words: FloatArray
    bias: RelativeBias
    encoder: Encoder

    @property
    def width(self) -> int:
        """D."""
        return int(self.words.shape[1])

    def __call__(self, ids: IntArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        x = look_up(self.words, ids, memory)
        return self.encoder(x, self.bias, blocks, memory)


def load(values: Mapping[str, Any], weights: Weights) -> T5:
    """Build the encoder from config.json and a checkpoint of the encoder or of the whole T5."""
    config = Config({**BEFORE, **values})
    config.require("is_decoder", False)
    heads = config.integer("num_heads")
    buckets = config.integer("relative_attention_num_buckets", least=4)
    table = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    bias = RelativeBias(
        weights.take(table, (buckets, heads)),
        config.integer("relative_attention_max_distance", least=buckets // 4 + 1),
    )
    words = (config.integer("vocab_size"), config.integer("d_model"))
    tables = [weights.take(name, words) for name in WORDS if weights.has(name)]
    if not tables:
        raise ModelError(f"no tensor {WORDS[0]!r} in the weights, nor {WORDS[1]!r}")
    layers = [
        _layer(config, weights, f"encoder.block.{index}.layer")
        for index in range(config.integer("num_layers"))
    ]
    last = _norm(config, weights, "encoder.final_layer_norm")
    return T5(words=tables[0], bias=bias, encoder=Encoder(layers, last))


def _layer(config: Config, weights: Weights, name: str) -> EncoderLayer:
    width, heads = config.integer("d_model"), config.integer("num_heads")
    inner = heads * config.integer("d_kv")
    query, key, value = (
        linear(weights, f"{name}.0.SelfAttention.{x}", inner, width, bias=False) for x in "qkv"
    )
    output = linear(weights, f"{name}.0.SelfAttention.o", width, inner, bias=False)
    return EncoderLayer(
        attention=MultiHeadAttention(query, key, value, output, heads, scale=1.0),
        attention_norm=_norm(config, weights, f"{name}.0.layer_norm"),
        feed_forward=_feed_forward(config, weights, f"{name}.1.DenseReluDense"),
        feed_forward_norm=_norm(config, weights, f"{name}.1.layer_norm"),
        norm_first=True,
    )


def _feed_forward(config: Config, weights: Weights, name: str) -> FeedForward | GatedFeedForward:
    width, inner = config.integer("d_model"), config.integer("d_ff")
    kind = config.text("feed_forward_proj")
    gated = kind.startswith("gated-")
    # T5 v1.1 means the approximation where its files say gelu, but only behind this one name.
    activation = "gelu_new" if kind == "gated-gelu" else kind.removeprefix("gated-")
    if activation not in ACTIVATIONS:
        raise ModelError(
            f"config.json: feed_forward_proj is {kind!r}, and the numpy engine knows "
            f"{', '.join(ACTIVATIONS)}, gated or not; use --engine torch"
        )
    outer = linear(weights, f"{name}.wo", width, inner, bias=False)
    if not gated:
        plain = linear(weights, f"{name}.wi", inner, width, bias=False)
        return FeedForward(plain, outer, ACTIVATIONS[activation])
    gate, value = (linear(weights, f"{name}.wi_{x}", inner, width, bias=False) for x in "01")
    return GatedFeedForward(gate, value, outer, ACTIVATIONS[activation])


def _norm(config: Config, weights: Weights, name: str) -> RMSNorm:
    return rms_norm(weights, name, config.integer("d_model"), config.number("layer_norm_epsilon"))
