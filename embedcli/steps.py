"""What is done with token states: the steps of ``modules.json`` after the encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embedcli.attention import (
    Activation,
    Block,
    Linear,
    Memory,
    gelu,
    layer_norm,
    relu,
    sigmoid,
    silu,
    tanh,
)
from embedcli.checkpoints import (
    DenseModule,
    LayerNormModule,
    Module,
    NormalizeModule,
    Weights,
    open_weights,
)
from embedcli.documents import FloatArray
from embedcli.pooling import normalize, pool

Step = Callable[[FloatArray], FloatArray]
"""(B, D) -> (B, E)."""

_ACTIVATIONS: Mapping[str, Activation | None] = {
    "Identity": None,
    "GELU": gelu,
    "ReLU": relu,
    "SiLU": silu,
    "Sigmoid": sigmoid,
    "Tanh": tanh,
}
_LAYER_NORM_EPS = 1e-5  # torch.nn.LayerNorm's own, which sentence-transformers leaves as it is


@dataclass(frozen=True, slots=True)
class Dense:
    """activation(x @ W.T + b), plus x or its projection where the module is residual."""

    linear: Linear
    activation: Activation | None
    residual: Linear | None
    adds_input: bool

    def __call__(self, vectors: FloatArray) -> FloatArray:
        """(B, D) -> (B, E)."""
        projected: FloatArray = self.linear(vectors, activation=self.activation, memory=Memory())
        if self.adds_input:
            projected += vectors if self.residual is None else self.residual(vectors)
        return projected


@dataclass(frozen=True, slots=True)
class Head:
    """Token states into vectors.

    Attributes:
        modes: poolings, concatenated; none of them leaves the token states as they are.
        skip: leading tokens of each text that are not pooled.
        steps: what follows the pooling, but for a normalisation at the end.
        dim: components that are kept, or None for all.
        normalized: whether vectors are scaled to length one before they are cut to ``dim``.
        renormalized: whether they are after it.
    """

    modes: tuple[str, ...]
    skip: int
    steps: tuple[Step, ...]
    dim: int | None
    normalized: bool
    renormalized: bool

    def pool(self, states: FloatArray, blocks: Sequence[Block]) -> list[FloatArray]:
        """(T, D) packed states -> a vector, or the states (T, D), of each text; always copies."""
        if not self.modes:
            return [text.copy() for block in blocks for text in block.of(states)]
        vectors = pool(states, blocks, self.modes, self.skip)
        for step in self.steps:
            vectors = step(vectors)
        return list(vectors)

    def width(self, states: int) -> int:
        """Components of a finished vector for D = ``states``: zeros are sent through the steps."""
        vectors = np.zeros((1, states * max(1, len(self.modes))), dtype=np.float32)
        for step in self.steps:
            vectors = step(vectors)
        return min(vectors.shape[-1], self.dim or vectors.shape[-1])

    def finish(self, vector: FloatArray) -> FloatArray:
        """(..., E) -> (..., dim): normalise and cut."""
        if self.normalized:
            vector = normalize(vector)
        if self.dim is not None:
            vector = vector[..., : self.dim]
            if self.renormalized:
                vector = normalize(vector)
        return vector


def build_steps(folder: Path, modules: Sequence[Module]) -> tuple[Step, ...]:
    """The modules that follow the pooling, with their weights, without a last normalisation.

    Raises:
        ModelError: when weights are missing or have another shape than the configuration says.
    """
    kept = [m for m in modules if isinstance(m, DenseModule | LayerNormModule | NormalizeModule)]
    while kept and isinstance(kept[-1], NormalizeModule):
        kept.pop()
    return tuple(_build(folder, module) for module in kept)


def _build(folder: Path, module: Module) -> Step:
    match module:
        case DenseModule():
            return _dense(module, open_weights(folder / module.path))
        case LayerNormModule(path=path, dimension=width):
            weights = open_weights(folder / path)
            scale, shift = (
                weights.take("norm.weight", (width,)),
                weights.take("norm.bias", (width,)),
            )
            return lambda vectors: layer_norm(vectors, scale, shift, _LAYER_NORM_EPS)
        case _:
            return normalize


def _dense(module: DenseModule, weights: Weights) -> Dense:
    shape = (module.out_features, module.in_features)
    bias = weights.take("linear.bias", shape[:1]) if module.bias else None
    projects = module.residual and shape[0] != shape[1]
    return Dense(
        linear=Linear(weights.take("linear.weight", shape), bias),
        activation=_ACTIVATIONS[module.activation],
        residual=Linear(weights.take("residual.weight", shape)) if projects else None,
        adds_input=module.residual,
    )
