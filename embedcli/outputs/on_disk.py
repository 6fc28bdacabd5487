"""Parts of an output that stay on disk until they are asked for, so that any size can be read."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from embedcli.outputs.unreadable import reading

Array = npt.NDArray[Any]
_BYTES_HELD = 1 << 20


def release(array: Array) -> None:
    """Lets go of what was read through a mapped array; it is read from disk again when needed.

    Pages that were read stay in the process otherwise, until the machine runs short of memory.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


class Column(Sequence[Any]):
    """What is known of each row; every pass reads it anew, in bounded pieces.

    Iterating raises InputError where the file is damaged.
    """

    def __init__(
        self, path: Path, what: str, count: int, values: Callable[[], Iterator[Any]]
    ) -> None:
        """``values`` begins a pass over the ``count`` values in ``path``, a file of ``what``."""
        self._path, self._what, self._count, self._values = path, what, count, values

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        with reading(self._path, self._what):
            found = 0
            for found, value in enumerate(self._values(), 1):  # noqa: B007 - told below
                yield value
            if found != self._count:
                raise ValueError(f"{self._count} rows but {found} values in a column")

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return list(self)[place]
        wanted = place + self._count if place < 0 else place
        for value in islice(self, wanted, wanted + 1) if wanted >= 0 else ():
            return value
        raise IndexError(place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        raise TypeError("a column is equal to lists, which have no hash")


class LazyRows(Sequence[Array]):
    """Rows of a file, each read when it is asked for.

    Attributes:
        width: D.
        dtype: of the numbers.
    """

    def __init__(
        self, count: int, read: Callable[[int], Array], *, width: int = 0, dtype: Any = "f4"
    ) -> None:
        self._count, self._read = count, read
        self.width, self.dtype = width, dtype

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Array: ...
    @overload
    def __getitem__(self, place: slice) -> list[Array]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[n] for n in range(*place.indices(self._count))]
        if not 0 <= place < self._count:
            raise IndexError(place)
        return self._read(place)


def copied_rows(array: Array) -> LazyRows:
    """The rows of a mapped array as copies, so that what was read need not stay mapped."""
    read = 0

    def row(place: int) -> Array:
        nonlocal read
        found = np.array(array[place])
        read += found.nbytes
        if read > _BYTES_HELD:
            read = 0
            release(array)
        return found

    return LazyRows(len(array), row, dtype=array.dtype)


class Matrices(Mapping[str, Array]):
    """(T, D) rows by id, in their order; a format that is not keyed may have an id twice.

    Attributes:
        rows: the matrices by their place.
    """

    def __init__(self, ids: Sequence[str], rows: Sequence[Array]) -> None:
        self._ids, self.rows = ids, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __getitem__(self, name: str) -> Array:
        found = next((place for place, row_id in enumerate(self._ids) if row_id == name), None)
        if found is None:
            raise KeyError(name)
        return self.rows[found]

    def loaded(self) -> dict[str, Array]:
        """All of them in memory."""
        return dict(zip(self._ids, self.rows, strict=True))
