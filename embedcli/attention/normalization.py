"""Layer normalisation (Ba et al. 2016): every position to mean 0 and variance 1.

RMS normalisation (Zhang & Sennrich 2019) leaves the mean where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from embedcli.attention.arrays import floats, rows
from embedcli.attention.memory import Array, tiles


class Norm(Protocol):
    """What stands before or behind a sublayer."""

    def __call__(self, x: Array, out: Array | None = None) -> Array:
        """(..., D) -> (..., D); ``out`` may be ``x``."""


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """Scale weight (D,), shift bias (D,) or None, and eps as the checkpoint's config says."""

    weight: Array
    bias: Array | None
    eps: float

    def __call__(self, x: Array, out: Array | None = None) -> Array:
        """(..., D) -> (..., D); ``out`` may be ``x``."""
        return layer_norm(x, self.weight, self.bias, self.eps, out)


@dataclass(frozen=True, slots=True)
class RMSNorm:
    """Scale weight (D,), and eps as the checkpoint's config says."""

    weight: Array
    eps: float

    def __call__(self, x: Array, out: Array | None = None) -> Array:
        """(..., D) -> (..., D); ``out`` may be ``x``."""
        return rms_norm(x, self.weight, self.eps, out)


def layer_norm(
    x: npt.ArrayLike, weight: Array, bias: Array | None, eps: float, out: Array | None = None
) -> Array:
    """(x - mean) / sqrt(variance + eps) * weight + bias, over the last axis.

    Args:
        x: (..., D).
        weight: (D,).
        bias: (D,) or None.
        eps: added to the variance.
        out: where to write; may be ``x``; contiguous but for its last two axes.

    Returns:
        (..., D).

    Raises:
        ValueError: when x and weight are of different widths, or ``out`` does not fit.
    """
    x = floats(x)
    width = x.shape[-1]
    normed, source, target = _as_rows(x, weight, out)
    averaging = np.full(width, 1 / width, x.dtype)
    for cut in tiles(*source.shape):
        tile = target[cut]
        # The mean is taken off before squaring: E[x^2] - E[x]^2 would cancel digits.
        np.subtract(source[cut], (source[cut] @ averaging)[:, None], out=tile)
        variance = np.einsum("td,td->t", tile, tile) / x.dtype.type(width)
        tile /= np.sqrt(variance + x.dtype.type(eps))[:, None]
        tile *= weight
        if bias is not None:
            tile += bias
    return normed


def rms_norm(x: npt.ArrayLike, weight: Array, eps: float, out: Array | None = None) -> Array:
    """X / sqrt(mean(x^2) + eps) * weight, over the last axis.

    Args:
        x: (..., D).
        weight: (D,).
        eps: added to the mean square.
        out: where to write; may be ``x``; contiguous but for its last two axes.

    Returns:
        (..., D).

    Raises:
        ValueError: when x and weight are of different widths, or ``out`` does not fit.
    """
    x = floats(x)
    width = x.shape[-1]
    normed, source, target = _as_rows(x, weight, out)
    for cut in tiles(*source.shape):
        mean_square = np.einsum("td,td->t", source[cut], source[cut]) / x.dtype.type(width)
        tile = target[cut]
        np.divide(source[cut], np.sqrt(mean_square + x.dtype.type(eps))[:, None], out=tile)
        tile *= weight
    return normed


def _as_rows(x: Array, weight: Array, out: Array | None) -> tuple[Array, Array, Array]:
    """The result, and the input and the result as rows (R, D)."""
    if weight.shape != x.shape[-1:]:
        raise ValueError(f"expected x of width {weight.shape[0]}, got {x.shape}")
    normed = np.empty(x.shape, x.dtype) if out is None else out
    return normed, x.reshape(-1, x.shape[-1]), rows(normed)
