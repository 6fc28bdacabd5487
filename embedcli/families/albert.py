"""ALBERT (Lan et al. 2020): narrow embeddings, and layers that share their weights in groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedcli.attention import Encoder, EncoderLayer
from embedcli.checkpoints.safetensors import Weights
from embedcli.families.bert_like import (
    BertLike,
    LayerNames,
    embedding_tables,
    encoder_layer,
    layer_sizes,
    refuse_what_bert_is_not,
)
from embedcli.families.parts import Config, layer_norm, linear, root_of

NAMES = LayerNames(
    query="attention.query",
    key="attention.key",
    value="attention.value",
    attended="attention.dense",
    attention_norm="attention.LayerNorm",
    inner="ffn",
    outer="ffn_output",
    norm="full_layer_layer_norm",
)


def load(values: Mapping[str, Any], weights: Weights) -> BertLike:
    """Build the model from config.json and a checkpoint, with or without ``albert.``."""
    config = Config(values)
    refuse_what_bert_is_not(config)
    sizes, narrow = layer_sizes(config), config.integer("embedding_size")
    root = root_of(weights, "albert", "embeddings.word_embeddings.weight")
    words, positions = embedding_tables(config, weights, root, narrow, segments=True)
    mapping = f"{root}encoder.embedding_hidden_mapping_in"
    return BertLike(
        words=words,
        positions=positions,
        norm=layer_norm(weights, f"{root}embeddings.LayerNorm", narrow, sizes.eps),
        encoder=Encoder(_layers(config, weights, root)),
        projection=linear(weights, mapping, sizes.width, narrow),
    )


def _layers(config: Config, weights: Weights, root: str) -> list[EncoderLayer]:
    """Every layer in order; those of a group are the same objects."""
    layers, groups = config.integer("num_hidden_layers"), config.integer("num_hidden_groups")
    sizes = layer_sizes(config)
    shared = [
        [
            encoder_layer(
                weights, f"{root}encoder.albert_layer_groups.{group}.albert_layers.{index}",
                NAMES, sizes,
            )
            for index in range(config.integer("inner_group_num"))
        ]
        for group in range(groups)
    ]  # fmt: skip
    # The division is transformers' own, rounding included.
    return [layer for index in range(layers) for layer in shared[int(index / (layers / groups))]]
