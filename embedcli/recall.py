"""Vectors that need no computing: of a text met shortly before, or of a run before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from embedcli.documents import FloatArray, TokenizedDocument

RECENT_TEXTS, RECENT_BYTES = 8192, 1 << 25
"""How many texts are remembered, and how much their vectors may take."""


class Earlier(Protocol):
    """The rows of a run before; ``outputs`` has them."""

    def vectors(self, ids: Sequence[str], sha256: str) -> list[FloatArray] | None:
        """The vectors of the rows ``ids`` of a text, or None."""

    def passed(self, ids: Sequence[str], sha256: str) -> None:
        """Is told of a document whose vectors were found elsewhere."""


@dataclass(frozen=True, slots=True)
class Task:
    """A document on its way to its rows.

    Attributes:
        tokenized: the document.
        sha256: hex digest of its text.
        ids: of its rows.
        vectors: finished vectors, one a row. All documents of one text share the list; it is full
            when the first of them has left the pipeline, and rows leave it in order.
        is_known: whether the vectors come from elsewhere.
        is_shared: whether computed vectors are kept for other documents of the text.
    """

    tokenized: TokenizedDocument
    sha256: str
    ids: Sequence[str]
    vectors: list[FloatArray]
    is_known: bool
    is_shared: bool

    def settle(self, index: int, computed: FloatArray | None) -> FloatArray:
        """The vector of row ``index``: the one that was computed, or the one that is known."""
        if computed is None:
            return self.vectors[index]
        if self.is_shared:
            self.vectors.append(computed)
        return computed


@dataclass(slots=True)
class Recall:
    """Looks a document's vectors up before they are computed.

    What is remembered depends on the order of the documents alone, so a run that is resumed
    remembers what the one before did.

    Attributes:
        room: vectors that are remembered, each token's among them where states are kept.
        keeps_states: whether a row is the (T, D) states of its tokens.
        earlier: the rows of a run before.
        duplicates: documents that were given the vectors of an equal text.
        recalled: documents that were given those of the run before.
    """

    room: int
    keeps_states: bool
    earlier: Earlier | None = None
    duplicates: int = 0
    recalled: int = 0
    _recent: OrderedDict[str, list[FloatArray]] = field(default_factory=OrderedDict)
    _sizes: dict[str, int] = field(default_factory=dict)
    _used: int = 0

    def task(self, tokenized: TokenizedDocument, sha256: str, ids: Sequence[str]) -> Task:
        """The document with its vectors, or with a list that they will be put into."""
        recent = self._recent.get(sha256)
        if recent is not None:
            self._recent.move_to_end(sha256)
            self.duplicates += 1
            if self.earlier is not None:
                self.earlier.passed(ids, sha256)
            return Task(tokenized, sha256, ids, recent, is_known=True, is_shared=True)
        found = None if self.earlier is None else self.earlier.vectors(ids, sha256)
        self.recalled += found is not None
        size = self._size(tokenized, ids)
        task = Task(tokenized, sha256, ids, found or [], found is not None, size <= self.room)
        if task.is_shared:
            self._remember(task, size)
        return task

    def _size(self, tokenized: TokenizedDocument, ids: Sequence[str]) -> int:
        return sum(map(len, tokenized.windows)) if self.keeps_states else len(ids)

    def _remember(self, task: Task, size: int) -> None:
        self._recent[task.sha256] = task.vectors
        self._sizes[task.sha256] = size
        self._used += size
        while self._used > self.room:
            oldest, _ = self._recent.popitem(last=False)
            self._used -= self._sizes.pop(oldest)


def room_for(dimension: int, *, keeps_states: bool) -> int:
    """How many vectors of ``dimension`` numbers may be remembered."""
    vectors = RECENT_BYTES // (4 * dimension)
    return vectors if keeps_states else min(vectors, RECENT_TEXTS)
