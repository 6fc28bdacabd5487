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

    Args:
        windows: read lazily.
        batch_tokens: tokens a batch should have.
        share: the part of the batches that is computed; None for all.
    """
    held: list[Window] = []
    tokens = 0
    for window in windows:
        held.append(window)
        tokens += len(window.ids)
        fullness = max(tokens / STRETCH_TOKENS, len(held) / STRETCH_WINDOWS)
        if fullness >= (1 if window.is_last else 2):
            yield _cut(held, batch_tokens, share)
            held, tokens = [], 0
    if held:
        yield _cut(held, batch_tokens, share)


def measure(windows: Sequence[Window]) -> tuple[int, int, int]:
    """Documents that end in the windows, tokens of the windows, bytes of the documents' text."""
    ended = [window.task.tokenized.document for window in windows if window.is_last]
    tokens = sum(len(window.ids) for window in windows)
    return len(ended), tokens, sum(len(document.text.encode()) for document in ended)


def _cut(windows: list[Window], batch_tokens: int, share: Share | None) -> Stretch:
    unknown = [window for window in windows if not window.task.is_known]
    cut = list(batches([window.ids for window in unknown], batch_tokens))
    if share is None or not cut:
        return Stretch(windows, unknown, [True] * len(unknown), cut)
    return Stretch(windows, unknown, *share.choose(unknown, cut))
