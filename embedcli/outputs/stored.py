"""What a reader gives back: Stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from embedcli.outputs.on_disk import Array, LazyRows, Matrices, copied_rows

INDEX_NAMES = {
    "ids": "id",
    "sources": "source",
    "n_tokens": "n_tokens",
    "truncated": "truncated",
    "sha256": "sha256",
}
"""The fields of Stored, and what index records call them."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An output read back.

    Attributes:
        format: the name of its format.
        vectors: (N, D); or (T, D) matrices by id; or, where ``read_output`` was to leave them on
            disk, rows and matrices that are read when they are asked for.
        facts: how it was made, or None where the file does not say.
        ids: the rows' ids, or None.
        sources: the files that the rows came from, or None.
        n_tokens: tokens of each row, or None.
        truncated: whether each row's document was cut, or None.
        sha256: hex digests of the texts, or None.
    """

    format: str
    vectors: Array | Mapping[str, Array] | LazyRows
    facts: Mapping[str, Any] | None = None
    ids: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    n_tokens: Sequence[int] | None = None
    truncated: Sequence[bool] | None = None
    sha256: Sequence[str] | None = None

    @property
    def dtype(self) -> str:
        """The numbers' dtype, by its NumPy name."""
        if isinstance(self.vectors, Mapping):
            return ", ".join(sorted({array.dtype.name for array in self.vectors.values()}))
        return str(np.dtype(self.vectors.dtype).name)

    def arrays(self) -> Sequence[Array]:
        """The table, or the matrices one by one."""
        if isinstance(self.vectors, Mapping):
            return list(self.vectors.values())
        return [self.vectors] if isinstance(self.vectors, np.ndarray) else self.vectors

    def rows(self) -> Sequence[Array] | Array:
        """The rows by their place: (D,) or (T, D) each."""
        if isinstance(self.vectors, Matrices):
            return self.vectors.rows
        if isinstance(self.vectors, np.memmap):
            return copied_rows(self.vectors)
        return list(self.vectors.values()) if isinstance(self.vectors, Mapping) else self.vectors

    def loaded(self) -> Stored:
        """The same with all vectors in memory or mapped; raises InputError for a damaged file."""
        if isinstance(self.vectors, Matrices):
            return replace(self, vectors=self.vectors.loaded())
        if isinstance(self.vectors, LazyRows):
            table = np.empty((len(self.vectors), self.vectors.width), self.vectors.dtype)
            for place, row in enumerate(self.vectors):
                table[place] = row
            return replace(self, vectors=table)
        return self


def columns(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Index records -> the fields of Stored that they hold."""
    return {
        field: [record[name] for record in records]
        for field, name in INDEX_NAMES.items()
        if all(name in record for record in records)
    }
