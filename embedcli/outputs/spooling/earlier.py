"""Rows of a run before, found again by id and text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from embedcli.documents import FloatArray
from embedcli.outputs.on_disk import release
from embedcli.outputs.spooling.catalog import row_key

_PREFIX_BYTES = 8
_FOUND_AT_ONCE = 1 << 13


class Keys:
    """The keys of N rows in their order, and where a key stands.

    Inputs that did not change ask in order, and the place is the next one. The first that asks out
    of order has the keys sorted, at 16 bytes a row.
    """

    def __init__(self, keys: npt.NDArray[np.uint8]) -> None:
        """``keys`` is (N, 32), bytes of ``row_key``; it may lie on disk."""
        self._keys = keys
        self._out_of_order = False
        self._found = 0
        self._sorted: tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, keys: Sequence[bytes], near: int) -> int | None:
        """The place where these keys stand one after another: ``near`` if they do, else the first.

        A run that was cut off while nothing changed asks for all keys in order and then for what
        it never had. Those are not looked for: a text that comes again much later was computed
        again by the run before, and so it must be by this one.
        """
        self._found += 1
        if self._found % _FOUND_AT_ONCE == 0:
            release(self._keys)
        if self.stand_at(near, keys):
            return near
        if near == len(self) and not self._out_of_order:
            return None
        self._out_of_order = True
        return next((place for place in self._places(keys[0]) if self.stand_at(place, keys)), None)

    def stand_at(self, place: int, keys: Sequence[bytes]) -> bool:
        """Whether the keys begin at ``place``."""
        found = self._keys[place : place + len(keys)]
        return len(found) == len(keys) and found.tobytes() == b"".join(keys)

    def _places(self, key: bytes) -> list[int]:
        if self._sorted is None:
            prefixes = np.ascontiguousarray(self._keys[:, :_PREFIX_BYTES]).view(np.uint64)[:, 0]
            order = np.argsort(prefixes, kind="stable")
            self._sorted = prefixes[order], order
        prefixes, order = self._sorted
        wanted = np.frombuffer(key, np.uint64, 1)
        first, last = (
            int(np.searchsorted(prefixes, wanted, side)[0]) for side in ("left", "right")
        )
        return [int(place) for place in order[first:last]]


class EarlierRows:
    """Vectors of a run before, for documents that did not change."""

    def __init__(self, keys: Keys, read: Callable[[int], FloatArray | None]) -> None:
        """``read`` gives the vector of the row at a place, or None where it is lost."""
        self._keys = keys
        self._read = read
        self._next = 0

    def __len__(self) -> int:
        return len(self._keys)

    def vectors(self, ids: Sequence[str], sha256: str) -> list[FloatArray] | None:
        """The vectors of a document's rows, or None when they are not all there.

        Args:
            ids: of its rows.
            sha256: hex digest of its text.
        """
        place = self._keys.find([row_key(row_id, sha256) for row_id in ids], self._next)
        if place is None:
            return None
        self._next = place + len(ids)
        vectors = [self._read(at) for at in range(place, self._next)]
        found = [vector for vector in vectors if vector is not None]
        return found if len(found) == len(ids) else None

    def passed(self, ids: Sequence[str], sha256: str) -> None:
        """A document's vectors came from elsewhere; if it is the next one here, it no longer is."""
        keys = [row_key(row_id, sha256) for row_id in ids]
        if self._keys.stand_at(self._next, keys):
            self._next += len(ids)
