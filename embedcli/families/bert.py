"""BERT (Devlin et al. 2018): learned positions, post-norm encoder layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedcli.attention import (
    Block,
    Encoder,
    EncoderLayer,
    FeedForward,
    LayerNorm,
    Memory,
    MultiHeadAttention,
)
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.families.parts import Config, layer_norm, linear


@dataclass(frozen=True, slots=True)
class Bert:
    """Embeddings of words (V, D), positions (P, D) and the first segment (D,), then an encoder."""

    words: FloatArray
    positions: FloatArray
    segment: FloatArray
    norm: LayerNorm
    encoder: Encoder

    @property
    def width(self) -> int:
        """D."""
        return int(self.words.shape[1])

    def __call__(
        self, ids: IntArray, positions: IntArray, blocks: tuple[Block, ...], memory: Memory
    ) -> FloatArray:
        """(T,) -> (T, D); see ``families.TextEncoder``."""
        x = memory.array("embedded", (len(ids), self.width))
        self.words.take(ids, axis=0, out=x, mode="clip")
        x += self.positions[positions]
        x += self.segment
        self.norm(x, out=x)
        return self.encoder(x, blocks=blocks, memory=memory)


def load(values: Mapping[str, Any], weights: Weights) -> Bert:
    """Build the model from config.json and a checkpoint, with or without the ``bert.`` prefix."""
    config = Config(values)
    config.require("position_embedding_type", "absolute")
    config.require("is_decoder", False)
    width, eps = config.integer("hidden_size"), config.number("layer_norm_eps")
    root = "bert." if weights.has("bert.embeddings.word_embeddings.weight") else ""
    tables = f"{root}embeddings"

    def table(name: str, size: str) -> FloatArray:
        return weights.take(f"{tables}.{name}.weight", (config.integer(size), width))

    layers = [
        _layer(config, weights, f"{root}encoder.layer.{index}")
        for index in range(config.integer("num_hidden_layers"))
    ]
    return Bert(
        words=table("word_embeddings", "vocab_size"),
        positions=table("position_embeddings", "max_position_embeddings"),
        segment=table("token_type_embeddings", "type_vocab_size")[0],
        norm=layer_norm(weights, f"{tables}.LayerNorm", width, eps),
        encoder=Encoder(layers),
    )


def _layer(config: Config, weights: Weights, name: str) -> EncoderLayer:
    width, inner = config.integer("hidden_size"), config.integer("intermediate_size")
    eps = config.number("layer_norm_eps")
    attention = MultiHeadAttention(
        query=linear(weights, f"{name}.attention.self.query", width, width),
        key=linear(weights, f"{name}.attention.self.key", width, width),
        value=linear(weights, f"{name}.attention.self.value", width, width),
        output=linear(weights, f"{name}.attention.output.dense", width, width),
        num_heads=config.integer("num_attention_heads"),
    )
    feed_forward = FeedForward(
        inner=linear(weights, f"{name}.intermediate.dense", inner, width),
        outer=linear(weights, f"{name}.output.dense", width, inner),
        activation=config.activation("hidden_act"),
    )
    return EncoderLayer(
        attention=attention,
        attention_norm=layer_norm(weights, f"{name}.attention.output.LayerNorm", width, eps),
        feed_forward=feed_forward,
        feed_forward_norm=layer_norm(weights, f"{name}.output.LayerNorm", width, eps),
    )
