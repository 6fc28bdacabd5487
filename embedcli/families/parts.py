"""What every family does: values out of config.json, layers out of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from embedcli.attention import (
    Activation,
    GatedFeedForward,
    LayerNorm,
    Linear,
    Memory,
    RMSNorm,
    gelu,
    gelu_tanh,
    quick_gelu,
    relu,
    silu,
)
from embedcli.checkpoints.safetensors import Weights
from embedcli.documents import FloatArray, IntArray
from embedcli.errors import ModelError

ACTIVATIONS: Mapping[str, Activation] = {
    "gelu": gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "quick_gelu": quick_gelu,
    "relu": relu,
    "silu": silu,
    "swish": silu,
}
"""``hidden_act`` of config.json -> the function."""

_LARGEST = 3.4e38  # of a float32


@dataclass(frozen=True, slots=True)
class Config:
    """config.json as a family reads it: no value has a default, and a missing one is an error."""

    values: Mapping[str, Any]

    def integer(self, key: str, *, least: int = 1) -> int:
        """A whole number that is not below ``least``."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ModelError(
                f"config.json: {key} is {value!r}, expected a whole number from {least} on"
            )
        return value

    def optional_integer(self, key: str, *, needed: bool = False) -> int | None:
        """A whole number above zero, or None for null and, unless it is ``needed``, for nothing."""
        value = self._value(key) if needed else self.values.get(key)
        return None if value is None else self.integer(key)

    def heads(self, key: str, width: int) -> int:
        """A number of heads, which must divide the width."""
        heads = self.integer(key)
        if width % heads:
            raise ModelError(f"config.json: {key} is {heads}, which does not divide {width}")
        return heads

    def number(self, key: str) -> float:
        """A number above zero that float32 can hold: an eps, a scale, a base."""
        value = self._value(key)
        fits = isinstance(value, int | float) and 0 < value <= _LARGEST
        if isinstance(value, bool) or not fits:
            raise ModelError(f"config.json: {key} is {value!r}, expected a number above 0")
        return float(value)

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            raise ModelError(f"config.json: {key} is {value!r}, expected true or false")
        return value

    def text(self, key: str) -> str:
        """A string."""
        value = self._value(key)
        if not isinstance(value, str):
            raise ModelError(f"config.json: {key} is {value!r}, expected a string")
        return value

    def activation(self, key: str) -> Activation:
        """An activation function by its name."""
        name = self._value(key)
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise ModelError(
                f"config.json: {key} is {name!r}, and the numpy engine knows "
                f"{', '.join(ACTIVATIONS)}; use --engine torch"
            )
        return ACTIVATIONS[name]

    def require(self, key: str, *expected: object) -> None:
        """Refuse a checkpoint that sets ``key`` to what the family's code does not do."""
        value = self.values.get(key, expected[0])
        if value not in expected:
            raise ModelError(
                f"config.json: {key} is {value!r}, and the numpy engine knows only "
                f"{', '.join(map(repr, expected))}; use --engine torch"
            )

    def _value(self, key: str) -> Any:
        if key not in self.values:
            raise ModelError(f"config.json has no {key}, which {self.values['model_type']} needs")
        return self.values[key]


def linear(
    weights: Weights, name: str, width_out: int, width_in: int, *, bias: bool = True
) -> Linear:
    """``name.weight`` (out, in), and ``name.bias`` (out,) where the layer has one."""
    return Linear(
        weights.take(f"{name}.weight", (width_out, width_in)),
        weights.take(f"{name}.bias", (width_out,)) if bias else None,
    )


def layer_norm(
    weights: Weights, name: str, width: int, eps: float, *, bias: bool = True
) -> LayerNorm:
    """``name.weight`` (D,) and ``name.bias`` (D,), which old files call gamma and beta."""
    if not bias:
        return LayerNorm(weights.take(f"{name}.weight", (width,)), None, eps)
    scale, shift = ("gamma", "beta") if weights.has(f"{name}.gamma") else ("weight", "bias")
    return LayerNorm(
        weights.take(f"{name}.{scale}", (width,)), weights.take(f"{name}.{shift}", (width,)), eps
    )


def root_of(weights: Weights, prefix: str, name: str) -> str:
    """``prefix.`` where the checkpoint puts it before the tensor ``name``, else nothing."""
    return f"{prefix}." if weights.has(f"{prefix}.{name}") else ""


def look_up(words: FloatArray, ids: IntArray, memory: Memory) -> FloatArray:
    """Rows of a table (V, D) for ids (T,), in scratch memory: (T, D).

    Raises:
        ModelError: when the tokenizer gives an id that the table does not have.
    """
    if len(ids) and int(ids.max()) >= len(words):
        raise ModelError(
            f"the tokenizer gives id {ids.max()}, and the model's table of words ends at "
            f"{len(words) - 1}; tokenizer and weights are not of one model"
        )
    out = memory.array("embedded", (len(ids), words.shape[1]))
    # The mode that checks would copy the whole output.
    return np.take(words, ids, axis=0, out=out, mode="clip")


def split(fused: Linear, parts: int) -> list[Linear]:
    """One layer (parts * out, in) as layers (out, in) that share its weights."""
    biases = [None] * parts if fused.bias is None else np.split(fused.bias, parts)
    return list(map(Linear, np.split(fused.weight, parts), biases))


def rms_norm(weights: Weights, name: str, width: int, eps: float) -> RMSNorm:
    """``name.weight`` (D,)."""
    return RMSNorm(weights.take(f"{name}.weight", (width,)), eps)


def gated_feed_forward(
    config: Config, weights: Weights, name: str, activation: str, *, bias: bool = False
) -> GatedFeedForward:
    """``name.gate_proj``, ``name.up_proj`` and ``name.down_proj``, as in Llama and its kin."""
    width, inner = config.integer("hidden_size"), config.integer("intermediate_size")
    return GatedFeedForward(
        gate=linear(weights, f"{name}.gate_proj", inner, width, bias=bias),
        inner=linear(weights, f"{name}.up_proj", inner, width, bias=bias),
        outer=linear(weights, f"{name}.down_proj", width, inner, bias=bias),
        activation=config.activation(activation),
    )
