"""Layers of which each sees what it may see: everything, what came before, or a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from embedcli.attention import Block, LengthMask, Mask, Memory, Norm
from embedcli.documents import FloatArray
from embedcli.errors import ModelError
from embedcli.families.parts import Config

FULL, SLIDING = "full_attention", "sliding_attention"
"""What ``layer_types`` of config.json calls layers that see all, and layers that see a window."""


class Layer(Protocol):
    """An ``EncoderLayer``, or what is called like one."""

    def __call__(
        self,
        x: FloatArray,
        mask: Mask | LengthMask | None = None,
        blocks: Sequence[Block] | None = None,
        memory: Memory | None = None,
    ) -> FloatArray:
        """(T, D) -> (T, D)."""


@dataclass(frozen=True, slots=True)
class LayerStack:
    """Layers, the mask of each, and the norm at the end."""

    layers: Sequence[Layer]
    masks: Sequence[LengthMask | None]
    final_norm: Norm

    def __call__(self, x: FloatArray, blocks: tuple[Block, ...], memory: Memory) -> FloatArray:
        """(T, D) -> (T, D); layers with the same mask share its arrays."""
        seen = {mask: cache(mask) for mask in self.masks if mask is not None}
        for layer, mask in zip(self.layers, self.masks, strict=True):
            x = layer(x, None if mask is None else seen[mask], blocks, memory)
        return self.final_norm(x)


def layer_types(config: Config, slides: Callable[[int], bool]) -> list[str]:
    """FULL or SLIDING for each layer.

    Args:
        config: config.json; its ``layer_types`` where it has them.
        slides: the rule of older files: whether the layer of this number has a window.

    Raises:
        ModelError: when there are not as many types as layers, or one is neither.
    """
    count = config.integer("num_hidden_layers")
    types = config.values.get("layer_types")
    if types is None:
        return [SLIDING if slides(index) else FULL for index in range(count)]
    if not isinstance(types, list) or len(types) != count or not set(types) <= {FULL, SLIDING}:
        raise ModelError(
            f"config.json: layer_types is {types!r}, expected {FULL} or {SLIDING} for each of "
            f"{count} layers; use --engine torch"
        )
    return types
