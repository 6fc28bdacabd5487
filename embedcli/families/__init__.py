"""One short file an architecture: checkpoint names and config.json into the attention stack."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from embedcli.attention import Block, Memory
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.errors import ModelError
from embedcli.families.left_over import refuse_half_used


class TextEncoder(Protocol):
    """What a family builds: token ids into token states."""

    @property
    def width(self) -> int:
        """D."""

    def __call__(self, ids: IntArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T,) ids of a packed batch -> (T, D) states, good until the memory is used again."""


FAMILIES: Mapping[str, str] = {
    "albert": "embedcli.families.albert",
    "bert": "embedcli.families.bert",
    "camembert": "embedcli.families.roberta",
    "distilbert": "embedcli.families.distilbert",
    "electra": "embedcli.families.electra",
    "gemma3_text": "embedcli.families.gemma3",
    "llama": "embedcli.families.llama",
    "mistral": "embedcli.families.mistral",
    "modernbert": "embedcli.families.modernbert",
    "mpnet": "embedcli.families.mpnet",
    "nomic_bert": "embedcli.families.nomic_bert",
    "qwen3": "embedcli.families.qwen3",
    "roberta": "embedcli.families.roberta",
    "static": "embedcli.families.static",
    "t5": "embedcli.families.t5",
    "xlm-roberta": "embedcli.families.roberta",
}
"""``model_type`` of config.json -> the module whose ``load(config, weights)`` builds it."""


def load_family(config: Mapping[str, Any], weights: Weights) -> TextEncoder:
    """Build the encoder that a config names; the family must be one of FAMILIES.

    Raises:
        ModelError: when config or weights are not what the family's code computes.
    """
    if config.get("quantization_config"):
        raise ModelError(
            "config.json: quantization_config is set, and the numpy engine reads no quantised "
            "weights; use --engine torch"
        )
    module = import_module(FAMILIES[config["model_type"]])
    encoder: TextEncoder = module.load(config, weights)
    refuse_half_used(config["model_type"], weights)
    return encoder
