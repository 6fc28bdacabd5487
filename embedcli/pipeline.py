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
from typing import Protocol

import numpy as np

from embedcli.batching import Batch
from embedcli.documents import Document, FloatArray, Row, TokenizedDocument
from embedcli.errors import InputError
from embedcli.recall import Recall, Task
from embedcli.sharding import Share
from embedcli.stretches import Stretch, Window, measure, stretches
from embedcli.workers import computed_ahead

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
    cut = stretches(windows, embedder.batch_tokens, share)
    average = ELSEWHERE
    for window, computed in _vectors(cut, embedder, on_progress, on_stretch):
        task, index, vector = window.task, window.index, computed
        if embedder.averages_windows:
            if vector is not None:
                weighed = vector * task.tokenized.share(index)
                vector = average = weighed if index == 0 else average + weighed
            index = 0
            if not window.is_last:
                continue
        row = _row(task, index, None if vector is None else embedder.finish(vector))
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
    for group in read_together(documents):
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


def read_together(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Documents in the groups that the tokenizer is given at a time."""
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


def _vectors(
    cut: Iterable[Stretch],
    embedder: Embedder,
    on_progress: OnProgress | None,
    on_stretch: OnStretch | None,
) -> Iterator[tuple[Window, FloatArray | None]]:
    """Each window in its order, with its vector unless that is known."""

    def encode(batch: Batch) -> list[tuple[int, FloatArray]]:
        return list(zip(batch.order, embedder.encode(batch), strict=True))

    jobs = ((stretch, stretch.batches) for stretch in cut)
    ahead = computed_ahead(jobs, encode, embedder.workers)
    with embedder.computing(), closing(ahead):
        for stretch, answers in ahead:
            by_place: dict[int, FloatArray] = {}
            for answer in answers:
                by_place.update(answer)
                if on_progress is not None:
                    on_progress(*measure([stretch.unknown[place] for place, _ in answer]))
            vectors = (by_place[n] if own else ELSEWHERE for n, own in enumerate(stretch.ours))
            for window in stretch.windows:
                yield window, None if window.task.is_known else next(vectors)
            if on_progress is not None:
                documents, _, size = measure([w for w in stretch.windows if w.task.is_known])
                on_progress(documents, 0, size)
            if on_stretch is not None and stretch.windows[-1].is_last:
                on_stretch()


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
