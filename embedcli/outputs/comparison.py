"""How far a stored row is from the vector that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcli.documents import FloatArray
from embedcli.errors import OutputError

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distance:
    """Between a vector and the nearest one that a stored row can stand for.

    Attributes:
        cosine: the smallest over the rows of a matrix.
        largest: of the differences of components.
    """

    cosine: float
    largest: float


def distance(stored: npt.NDArray[Any], vector: FloatArray, facts: Mapping[str, Any]) -> Distance:
    """Compares a stored row, (..., D) or (..., ceil(D / 8)) of signs, with a vector (..., D).

    A number of a narrow dtype stands for all that are rounded to it: the difference is counted
    from the edge of that range.

    Raises:
        OutputError: when the shapes do not fit.
    """
    low, high = _ranges(stored, str(facts.get("output_dtype", "float32")), facts, vector.shape[-1])
    if low.shape != vector.shape:
        raise OutputError(f"a stored row has shape {low.shape}, the vector {vector.shape}")
    wide = vector.astype(np.float64)
    nearest = np.clip(wide, low, high)
    products = (wide * nearest).sum(axis=-1)
    lengths = np.linalg.norm(wide, axis=-1) * np.linalg.norm(nearest, axis=-1)
    same = (wide == nearest).all(axis=-1)
    cosines = np.where(same, 1.0, products / np.where(lengths == 0, 1, lengths))
    largest = np.abs(wide - nearest).max(initial=0.0)
    return Distance(float(cosines.min(initial=1.0)), float(largest))


def _ranges(
    stored: npt.NDArray[Any], dtype: str, facts: Mapping[str, Any], width: int
) -> tuple[DoubleArray, DoubleArray]:
    """The smallest and the largest numbers that the stored ones stand for."""
    if dtype in {"binary", "ubinary"}:
        packed = (stored.astype(np.int16) + (128 if dtype == "binary" else 0)).astype(np.uint8)
        positive = np.unpackbits(packed, axis=-1, count=width).astype(np.bool_)
        return np.where(positive, 0, -np.inf), np.where(positive, np.inf, 0)
    if dtype in {"int8", "uint8"}:
        lowest, highest = (np.array(bound, np.float64) for bound in facts["quantization_ranges"])
        steps = np.where(highest == lowest, 1, (highest - lowest) / 255)
        levels = stored.astype(np.float64) + (128 if dtype == "int8" else 0)
        low, high = lowest + levels * steps, lowest + (levels + 1) * steps
        return np.where(levels <= 0, -np.inf, low), np.where(levels >= 255, np.inf, high)
    numbers = stored.astype(np.float64)
    if dtype == "float16":
        half = np.spacing(np.abs(stored.astype(np.float16))).astype(np.float64) / 2
        return numbers - half, numbers + half
    return numbers, numbers
