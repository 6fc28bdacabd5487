"""Mistral (Jiang et al. 2023): Llama with a window."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from embedcli.attention import LengthMask, causal_mask, window_mask
from embedcli.checkpoints.safetensors import Weights
from embedcli.families.decoder_only import DecoderOnly, head_shape
from embedcli.families.llama import LlamaKind, load_kind
from embedcli.families.parts import Config


def load(values: Mapping[str, Any], weights: Weights) -> DecoderOnly:
    """Build the model from config.json and a checkpoint, with or without ``model.``."""
    config = Config(values)
    config.require("layer_types", None)
    mask: LengthMask = causal_mask
    window = config.optional_integer("sliding_window", needed=True)
    if window is not None:
        mask = partial(window_mask, before=window - 1, after=0)
    kind = LlamaKind(
        heads=head_shape(config, config.optional_integer("head_dim")),
        masks=[mask] * config.integer("num_hidden_layers"),
    )
    return load_kind(config, weights, kind)
