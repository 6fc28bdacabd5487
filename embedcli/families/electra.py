"""ELECTRA (Clark et al. 2020): BERT with embeddings that may be narrower than the layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedcli.attention import Encoder
from embedcli.checkpoints.safetensors import Weights
from embedcli.families.bert_like import (
    BERT_NAMES,
    BertLike,
    embedding_tables,
    encoder_layer,
    layer_sizes,
    refuse_what_bert_is_not,
)
from embedcli.families.parts import Config, layer_norm, linear, root_of


def load(values: Mapping[str, Any], weights: Weights) -> BertLike:
    """Build the model from config.json and a checkpoint, with or without ``electra.``."""
    config = Config(values)
    refuse_what_bert_is_not(config)
    sizes, narrow = layer_sizes(config), config.integer("embedding_size")
    root = root_of(weights, "electra", "embeddings.word_embeddings.weight")
    words, positions = embedding_tables(config, weights, root, narrow, segments=True)
    projection = None
    if narrow != sizes.width:
        projection = linear(weights, f"{root}embeddings_project", sizes.width, narrow)
    layers = [
        encoder_layer(weights, f"{root}encoder.layer.{index}", BERT_NAMES, sizes)
        for index in range(config.integer("num_hidden_layers"))
    ]
    return BertLike(
        words=words,
        positions=positions,
        norm=layer_norm(weights, f"{root}embeddings.LayerNorm", narrow, sizes.eps),
        encoder=Encoder(layers),
        projection=projection,
    )
