"""``--shard I/N``: N runs over the same inputs, each of which computes its share of the documents.

A vector depends, in its last bits, on the batch that it was computed in. So every run reads and
tokenizes all documents and cuts the same batches, which costs little, and computes the batches of
its share alone: together the runs give, bit for bit, what one run would have given.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from embedcli.batching import Batch
from embedcli.documents import IntArray
from embedcli.errors import InputError

_SHAPE = re.compile(r"([0-9]{1,9})/([0-9]{1,9})", re.ASCII)


class Window(Protocol):
    """A piece of a document that is computed by itself."""

    @property
    def ids(self) -> IntArray:
        """(T,) token ids."""

    @property
    def index(self) -> int:
        """Its place in the document, from 0."""


@dataclass(slots=True)
class Share:
    """Share ``index`` (from 1) of ``count``.

    A document belongs to the share of the batch that holds its first window. The batches of a
    stretch are dealt out in turn; who begins is drawn from the stretch's own tokens, so that no
    state is needed when a run is resumed.
    """

    index: int
    count: int
    _goes_on: bool = False

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def choose(
        self, windows: Sequence[Window], batches: Sequence[Batch]
    ) -> tuple[list[bool], list[Batch]]:
        """What is ours of a stretch.

        Args:
            windows: the stretch; windows of one document lie side by side.
            batches: all batches that it was cut into.

        Returns:
            For each window whether its document is ours, and the batches that hold such windows.
        """
        first = zlib.crc32(windows[0].ids.tobytes())
        dealt = [False] * len(windows)
        for number, batch in enumerate(batches, first):
            for place in batch.order:
                dealt[place] = number % self.count == self.index - 1
        wanted = []
        for window, own in zip(windows, dealt, strict=True):
            self._goes_on = own if window.index == 0 else self._goes_on
            wanted.append(self._goes_on)
        kept = [batch for batch in batches if any(wanted[place] for place in batch.order)]
        return wanted, kept


def parse_share(text: str) -> Share:
    """``2/3`` -> the second share of three.

    Raises:
        InputError: for anything else than two whole numbers, 1 <= I <= N.
    """
    found = _SHAPE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"--shard is {text!r}, expected I/N with I from 1 to N, such as 2/3")
    return Share(int(found[1]), int(found[2]))
