"""Documents into rows: the whole path on one screen.

    documents -> tokenized documents -> windows -> batches -> vectors -> rows

Everything streams. Documents are read and tokenized a few hundred at a time, windows are sorted
and batched within a stretch of some ten thousand tokens, a few stretches are under way, and rows
leave in input order, so memory does not grow with the number of documents. While the workers
compute one stretch, the calling thread reads and tokenizes the next and writes the last.

The last bits of a vector depend on its batch. Stretches are cut by the order of the documents
alone, whether their vectors are computed or recalled, so that a run which is resumed behind a
stretch makes the batches, and the bits, of one that was not interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from embedcli.batching import Batch, batches
from embedcli.documents import Document, FloatArray, IntArray, Row, TokenizedDocument
from embedcli.errors import InputError
from embedcli.recall import Recall, Task
from embedcli.sharding import Share
from embedcli.workers import computed_ahead

STRETCH_TOKENS = 1 << 16
"""Tokens that are sorted and batched together: enough for full blocks of equal lengths."""

READ_DOCUMENTS, READ_CHARACTERS = 256, 1 << 20
"""Documents in one call to the tokenizer; a huge one ends the call early."""

OnError = Callable[[InputError], None]
"""Raises to stop, or returns to leave the document out."""

OnStretch = Callable[[], None]
"""Is called when all rows of some whole documents, a stretch, have been taken."""

OnProgress = Callable[[int, int, int], None]
"""Is told (documents, tokens, bytes of text) that are newly done."""


class Embedder(Protocol):
    """What the pipeline needs of a model."""

    @property
    def workers(self) -> int:
        """Batches that may be encoded at the same time."""

    @property
    def batch_tokens(self) -> int:
        """Tokens a batch should have."""

    @property
    def averages_windows(self) -> bool:
        """Whether the windows of a document become one row, their mean."""

    def tokenize(self, documents: Sequence[Document]) -> list[TokenizedDocument | InputError]:
        """Each document's windows, or why it cannot be embedded."""

    def encode(self, batch: Batch) -> list[FloatArray]:
        """The vector (D,), or the states (T, D), of each text, in packed order."""

    def finish(self, vector: FloatArray) -> FloatArray:
        """What is done last and once for each row, after windows are averaged."""

    def computing(self) -> AbstractContextManager[None]:
        """Held while batches are computed."""


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


Stretch = tuple[tuple[list[Window], list[bool]], list[Batch]]
"""Windows side by side; of those whose vectors are unknown, which are ours, and their batches."""

ELSEWHERE: FloatArray = np.zeros(0, dtype=np.float32)
"""The vector of a row that another shard computes."""


def stop(error: InputError) -> None:
    """The on_error that stops at the first."""
    raise error


def embed_documents(
    documents: Iterable[Document],
    embedder: Embedder,
    on_error: OnError = stop,
    on_progress: OnProgress | None = None,
    *,
    recall: Recall | None = None,
    on_stretch: OnStretch | None = None,
    share: Share | None = None,
) -> Generator[Row, None, None]:
    """Rows of the documents, in their order.

    Args:
        documents: any number of documents, read lazily.
        embedder: the model.
        on_error: is given each document that cannot be embedded.
        on_progress: is told of every batch done, before its rows can be given in their order.
        recall: knows vectors that need no computing; None computes all.
        on_stretch: is told where a run could be resumed.
        share: computes its documents alone.

    Yields:
        One row a document, or one a window where the model splits documents. The vector of a row
        that is not in the share is empty.
    """
    windows = _windows(documents, embedder, on_error, recall)
    average = np.zeros(1, dtype=np.float32)
    stretches = _stretches(windows, embedder.batch_tokens, share)
    for window, computed in _vectors(stretches, embedder, on_progress, on_stretch):
        task, index, vector = window.task, window.index, computed
        if embedder.averages_windows:
            if vector is not None:
                weights = task.tokenized.weights
                weighed = vector * np.float32(weights[index] / sum(weights))
                vector = average = weighed if index == 0 else average + weighed
            index = 0
            if not window.is_last:
                continue
        row = _row(task, index, embedder.finish(vector) if vector is not None else None)
        if np.isfinite(row.vector).all():
            yield row
        else:
            on_error(_not_finite(row))


