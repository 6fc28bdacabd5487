"""Activation functions, in place: each takes an array and scratch memory, and overwrites it."""

from __future__ import annotations

import math

import numpy as np

from embedcli.attention.exponential import PER_UNIT, exponential
from embedcli.attention.memory import Array, Memory

# gelu(x) = x * Phi(x) = x / (1 + exp(x * p(x * x))), where -x * p(x * x) is the logit of the normal
# distribution function Phi. p is the polynomial with the least worst error of gelu over |x| <= 6
# (6.7e-8); beyond 6 it only falls, and x or 0 is right to 6e-9. docs/numerics.md tells the fit.
_LOGIT = (
    -3.61123208e-09, 2.66892787e-07, -7.93821844e-06, 1.10480314e-04,
    6.62599963e-05, -7.26685670e-02, -1.59576843e00,
)  # fmt: skip
_SCALED_LOGIT = tuple(PER_UNIT * coefficient for coefficient in _LOGIT)


def gelu(x: Array, memory: Memory) -> None:
    """The Gaussian error linear unit x * Phi(x) (Hendrycks & Gimpel 2016), to 7e-8, in place."""
    first, *between, last = _SCALED_LOGIT
    # Far from 0 the square or the exponential overflows to inf, and the quotient is right.
    with np.errstate(over="ignore"):
        square = np.multiply(x, x, out=memory.array("gelu square", x.shape, x.dtype))
        logit = np.multiply(square, first, out=memory.array("gelu logit", x.shape, x.dtype))
        for coefficient in between:
            logit += coefficient
            logit *= square
        logit += last
        logit *= x
        exponential(logit, out=logit)
        logit += 1
        x /= logit


def gelu_tanh(x: Array, memory: Memory) -> None:
    """The tanh approximation of gelu: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    # Far from 0 the cube overflows to inf, and tanh is right.
    with np.errstate(over="ignore"):
        inner = np.multiply(x, x, out=memory.array("gelu logit", x.shape, x.dtype))
        inner *= 0.044715
        inner += 1
        inner *= x
        inner *= math.sqrt(2 / math.pi)
        np.tanh(inner, out=inner)
    inner += 1
    inner *= 0.5
    x *= inner


def relu(x: Array, memory: Memory) -> None:  # noqa: ARG001
    """max(x, 0)."""
    np.maximum(x, 0, out=x)


def silu(x: Array, memory: Memory) -> None:
    """The sigmoid linear unit x * sigmoid(x), also called swish."""
    _gate(x, -1.0, memory)


def quick_gelu(x: Array, memory: Memory) -> None:
    """CLIP's approximation of gelu, x * sigmoid(1.702 x)."""
    _gate(x, -1.702, memory)


def sigmoid(x: Array, memory: Memory) -> None:  # noqa: ARG001
    """1 / (1 + exp(-x))."""
    with np.errstate(over="ignore"):
        np.multiply(x, -PER_UNIT, out=x)
        exponential(x, out=x)
    x += 1
    np.reciprocal(x, out=x)


def tanh(x: Array, memory: Memory) -> None:  # noqa: ARG001
    """The hyperbolic tangent."""
    np.tanh(x, out=x)


def _gate(x: Array, slope: float, memory: Memory) -> None:
    """X / (1 + exp(slope * x))."""
    denominator = memory.array("gate", x.shape, x.dtype)
    with np.errstate(over="ignore"):
        np.multiply(x, slope * PER_UNIT, out=denominator)
        exponential(denominator, out=denominator)
    denominator += 1
    x /= denominator
