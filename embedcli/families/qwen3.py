"""Qwen3 (Yang et al. 2025), and Qwen3-Embedding: Llama with norms of the queries and keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from embedcli.attention import LengthMask, causal_mask, window_mask
from embedcli.checkpoints.safetensors import Weights
from embedcli.families.decoder_only import DecoderOnly, head_shape
from embedcli.families.layer_stack import FULL, SLIDING, layer_types
from embedcli.families.llama import LlamaKind, load_kind
from embedcli.families.parts import Config


def load(values: Mapping[str, Any], weights: Weights) -> DecoderOnly:
    """Build the model from config.json and a checkpoint, with or without ``model.``."""
    config = Config(values)
    slides = config.flag("use_sliding_window")
    types = layer_types(
        config,
        lambda index: slides and index >= config.integer("max_window_layers", least=0),
    )
    masks: dict[str, LengthMask] = {FULL: causal_mask}
    if SLIDING in types:
        # Without the switch, transformers has no width for the windows that layer_types asks for.
        config.require("use_sliding_window", True)
        before = config.integer("sliding_window") - 1
        masks[SLIDING] = partial(window_mask, before=before, after=0)
    kind = LlamaKind(
        heads=head_shape(config, config.integer("head_dim")),
        masks=[masks[kind] for kind in types],
        attention_bias=config.flag("attention_bias"),
        head_norms=True,
    )
    return load_kind(config, weights, kind)
