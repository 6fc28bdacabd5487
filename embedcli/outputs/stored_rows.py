"""An output read back row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcli.documents import Row
from embedcli.errors import InputError
from embedcli.outputs.companions import companion_paths
from embedcli.outputs.formats.numpy_files import read_npy
from embedcli.outputs.reading import read_output
from embedcli.outputs.stored import Stored
from embedcli.outputs.unreadable import reading


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row of an output, its numbers as they stand in the file.

    Attributes:
        id: the row's id.
        source: the file that it came from.
        numbers: (D,) or (T, D), of the output's dtype.
        n_tokens: tokens that the model saw.
        truncated: whether its document was cut.
        sha256: hex digest of the document's text.
    """

    id: str
    source: str
    numbers: npt.NDArray[Any]
    n_tokens: int
    truncated: bool
    sha256: str

    def as_row(self) -> Row:
        """The row of a float32 output as it was before it was written."""
        vector = np.asarray(self.numbers, np.float32)
        return Row(self.id, self.source, "", vector, self.n_tokens, self.truncated, 0, self.sha256)


class StoredRows:
    """The rows of an output that carries its provenance; they are streamed.

    Attributes:
        path: the file.
        facts: how it was made.
        count: N.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any], stored: Stored) -> None:
        self.path = path
        self.facts = facts
        self._stored = stored
        self.count = len(stored.vectors)

    def __iter__(self) -> Iterator[StoredRow]:
        """The rows in the order of the file.

        Raises:
            InputError: when the index is damaged.
        """
        with reading(self.path, self._stored.format):
            for record, numbers in zip(self._records(), self._stored.rows(), strict=True):
                yield StoredRow(numbers=numbers, **record)

    def _records(self) -> Iterator[dict[str, Any]]:
        stored = self._stored
        if stored.ids is None:
            with closing(companion_paths(self.path)[0].open("rb")) as lines:
                yield from map(json.loads, lines)
            return
        columns = (stored.ids, stored.sources, stored.n_tokens, stored.truncated, stored.sha256)
        names = ("id", "source", "n_tokens", "truncated", "sha256")
        for values in zip(*(column or () for column in columns), strict=True):
            yield dict(zip(names, values, strict=True))


def read_rows(path: Path) -> StoredRows:
    """Opens an output to go through its rows.

    Raises:
        InputError: when there is no such file, it is damaged, or it has no provenance.
    """
    if path.name.lower().endswith(".npy") and all(map(Path.is_file, companion_paths(path))):
        meta = companion_paths(path)[1]
        with reading(meta, "provenance"):
            facts = dict(json.loads(meta.read_bytes()))
        stored = read_npy(path)
        if facts.get("pooling") == "none":
            # The states of one document are one row.
            stored = Stored("npy", {"": stored.arrays()[0]})
        return StoredRows(path, facts, stored)
    stored = read_output(path, lazily=True)
    complete = None not in (stored.ids, stored.sources, stored.n_tokens, stored.truncated)
    if stored.facts is None or stored.sha256 is None or not complete:
        raise InputError(
            f"{path} does not say how it was made; an .npy with its .index.jsonl and .meta.json, "
            ".npz, .safetensors and .parquet do",
            source=str(path),
            kind="malformed",
        )
    return StoredRows(path, stored.facts, stored)
