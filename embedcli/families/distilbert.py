"""DistilBERT (Sanh et al. 2019): half of BERT's layers, no segments, names of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedcli.attention import Encoder
from embedcli.checkpoints.safetensors import Weights
from embedcli.families.bert_like import (
    BertLike,
    LayerNames,
    LayerSizes,
    embedding_tables,
    encoder_layer,
    refuse_what_bert_is_not,
)
from embedcli.families.parts import Config, layer_norm, root_of

EPS = 1e-12
"""The family has no key for it: transformers' code fixes it."""

NAMES = LayerNames(
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    attended="attention.out_lin",
    attention_norm="sa_layer_norm",
    inner="ffn.lin1",
    outer="ffn.lin2",
    norm="output_layer_norm",
)


def load(values: Mapping[str, Any], weights: Weights) -> BertLike:
    """Build the model from config.json and a checkpoint, with or without ``distilbert.``."""
    config = Config(values)
    refuse_what_bert_is_not(config)
    width = config.integer("dim")
    sizes = LayerSizes(
        width=width,
        inner=config.integer("hidden_dim"),
        heads=config.heads("n_heads", width),
        eps=EPS,
        activation=config.activation("activation"),
    )
    root = root_of(weights, "distilbert", "embeddings.word_embeddings.weight")
    words, positions = embedding_tables(config, weights, root, width, segments=False)
    layers = [
        encoder_layer(weights, f"{root}transformer.layer.{index}", NAMES, sizes)
        for index in range(config.integer("n_layers"))
    ]
    return BertLike(
        words=words,
        positions=positions,
        norm=layer_norm(weights, f"{root}embeddings.LayerNorm", width, EPS),
        encoder=Encoder(layers),
    )
