"""Gemma 3 (2025) without images, and EmbeddingGemma, where all tokens see each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from embedcli.attention import (
    Block,
    GatedFeedForward,
    LengthMask,
    Mask,
    Memory,
    MultiHeadAttention,
    Norm,
    RMSNorm,
    RotaryEmbedding,
    causal_mask,
    window_mask,
)
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray
from embedcli.families.decoder_only import DecoderOnly, attention, head_shape, word_table
from embedcli.families.layer_stack import FULL, SLIDING, LayerStack, layer_types
from embedcli.families.parts import Config, gated_feed_forward, root_of
from embedcli.families.rope import rotary_embedding

FULL_EVERY = "sliding_window_pattern"
"""What older files have in the place of ``layer_types``."""


@dataclass(frozen=True, slots=True)
class SandwichLayer:
    """An encoder layer with a norm before each sublayer and another one behind it."""

    attention: MultiHeadAttention
    feed_forward: GatedFeedForward
    norms: tuple[Norm, Norm, Norm, Norm]

    def __call__(
        self,
        x: FloatArray,
        mask: Mask | LengthMask | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> FloatArray:
        """(T, D) -> (T, D), good until the memory is used again."""
        before_attention, after_attention, before_feed_forward, after_feed_forward = self.norms
        attended = self.attention(before_attention(x), mask=mask, blocks=blocks, memory=memory)
        attended = after_attention(attended, out=attended)
        attended += x
        fed = self.feed_forward(before_feed_forward(attended), memory)
        fed = after_feed_forward(fed, out=fed)
        fed += attended
        return fed


def load(values: Mapping[str, Any], weights: Weights) -> DecoderOnly:
    """Build the model from config.json and a checkpoint, with or without ``model.``."""
    config = Config(values)
    config.require("is_causal", True)
    config.require("attn_logit_softcapping", None)
    root = root_of(weights, "model", "embed_tokens.weight")
    types = layer_types(config, lambda index: (index + 1) % config.integer(FULL_EVERY) > 0)
    masks = _masks(config, types)
    head_width = config.integer("head_dim")
    rotary = {
        FULL: rotary_embedding(config, head_width, "rope_theta", FULL),
        SLIDING: rotary_embedding(config, head_width, "rope_local_base_freq", SLIDING),
    }
    layers = [
        _layer(config, weights, f"{root}layers.{index}", rotary[kind])
        for index, kind in enumerate(types)
    ]
    width = config.integer("hidden_size")
    last = _norm(config, weights, f"{root}norm", width)
    return DecoderOnly(
        words=word_table(config, weights, root),
        scale=float(np.float32(math.sqrt(width))),
        layers=LayerStack(layers, [masks[kind] for kind in types], last),
    )


def _masks(config: Config, types: Sequence[str]) -> dict[str, LengthMask | None]:
    """What layers of each type see."""
    both_ways = config.flag("use_bidirectional_attention")
    masks: dict[str, LengthMask | None] = {FULL: None if both_ways else causal_mask}
    if SLIDING in types:
        window = config.integer("sliding_window")
        # Both ways, the window is divided between what comes before and what comes after.
        reach = window // 2 if both_ways else window - 1
        masks[SLIDING] = partial(window_mask, before=reach, after=reach if both_ways else 0)
    return masks


def _layer(config: Config, weights: Weights, name: str, rotary: RotaryEmbedding) -> SandwichLayer:
    width, heads = config.integer("hidden_size"), head_shape(config, config.integer("head_dim"))
    before, behind, before_mlp, behind_mlp = (
        _norm(config, weights, f"{name}.{norm}_layernorm", width)
        for norm in ("input", "post_attention", "pre_feedforward", "post_feedforward")
    )
    return SandwichLayer(
        attention=attention(
            config,
            weights,
            f"{name}.self_attn",
            rotary,
            heads=heads,
            bias=config.flag("attention_bias"),
            norms=[_norm(config, weights, f"{name}.self_attn.{x}_norm", heads.width) for x in "qk"],
            scale=config.number("query_pre_attn_scalar") ** -0.5,
        ),
        feed_forward=gated_feed_forward(config, weights, f"{name}.mlp", "hidden_activation"),
        norms=(before, behind, before_mlp, behind_mlp),
    )


def _norm(config: Config, weights: Weights, name: str, width: int) -> RMSNorm:
    """The checkpoint holds what is added to a weight of one."""
    return RMSNorm(1 + weights.take(f"{name}.weight", (width,)), config.number("rms_norm_eps"))
