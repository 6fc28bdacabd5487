"""BERT (Devlin et al. 2018): learned positions, post-norm encoder layers."""

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
from embedcli.families.parts import Config, layer_norm, root_of


def load(values: Mapping[str, Any], weights: Weights) -> BertLike:
    """Build the model from config.json and a checkpoint, with or without the ``bert.`` prefix."""
    return load_named(Config(values), weights, "bert")


def load_named(
    config: Config, weights: Weights, prefix: str, padding: int | None = None
) -> BertLike:
    """BERT by another name: ``prefix`` may stand before its tensors; see ``BertLike.padding``."""
    refuse_what_bert_is_not(config)
    sizes = layer_sizes(config)
    root = root_of(weights, prefix, "embeddings.word_embeddings.weight")
    words, positions = embedding_tables(config, weights, root, sizes.width, segments=True)
    layers = [
        encoder_layer(weights, f"{root}encoder.layer.{index}", BERT_NAMES, sizes)
        for index in range(config.integer("num_hidden_layers"))
    ]
    return BertLike(
        words=words,
        positions=positions,
        norm=layer_norm(weights, f"{root}embeddings.LayerNorm", sizes.width, sizes.eps),
        encoder=Encoder(layers),
        padding=padding,
    )
