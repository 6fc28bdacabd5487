"""One short file an architecture: checkpoint names and config.json into the attention stack."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from embedcli.attention import Block, Memory
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray


class TextEncoder(Protocol):
    """What a family builds: token ids into token states."""

    @property
    def width(self) -> int:
        """D."""

    def __call__(
        self, ids: IntArray, positions: IntArray, blocks: tuple[Block, ...], memory: Memory
    ) -> FloatArray:
        """(T,) ids of a packed batch -> (T, D) states, good until the memory is used again."""


FAMILIES: Mapping[str, str] = {
    "bert": "embedcli.families.bert",
}
"""``model_type`` of config.json -> the module whose ``load(config, weights)`` builds it."""


def load_family(config: Mapping[str, Any], weights: Weights) -> TextEncoder:
    """Build the encoder that a config names; the family must be one of FAMILIES."""
    module = import_module(FAMILIES[config["model_type"]])
    encoder: TextEncoder = module.load(config, weights)
    return encoder
