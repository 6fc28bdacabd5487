"""What a reader gives back: Stored, and reading errors in one line."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from embedcli.errors import InputError

_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    MemoryError,
    RecursionError,
    NotImplementedError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An output read back.

    Attributes:
        format: the name of its format.
        vectors: (N, D), or (T, D) matrices by id.
        facts: how it was made, or None where the file does not say.
        ids: the rows' ids, or None.
        sources: the files that the rows came from, or None.
        n_tokens: tokens of each row, or None.
        truncated: whether each row's document was cut, or None.
        sha256: hex digests of the texts, or None.
    """

    format: str
    vectors: npt.NDArray[Any] | dict[str, npt.NDArray[Any]]
    facts: Mapping[str, Any] | None = None
    ids: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    n_tokens: Sequence[int] | None = None
    truncated: Sequence[bool] | None = None
    sha256: Sequence[str] | None = None

    @property
    def dtype(self) -> str:
        """The numbers' dtype, by its NumPy name."""
        if isinstance(self.vectors, dict):
            return ", ".join(sorted({array.dtype.name for array in self.vectors.values()}))
        return self.vectors.dtype.name


def columns(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Index records -> the fields of Stored that they hold."""
    names = {"ids": "id", "sources": "source"}
    fields = ("ids", "sources", "n_tokens", "truncated", "sha256")
    found = {field: names.get(field, field) for field in fields}
    return {
        field: [record[name] for record in records]
        for field, name in found.items()
        if all(name in record for record in records)
    }


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turns what goes wrong inside into an InputError that names the file and the format."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path} cannot be read as {what}: {reason}", source=str(path), kind="unreadable"
        ) from error
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path} is not a whole {what} file: {reason[:200]}; make it again or name its format",
            source=str(path),
            kind="malformed",
        ) from error
