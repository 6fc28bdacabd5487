"""Documents into rows with an embedder that shows what it was given."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedcli import pipeline, stretches
from embedcli.batching import Batch
from embedcli.documents import Document, FloatArray, Row, TokenizedDocument
from embedcli.errors import InputError
from embedcli.pipeline import embed_documents


class Letters:
    """A token is a character; a text's vector is (its length, the sum of its code points)."""

    batch_tokens = 20

    def __init__(self, workers: int = 1, window: int = 10**9, *, averages: bool = False) -> None:
        self.workers = workers
        self.averages_windows = averages
        self.window = window
        self.calls: list[int] = []
        self.finished = 0

    def tokenize(self, documents: Sequence[Document]) -> list[TokenizedDocument | InputError]:
        self.calls.append(len(documents))
        return [self._tokenized(document) for document in documents]

    def _tokenized(self, document: Document) -> TokenizedDocument | InputError:
        if "!" in document.text:
            return InputError(f"{document.id}: shouts", id=document.id)
        ids = np.array([ord(char) for char in document.text], dtype=np.int32)
        cuts = range(0, len(ids), self.window)
        windows = [ids[start : start + self.window] for start in cuts]
        return TokenizedDocument(document, windows, [len(window) for window in windows], 0)

    def encode(self, batch: Batch) -> list[FloatArray]:
        texts = [text for block in batch.blocks for text in block.of(batch.ids[:, None])]
        return [np.array([len(text), text.sum()], dtype=np.float32) for text in texts]

    def finish(self, vector: FloatArray) -> FloatArray:
        self.finished += 1
        return vector + np.float32(0.5)

    def computing(self) -> AbstractContextManager[None]:
        return nullcontext()


def documents(texts: Sequence[str]) -> list[Document]:
    return [Document(f"d{n}", text, f"{n}.txt", f"g{n}") for n, text in enumerate(texts)]


def rows(texts: Sequence[str], embedder: Letters | None = None) -> list[Row]:
    return list(embed_documents(documents(texts), embedder or Letters()))


@settings(deadline=None)
@given(st.lists(st.text("abcd", min_size=1, max_size=30), max_size=40), st.integers(1, 3))
def test_rows_come_in_order_with_their_own_vectors(texts: list[str], workers: int) -> None:
    found = rows(texts, Letters(workers))
    assert [row.id for row in found] == [f"d{n}" for n in range(len(texts))]
    for row, text in zip(found, texts, strict=True):
        assert row.vector.tolist() == [len(text) + 0.5, sum(map(ord, text)) + 0.5]


def test_a_row_says_where_it_comes_from() -> None:
    (row,) = rows(["héllo"])
    assert (row.source, row.group, row.n_tokens) == ("0.txt", "g0", 5)
    assert (row.truncated, row.tokens_lost) == (False, 0)
    assert row.sha256 == hashlib.sha256("héllo".encode()).hexdigest()


def test_windows_of_a_split_document_are_rows_of_their_own() -> None:
    found = rows(["abcde", "x"], Letters(window=2))
    assert [row.id for row in found] == ["d0#0", "d0#1", "d0#2", "d1"]
    assert [row.n_tokens for row in found] == [2, 2, 1, 1]


def test_windows_are_averaged_by_their_tokens_and_finished_once() -> None:
    embedder = Letters(window=2, averages=True)
    (row,) = rows(["abc"], embedder)
    codes = [ord(char) for char in "abc"]
    expected = [(2 * 2 + 1 * 1) / 3, (2 * (codes[0] + codes[1]) + codes[2]) / 3]
    np.testing.assert_allclose(row.vector, np.array(expected) + 0.5, rtol=1e-6)
    assert (row.id, row.n_tokens, embedder.finished) == ("d0", 3, 1)


def test_the_first_failing_document_stops_unless_it_is_taken() -> None:
    with pytest.raises(InputError, match="d1: shouts"):
        rows(["fine", "no!", "fine"])
    failed: list[InputError] = []
    found = embed_documents(documents(["fine", "no!", "fine"]), Letters(), failed.append)
    assert [row.id for row in found] == ["d0", "d2"]
    assert [error.id for error in failed] == ["d1"]


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_every_document_token_and_byte(workers: int) -> None:
    texts = ["é" * n for n in range(1, 30)]
    seen: list[tuple[int, int, int]] = []
    embedder = Letters(workers, window=7)
    list(embed_documents(documents(texts), embedder, on_progress=lambda *new: seen.append(new)))
    totals = np.array(seen).sum(axis=0).tolist()
    assert totals == [29, sum(range(1, 30)), 2 * sum(range(1, 30))]


def test_progress_is_told_batch_by_batch_before_the_first_row() -> None:
    seen: list[tuple[int, int, int]] = []
    found = embed_documents(
        documents(["a" * 15] * 4), Letters(), on_progress=lambda *new: seen.append(new)
    )
    next(found)
    assert seen == [(1, 15, 15)] * 4


def test_no_documents_are_no_rows() -> None:
    assert rows([]) == []


def test_reading_is_lazy_and_stays_a_few_stretches_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH_TOKENS", 40)
    monkeypatch.setattr(pipeline, "READ_DOCUMENTS", 4)
    read = 0

    def endless() -> Iterator[Document]:
        nonlocal read
        while True:
            read += 1
            yield Document(f"d{read}", "ten chars!"[:-1], "s", "g")

    found = embed_documents(endless(), Letters(workers=2))
    for count in range(1, 200):
        next(found)
        assert read <= count + 40
    found.close()


def test_a_huge_document_ends_a_call_to_the_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "READ_CHARACTERS", 10)
    embedder = Letters()
    rows(["a", "b", "c" * 10, "d", "e"], embedder)
    assert embedder.calls == [3, 2]


def test_an_error_of_the_reader_gives_up_the_queued_batches() -> None:
    before = threading.active_count()
    found = embed_documents(documents(["a" * 15] * 20), Letters(workers=2))
    next(found)
    assert threading.active_count() > before
    with pytest.raises(ZeroDivisionError):
        found.throw(ZeroDivisionError())
    assert threading.active_count() == before
