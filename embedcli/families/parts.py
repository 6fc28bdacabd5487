"""What every family does: values out of config.json, layers out of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedcli.attention import Activation, LayerNorm, Linear, gelu, gelu_tanh, relu
from embedcli.checkpoints.safetensors import Weights
from embedcli.errors import ModelError

ACTIVATIONS: Mapping[str, Activation] = {
    "gelu": gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "relu": relu,
}
"""``hidden_act`` of config.json -> the function."""


@dataclass(frozen=True, slots=True)
class Config:
    """config.json as a family reads it: no value has a default, and a missing one is an error."""

    values: Mapping[str, Any]

    def integer(self, key: str) -> int:
        """A whole number above zero."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ModelError(f"config.json: {key} is {value!r}, expected a whole number above 0")
        return value

    def number(self, key: str) -> float:
        """A number."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ModelError(f"config.json: {key} is {value!r}, expected a number")
        return float(value)

    def activation(self, key: str) -> Activation:
        """An activation function by its name."""
        name = self._value(key)
        if name not in ACTIVATIONS:
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


def linear(weights: Weights, name: str, width_out: int, width_in: int) -> Linear:
    """``name.weight`` (out, in) and ``name.bias`` (out,)."""
    return Linear(
        weights.take(f"{name}.weight", (width_out, width_in)),
        weights.take(f"{name}.bias", (width_out,)),
    )


def layer_norm(weights: Weights, name: str, width: int, eps: float) -> LayerNorm:
    """``name.weight`` (D,) and ``name.bias`` (D,)."""
    return LayerNorm(
        weights.take(f"{name}.weight", (width,)), weights.take(f"{name}.bias", (width,)), eps
    )
