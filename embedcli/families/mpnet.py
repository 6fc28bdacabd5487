"""MPNet (Song et al. 2020): BERT without segments, with a relative position bias in all layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedcli.attention import Encoder
from embedcli.checkpoints.safetensors import Weights
from embedcli.families.bert_like import (
    BertLike,
    LayerNames,
    embedding_tables,
    encoder_layer,
    layer_sizes,
    refuse_what_bert_is_not,
)
from embedcli.families.parts import Config, layer_norm, root_of
from embedcli.families.relative_bias import RelativeBias

PADDING, BUCKETS, MAX_DISTANCE = 1, 32, 128
"""transformers' code fixes all three, whatever config.json says."""

NAMES = LayerNames(
    query="attention.attn.q",
    key="attention.attn.k",
    value="attention.attn.v",
    attended="attention.attn.o",
    attention_norm="attention.LayerNorm",
    inner="intermediate.dense",
    outer="output.dense",
    norm="output.LayerNorm",
)


def load(values: Mapping[str, Any], weights: Weights) -> BertLike:
    """Build the model from config.json and a checkpoint, with or without ``mpnet.``."""
    config = Config(values)
    refuse_what_bert_is_not(config)
    config.require("relative_attention_num_buckets", BUCKETS)
    sizes = layer_sizes(config)
    root = root_of(weights, "mpnet", "embeddings.word_embeddings.weight")
    words, positions = embedding_tables(config, weights, root, sizes.width, segments=False)
    layers = [
        encoder_layer(weights, f"{root}encoder.layer.{index}", NAMES, sizes)
        for index in range(config.integer("num_hidden_layers"))
    ]
    table = f"{root}encoder.relative_attention_bias.weight"
    return BertLike(
        words=words,
        positions=positions,
        norm=layer_norm(weights, f"{root}embeddings.LayerNorm", sizes.width, sizes.eps),
        encoder=Encoder(layers),
        bias=RelativeBias(weights.take(table, (BUCKETS, sizes.heads)), MAX_DISTANCE),
        padding=PADDING,
    )