def _windows(
    documents: Iterable[Document],
    embedder: Embedder,
    on_error: OnError,
    recall: Recall | None,
) -> Iterator[Window]:
    recall = recall or Recall(room=0, keeps_states=False)
    for group in _groups(documents):
        for tokenized in embedder.tokenize(group):
            if isinstance(tokenized, InputError):
                on_error(tokenized)
                continue
            sha256 = hashlib.sha256(tokenized.document.text.encode()).hexdigest()
            task = recall.task(tokenized, sha256, _row_ids(tokenized, embedder))
            for index in range(len(tokenized.windows)):
                yield Window(task, index)


def _row_ids(tokenized: TokenizedDocument, embedder: Embedder) -> list[str]:
    name, windows = tokenized.document.id, len(tokenized.windows)
    if windows == 1 or embedder.averages_windows:
        return [name]
    return [f"{name}#{index}" for index in range(windows)]


def _groups(documents: Iterable[Document]) -> Iterator[list[Document]]:
    group: list[Document] = []
    characters = 0
    for document in documents:
        group.append(document)
        characters += len(document.text)
        if len(group) >= READ_DOCUMENTS or characters >= READ_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group


def _stretches(
    windows: Iterable[Window], batch_tokens: int, share: Share | None
) -> Iterator[Stretch]:
    """Cuts windows into stretches; one ends with a document, unless that is too long."""
    stretch: list[Window] = []
    tokens = 0
    for window in windows:
        stretch.append(window)
        tokens += len(window.ids)
        if tokens >= STRETCH_TOKENS * (1 if window.is_last else 2):
            yield _cut(stretch, batch_tokens, share)
            stretch, tokens = [], 0
    if stretch:
        yield _cut(stretch, batch_tokens, share)


def _cut(stretch: list[Window], batch_tokens: int, share: Share | None) -> Stretch:
    unknown = [window for window in stretch if not window.task.is_known]
    cut = list(batches([window.ids for window in unknown], batch_tokens))
    if share is None or not cut:
        return (stretch, [True] * len(unknown)), cut
    ours, cut = share.choose(unknown, cut)
    return (stretch, ours), cut


def _vectors(
    stretches: Iterable[Stretch],
    embedder: Embedder,
    on_progress: OnProgress | None,
    on_stretch: OnStretch | None,
) -> Iterator[tuple[Window, FloatArray | None]]:
    """Each window in its order, with its vector unless that is known."""

    def encode(batch: Batch) -> list[tuple[int, FloatArray]]:
        return list(zip(batch.order, embedder.encode(batch), strict=True))

    ahead = computed_ahead(stretches, encode, embedder.workers)
    with embedder.computing(), closing(ahead):
        for (stretch, ours), answers in ahead:
            unknown = [window for window in stretch if not window.task.is_known]
            by_place: dict[int, FloatArray] = {}
            for answer in answers:
                by_place.update(answer)
                if on_progress is not None:
                    on_progress(*_size([unknown[place] for place, _ in answer]))
            if on_progress is not None and len(unknown) < len(stretch):
                documents, _, size = _size([w for w in stretch if w.task.is_known])
                on_progress(documents, 0, size)
            vectors = (by_place[n] if own else ELSEWHERE for n, own in enumerate(ours))
            for window in stretch:
                yield window, None if window.task.is_known else next(vectors)
            if on_stretch is not None and stretch[-1].is_last:
                on_stretch()


def _size(windows: Sequence[Window]) -> tuple[int, int, int]:
    """Documents that end in the windows, their tokens, and bytes of text."""
    ended = [window.task.tokenized.document for window in windows if window.is_last]
    tokens = sum(len(window.ids) for window in windows)
    return len(ended), tokens, sum(len(document.text.encode()) for document in ended)


def _row(task: Task, index: int, computed: FloatArray | None) -> Row:
    tokenized, document = task.tokenized, task.tokenized.document
    shown = tokenized.windows if len(task.ids) == 1 else [tokenized.windows[index]]
    return Row(
        id=task.ids[index],
        source=document.source,
        group=document.group,
        vector=task.settle(index, computed),
        n_tokens=sum(len(window) for window in shown),
        truncated=tokenized.tokens_lost > 0,
        tokens_lost=tokenized.tokens_lost,
        sha256=task.sha256,
    )


def _not_finite(row: Row) -> InputError:
    return InputError(
        f"{row.id}: its vector holds NaN or infinity; look at the model with embedcli models show, "
        "or use --dtype float32",
        id=row.id,
        source=row.source,
        kind="not-finite",
    )
