"""RoBERTa (Liu et al. 2019), XLM-RoBERTa (Conneau et al. 2020), CamemBERT (Martin et al. 2020).

They are BERT with positions that count from ``pad_token_id + 1``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedcli.checkpoints.safetensors import Weights
from embedcli.families.bert import load_named
from embedcli.families.bert_like import BertLike
from embedcli.families.parts import Config


def load(values: Mapping[str, Any], weights: Weights) -> BertLike:
    """Build the model from config.json and a checkpoint, with or without ``roberta.``."""
    config = Config(values)
    return load_named(config, weights, "roberta", padding=config.integer("pad_token_id", least=0))
