"""Windows side by side, cut into batches: the unit that is sorted, computed, shared and resumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from embedcli.batching import Batch, batches
from embedcli.documents import IntArray
from embedcli.recall import Task
from embedcli.sharding import Share

STRETCH_TOKENS = 1 << 16
"""Tokens that are sorted and batched together: enough for full blocks of equal lengths."""

STRETCH_WINDOWS = 2048
"""A window takes about a kilobyte beside its tokens, so very short ones end a stretch early."""

FIRST = 1 / 16
"""The first stretch, of a whole one: workers and readers of the rows wait for no more. Each
further one is twice as long, up to the whole."""


@dataclass(frozen=True, slots=True)
class Window:
    """Window ``index`` of a document."""

    task: Task
    index: int

    @property
    def ids(self) -> IntArray:
        """Its token ids, special tokens included."""
        return self.task.tokenized.windows[self.index]

    @property
    def is_last(self) -> bool:
        """Whether the document ends here."""
        return self.index == len(self.task.tokenized.windows) - 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """Windows in their order, and what is to be computed of them.

    Attributes:
        windows: all of them.
        unknown: those whose vectors are not known from elsewhere.
        ours: for each unknown window, whether its document is in our share.
        batches: of the unknown windows that are needed for our share.
    """

    windows: Sequence[Window]
    unknown: Sequence[Window]
    ours: Sequence[bool]
    batches: Sequence[Batch]


def stretches(
    windows: Iterable[Window], batch_tokens: int, share: Share | None
) -> Iterator[Stretch]:
    """Cut windows into stretches; one ends with a document, unless that is too long.

    A stretch is given when the first window behind it is there, or the end, because the batches
    of the last one are to end together.

    Args:
        windows: read lazily.
        batch_tokens: tokens a batch should have.
        share: the part of the batches that is computed; None for all.
    """
    held: list[Window] = []
    tokens, size, is_full = 0, FIRST, False
    for window in windows:
        if is_full:
            yield _cut(held, batch_tokens, share, tapers=False)
            held, tokens, size = [], 0, min(1.0, 2 * size)
        held.append(window)
        tokens += len(window.ids)
        fullness = max(tokens / STRETCH_TOKENS, len(held) / STRETCH_WINDOWS) / size
        is_full = fullness >= (1 if window.is_last else 2)
    if held:
        yield _cut(held, batch_tokens, share, tapers=True)


def measure(windows: Sequence[Window]) -> tuple[int, int, int]:
    """Documents that end in the windows, tokens of the windows, bytes of the documents' text."""
    ended = [window.task.tokenized.document for window in windows if window.is_last]
    tokens = sum(len(window.ids) for window in windows)
    return len(ended), tokens, sum(len(document.text.encode()) for document in ended)


def _cut(windows: list[Window], batch_tokens: int, share: Share | None, *, tapers: bool) -> Stretch:
    unknown = [window for window in windows if not window.task.is_known]
    cut = list(batches([window.ids for window in unknown], batch_tokens, tapers=tapers))
    if share is None or not cut:
        return Stretch(windows, unknown, [True] * len(unknown), cut)
    return Stretch(windows, unknown, *share.choose(unknown, cut))
