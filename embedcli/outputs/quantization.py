"""Output dtypes, as ``quantize_embeddings`` of sentence-transformers defines them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from embedcli.documents import FloatArray
from embedcli.errors import OutputError
from embedcli.outputs.number_text import shortest

_DTYPES = {
    "float32": "<f4",
    "float16": "<f2",
    "int8": "|i1",
    "uint8": "|u1",
    "binary": "|i1",
    "ubinary": "|u1",
}
OUTPUT_DTYPES = tuple(_DTYPES)


class Quantizer:
    """Narrows rows to one output dtype.

    ``int8`` and ``uint8`` cut each dimension's range over the whole run into 256 steps, so they
    need every row before the first can be written. ``binary`` and ``ubinary`` pack the signs of
    eight dimensions into a byte.

    Attributes:
        name: one of ``OUTPUT_DTYPES``.
        dtype: the NumPy dtype of what ``convert`` gives, little-endian.
        needs_all_rows: whether ``convert`` is only right after every row was observed.
    """

    def __init__(self, name: str) -> None:
        if name not in _DTYPES:
            raise OutputError(
                f"unknown output dtype {name!r}; "
                f"--output-dtype is one of {', '.join(OUTPUT_DTYPES)}"
            )
        self.name = name
        self.dtype = np.dtype(_DTYPES[name])
        self.needs_all_rows = name in {"int8", "uint8"}
        self._vectors_seen = 0
        self._lowest: FloatArray = np.zeros(0, np.float32)
        self._highest: FloatArray = np.zeros(0, np.float32)

    def observe(self, vector: FloatArray, row_id: str) -> None:
        """Takes a row, (D,) or (T, D), into account before any row is converted.

        Raises:
            OutputError: when a number of row ``row_id`` is beyond the range of float16.
        """
        if self.name == "float16" and np.abs(vector).max(initial=0) >= 65520:
            raise OutputError(
                f"{row_id}: a number is beyond the range of float16 (65504); "
                "use --output-dtype float32"
            )
        vectors = vector.reshape(-1, vector.shape[-1])
        if not self.needs_all_rows or not len(vectors):
            return
        lowest, highest = vectors.min(axis=0), vectors.max(axis=0)
        first = self._vectors_seen == 0
        self._lowest = lowest if first else np.minimum(self._lowest, lowest)
        self._highest = highest if first else np.maximum(self._highest, highest)
        self._vectors_seen += len(vectors)

    def check(self) -> None:
        """Raises OutputError when the ranges rest on a single vector and so say nothing."""
        if self.needs_all_rows and self._vectors_seen == 1:
            raise OutputError(
                f"--output-dtype {self.name} takes its ranges from the run's vectors and there is "
                "only one; embed more texts or use float32"
            )

    def convert(self, vector: FloatArray) -> npt.NDArray[Any]:
        """(..., D) float32 -> (..., D) of ``dtype``; (..., ceil(D / 8)) for packed signs."""
        if self.needs_all_rows:
            steps = (self._highest - self._lowest) / 255
            steps = np.where(steps == 0, 1, steps)
            levels = np.clip(np.floor((vector - self._lowest) / steps), 0, 255)
            return (levels - (128 if self.name == "int8" else 0)).astype(self.dtype)
        if self.name in {"binary", "ubinary"}:
            packed = np.packbits(vector > 0, axis=-1)
            return packed if self.name == "ubinary" else (packed - 128).astype(self.dtype)
        return vector.astype(self.dtype, copy=False)

    def columns(self, dimension: int) -> int:
        """How many columns a (..., dimension) row has once converted."""
        return (dimension + 7) // 8 if self.name in {"binary", "ubinary"} else dimension

    def facts(self) -> dict[str, Any]:
        """What a reader needs to undo the conversion, for the provenance."""
        facts: dict[str, Any] = {"output_dtype": self.name}
        if self.needs_all_rows:
            ranges = (self._lowest, self._highest)
            facts["quantization_ranges"] = [shortest(bound).tolist() for bound in ranges]
        return facts
