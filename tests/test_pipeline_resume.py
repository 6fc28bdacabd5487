"""A run that goes on makes the batches, and so the bits, of one that did not stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedcli import pipeline, stretches
from embedcli.batching import Batch
from embedcli.documents import Document, FloatArray, Row, TokenizedDocument
from embedcli.errors import InputError
from embedcli.pipeline import embed_documents
from embedcli.recall import Recall


class BatchBound:
    """An embedder whose vectors depend on their whole batch, as those of real engines do."""

    batch_tokens = 20

    def __init__(self, *, workers: int = 1, averages: bool = False) -> None:
        self.workers = workers
        self.averages_windows = averages
        self.encoded = 0

    def tokenize(self, documents: Sequence[Document]) -> list[TokenizedDocument | InputError]:
        return [self._tokenize(document) for document in documents]

    def _tokenize(self, document: Document) -> TokenizedDocument:
        ids = np.frombuffer(document.text.encode(), np.uint8).astype(np.int32)
        windows = [ids[start : start + 8] for start in range(0, len(ids), 8)]
        return TokenizedDocument(document, windows, [len(w) for w in windows], 0)

    def encode(self, batch: Batch) -> list[FloatArray]:
        self.encoded += len(batch.order)
        total = float(batch.ids.sum())
        starts = np.cumsum([0, *batch.lengths])
        return [np.float32([batch.ids[a:b].sum(), b - a, total]) for a, b in pairwise(starts)]

    def finish(self, vector: FloatArray) -> FloatArray:
        return vector

    def computing(self) -> AbstractContextManager[None]:
        return nullcontext()


class Before:
    """The rows of a run before, by id and text."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = {(row.id, row.sha256): row.vector for row in rows}

    def vectors(self, ids: Sequence[str], sha256: str) -> list[FloatArray] | None:
        found = [self.rows[name, sha256] for name in ids if (name, sha256) in self.rows]
        return found if len(found) == len(ids) else None

    def passed(self, ids: Sequence[str], sha256: str) -> None:
        """It has no cursor."""


def documents(texts: Sequence[str]) -> Iterator[Document]:
    return (Document(f"d{n}", text, "-", "-") for n, text in enumerate(texts))


def same(ours: Sequence[Row], theirs: Sequence[Row]) -> bool:
    pairs = zip(ours, theirs, strict=True)
    return all(a.id == b.id and np.array_equal(a.vector, b.vector) for a, b in pairs)


texts_strategy = st.lists(st.text("abc", min_size=1, max_size=30), min_size=1, max_size=60)


@settings(deadline=None, max_examples=60)
@given(
    texts=texts_strategy,
    averages=st.booleans(),
    workers=st.sampled_from([1, 2]),
    stop=st.integers(0, 20),
)
def test_stopped_at_any_stretch_and_gone_on_with_gives_the_same_bits(
    texts: list[str], averages: bool, workers: int, stop: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STRETCH_TOKENS", 50)
        patch.setattr(pipeline, "READ_DOCUMENTS", 7)
        first = BatchBound(workers=workers, averages=averages)
        whole, ends = [], [0]
        for row in embed_documents(
            documents(texts),
            first,
            recall=Recall(9, keeps_states=False),
            on_stretch=lambda: ends.append(len(whole)),
        ):
            whole.append(row)  # noqa: PERF402 - the hook counts them
        assert ends[-1] == len(whole)
        kept = whole[: ends[min(stop, len(ends) - 1)]]
        recall = Recall(9, keeps_states=False, earlier=Before(kept))
        second = BatchBound(workers=1, averages=averages)
        assert same(list(embed_documents(documents(texts), second, recall=recall)), whole)
        assert not kept or second.encoded < first.encoded or first.encoded == 0


def test_equal_texts_are_encoded_once_and_keep_their_own_ids() -> None:
    embedder = BatchBound()
    recall = Recall(100, keeps_states=False)
    rows = list(embed_documents(documents(["aa", "b", "aa", "aa"]), embedder, recall=recall))
    assert [row.id for row in rows] == ["d0", "d1", "d2", "d3"]
    assert embedder.encoded == 2
    assert recall.duplicates == 2
    np.testing.assert_array_equal(rows[0].vector, rows[3].vector)


def test_only_what_changed_is_encoded() -> None:
    old = ["aaaa", "bbb", "ccc", "a" * 30]
    rows = list(embed_documents(documents(old), BatchBound()))
    embedder = BatchBound()
    recall = Recall(100, keeps_states=False, earlier=Before(rows))
    new = ["aaaa", "changed", "ccc", "a" * 30, "added"]
    again = list(embed_documents(documents(new), embedder, recall=recall))
    assert embedder.encoded == 2
    assert recall.recalled == 3
    kept = [row for row in again if row.id not in {"d1", "d4"}]
    assert same(kept, [row for row in rows if row.id != "d1"])


def test_the_windows_of_a_document_that_is_longer_than_a_stretch_do_not_pile_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_TOKENS", 16)
    monkeypatch.setattr(stretches, "FIRST", 1.0)
    ends: list[int] = []
    rows: list[Row] = []
    for row in embed_documents(
        documents(["a" * 208, "b"]), BatchBound(), on_stretch=lambda: ends.append(len(rows))
    ):
        rows.append(row)  # noqa: PERF402 - the hook counts them
    assert len(rows) == 27
    assert ends == [26, 27]


class Broken(BatchBound):
    """Gives NaN for a text with an x."""

    def finish(self, vector: FloatArray) -> FloatArray:
        return vector * np.float32(np.nan) if vector[0] == ord("x") else vector


def test_a_row_that_is_not_finite_is_an_error_of_its_document() -> None:
    errors: list[InputError] = []
    recall = Recall(100, keeps_states=False)
    given_rows = embed_documents(
        documents(["a", "x", "b", "x"]), Broken(), errors.append, recall=recall
    )
    assert [row.id for row in given_rows] == ["d0", "d2"]
    assert [(error.id, error.kind) for error in errors] == [
        ("d1", "not-finite"),
        ("d3", "not-finite"),
    ]


def test_a_row_that_is_not_finite_stops_the_run_unless_told_otherwise() -> None:
    with pytest.raises(InputError, match="d0: its vector holds NaN or infinity"):
        list(embed_documents(documents(["x"]), Broken()))
