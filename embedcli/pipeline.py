"""Documents into rows: the whole path on one screen.

    documents -> tokenized documents -> windows -> batches -> vectors -> rows

Everything streams. Documents are read and tokenized a few hundred at a time, windows are sorted
and batched within a stretch of some ten thousand tokens, a few stretches are under way, and rows
leave in input order, so memory does not grow with the number of documents. While the workers
compute one stretch, the calling thread reads and tokenizes the next and writes the last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from embedcli.batching import Batch, batches
from embedcli.documents import Document, FloatArray, IntArray, Row, TokenizedDocument
from embedcli.errors import InputError
from embedcli.workers import computed_ahead

STRETCH_TOKENS = 1 << 16
"""Tokens that are sorted and batched together: enough for full blocks of equal lengths."""

READ_DOCUMENTS, READ_CHARACTERS = 256, 1 << 20
"""Documents in one call to the tokenizer; a huge one ends the call early."""

OnError = Callable[[InputError], None]
"""Raises to stop, or returns to leave the document out."""

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

    document: TokenizedDocument
    index: int

    @property
    def ids(self) -> IntArray:
        """Its token ids, special tokens included."""
        return self.document.windows[self.index]

    @property
    def is_last(self) -> bool:
        """Whether the document ends here."""
        return self.index == len(self.document.windows) - 1


def stop(error: InputError) -> None:
    """The on_error that stops at the first."""
    raise error


def embed_documents(
    documents: Iterable[Document],
    embedder: Embedder,
    on_error: OnError = stop,
    on_progress: OnProgress | None = None,
) -> Iterator[Row]:
    """Rows of the documents, in their order.

    Args:
        documents: any number of documents, read lazily.
        embedder: the model.
        on_error: is given each document that cannot be embedded.
        on_progress: is told of every document done.

    Yields:
        One row a document, or one a window where the model splits documents.
    """
    windows = _windows(documents, embedder, on_error)
    average = np.zeros(1, dtype=np.float32)
    for window, vector in _vectors(windows, embedder):
        document = window.document
        if embedder.averages_windows:
            weighed = vector * np.float32(document.weights[window.index] / sum(document.weights))
            average = weighed if window.index == 0 else average + weighed
            if window.is_last:
                yield _row(document, None, embedder.finish(average))
        else:
            index = window.index if len(document.windows) > 1 else None
            yield _row(document, index, embedder.finish(vector))
        if on_progress is not None:
            size = len(document.document.text.encode()) if window.is_last else 0
            on_progress(int(window.is_last), len(window.ids), size)


def _windows(
    documents: Iterable[Document], embedder: Embedder, on_error: OnError
) -> Iterator[Window]:
    for group in _groups(documents):
        for tokenized in embedder.tokenize(group):
            if isinstance(tokenized, InputError):
                on_error(tokenized)
                continue
            for index in range(len(tokenized.windows)):
                yield Window(tokenized, index)


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
    windows: Iterable[Window], batch_tokens: int
) -> Iterator[tuple[list[Window], list[Batch]]]:
    """Stretches of windows, each with the batches that it was cut into."""
    stretch: list[Window] = []
    tokens = 0
    for window in windows:
        stretch.append(window)
        tokens += len(window.ids)
        if tokens >= STRETCH_TOKENS:
            yield stretch, list(batches([window.ids for window in stretch], batch_tokens))
            stretch, tokens = [], 0
    if stretch:
        yield stretch, list(batches([window.ids for window in stretch], batch_tokens))


def _vectors(windows: Iterable[Window], embedder: Embedder) -> Iterator[tuple[Window, FloatArray]]:
    """Each window with its vector, in the order of the windows."""

    def encode(batch: Batch) -> list[tuple[int, FloatArray]]:
        return list(zip(batch.order, embedder.encode(batch), strict=True))

    stretches = _stretches(windows, embedder.batch_tokens)
    with embedder.computing():
        for stretch, answers in computed_ahead(stretches, encode, embedder.workers):
            by_place = dict(placed for answer in answers for placed in answer)
            for place, window in enumerate(stretch):
                yield window, by_place[place]


def _row(tokenized: TokenizedDocument, index: int | None, vector: FloatArray) -> Row:
    document = tokenized.document
    shown = tokenized.windows if index is None else [tokenized.windows[index]]
    return Row(
        id=document.id if index is None else f"{document.id}#{index}",
        source=document.source,
        group=document.group,
        vector=vector,
        n_tokens=sum(len(window) for window in shown),
        truncated=tokenized.tokens_lost > 0,
        tokens_lost=tokenized.tokens_lost,
        sha256=hashlib.sha256(document.text.encode()).hexdigest(),
    )
