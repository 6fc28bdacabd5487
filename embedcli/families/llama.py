"""Llama (Touvron et al. 2023), and what differs from it in a few places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embedcli.attention import EncoderLayer, LengthMask, RMSNorm, causal_mask
from embedcli.checkpoints.safetensors import Weights
from embedcli.families.decoder_only import (
    DecoderOnly,
    HeadShape,
    attention,
    head_shape,
    refuse_other_directions,
    word_table,
)
from embedcli.families.layer_stack import LayerStack
from embedcli.families.parts import Config, gated_feed_forward, rms_norm, root_of
from embedcli.families.rope import rotary_embedding


@dataclass(frozen=True, slots=True)
class LlamaKind:
    """Where the families that follow Llama differ.

    Attributes:
        heads: how many and how wide.
        masks: what each layer may see.
        attention_bias: whether the projections of the attention have biases.
        mlp_bias: whether those of the feed-forward network do.
        head_norms: whether each head of queries and keys is normalised.
    """

    heads: HeadShape
    masks: Sequence[LengthMask | None]
    attention_bias: bool = False
    mlp_bias: bool = False
    head_norms: bool = False


def load(values: Mapping[str, Any], weights: Weights) -> DecoderOnly:
    """Build the model from config.json and a checkpoint, with or without ``model.``."""
    config = Config(values)
    kind = LlamaKind(
        heads=head_shape(config, config.optional_integer("head_dim")),
        masks=[causal_mask] * config.integer("num_hidden_layers"),
        attention_bias=config.flag("attention_bias"),
        mlp_bias=config.flag("mlp_bias"),
    )
    return load_kind(config, weights, kind)


def load_kind(config: Config, weights: Weights, kind: LlamaKind) -> DecoderOnly:
    """Build a model that is Llama but for ``kind``."""
    refuse_other_directions(config)
    root = root_of(weights, "model", "embed_tokens.weight")
    layers = [
        _layer(config, weights, f"{root}layers.{index}", kind) for index in range(len(kind.masks))
    ]
    return DecoderOnly(
        words=word_table(config, weights, root),
        scale=1.0,
        layers=LayerStack(layers, kind.masks, _norm(config, weights, f"{root}norm")),
    )


def _layer(config: Config, weights: Weights, name: str, kind: LlamaKind) -> EncoderLayer:
    rotary = rotary_embedding(config, kind.heads.width)
    norms: list[RMSNorm | None] = [None, None]
    if kind.head_norms:
        width, eps = kind.heads.width, config.number("rms_norm_eps")
        norms = [rms_norm(weights, f"{name}.self_attn.{x}_norm", width, eps) for x in "qk"]
    return EncoderLayer(
        attention=attention(
            config,
            weights,
            f"{name}.self_attn",
            rotary,
            heads=kind.heads,
            bias=kind.attention_bias,
            norms=norms,
        ),
        attention_norm=_norm(config, weights, f"{name}.input_layernorm"),
        feed_forward=gated_feed_forward(
            config, weights, f"{name}.mlp", "hidden_act", bias=kind.mlp_bias
        ),
        feed_forward_norm=_norm(config, weights, f"{name}.post_attention_layernorm"),
        norm_first=True,
    )


def _norm(config: Config, weights: Weights, name: str) -> RMSNorm:
    return rms_norm(weights, name, config.integer("hidden_size"), config.number("rms_norm_eps"))
