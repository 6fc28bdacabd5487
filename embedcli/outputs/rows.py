"""The rows of a spool as a format writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcli.documents import Row
from embedcli.outputs.quantization import Quantizer
from embedcli.outputs.spooling.spool import Spool


class Rows:
    """Rows that can be counted, and gone through as often as a format needs, in input order.

    Attributes:
        count: N.
        matrices: whether a row is (T, D) rather than (D,).
        dimension: columns of a converted row.
        dtype: dtype of a converted row, little-endian.
        id_length: characters of the longest id.
        source_length: characters of the longest source.
    """

    def __init__(self, spool: Spool, quantizer: Quantizer, *, matrices: bool, width: int) -> None:
        """``width`` is the model's D, for a run without any row."""
        self._spool = spool
        self._quantizer = quantizer
        self.matrices = matrices
        self.count = spool.count
        self.dimension = quantizer.columns(spool.columns if spool.count else width)
        self.dtype: np.dtype[Any] = quantizer.dtype
        self.id_length = spool.id_length
        self.source_length = spool.source_length

    def __iter__(self) -> Iterator[Row]:
        """Rows with their vectors converted to ``dtype``."""
        for row in self._spool.rows():
            yield replace(row, vector=self._quantizer.convert(row.vector))

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """All converted vectors in order as (n, dimension) arrays, for files without row marks."""
        return map(self._quantizer.convert, self._spool.blocks())

    def records(self) -> Iterator[dict[str, Any]]:
        """What is known of each row but its vector; ``shape`` is the converted one."""
        for record in self._spool.records():
            yield {**record, "shape": (*record["shape"][:-1], self.dimension)}
