"""Vectors that are known are not computed, in bounded memory and in an order that is fixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embedcli.documents import Document, FloatArray, TokenizedDocument
from embedcli.recall import RECENT_BYTES, RECENT_TEXTS, Recall, Task, room_for


def tokenized(text: str, windows: Sequence[int] = (3,)) -> TokenizedDocument:
    arrays = [np.zeros(length, np.int32) for length in windows]
    return TokenizedDocument(Document("id", text, "-", "-"), arrays, list(windows), 0)


def ask(recall: Recall, text: str, rows: int = 1) -> Task:
    ids = [f"{text}#{row}" for row in range(rows)]
    return recall.task(tokenized(text, (3,) * rows), text, ids)


class Before:
    """A run before that has some texts."""

    def __init__(self, **vectors: list[FloatArray]) -> None:
        self.known = vectors
        self.skipped: list[str] = []

    def vectors(self, ids: Sequence[str], sha256: str) -> list[FloatArray] | None:
        return self.known.get(sha256)

    def passed(self, ids: Sequence[str], sha256: str) -> None:
        self.skipped.append(sha256)


def test_a_text_that_comes_again_is_given_the_vectors_of_the_first() -> None:
    recall = Recall(room=10, keeps_states=False)
    first, again = ask(recall, "a"), ask(recall, "a")
    assert (first.is_known, again.is_known) == (False, True)
    vector = np.ones(2, np.float32)
    assert first.settle(0, vector) is vector
    assert again.settle(0, None) is vector
    assert recall.duplicates == 1


def test_the_oldest_texts_are_forgotten_when_there_is_no_room() -> None:
    recall = Recall(room=2, keeps_states=False)
    known = [ask(recall, text).is_known for text in "abacab"]
    assert known == [False, False, True, False, True, False]


def test_room_is_counted_in_rows_or_in_tokens_where_states_are_kept() -> None:
    rows, states = Recall(room=4, keeps_states=False), Recall(room=4, keeps_states=True)
    assert [ask(rows, text, rows=2).is_known for text in "aab"] == [False, True, False]
    assert [ask(states, text, rows=1).is_known for text in "aba"] == [False, False, False]


def test_a_text_that_has_no_room_is_not_kept() -> None:
    recall = Recall(room=1, keeps_states=False)
    task = ask(recall, "a", rows=2)
    task.settle(0, np.ones(2, np.float32))
    assert not task.vectors
    assert not ask(recall, "a", rows=2).is_known


def test_room_is_bounded_in_bytes_and_in_texts() -> None:
    assert room_for(1, keeps_states=False) == RECENT_TEXTS
    assert room_for(1 << 20, keeps_states=False) == RECENT_BYTES >> 22
    assert room_for(384, keeps_states=True) * 4 * 384 <= RECENT_BYTES


def test_what_the_run_before_had_is_taken_and_counted() -> None:
    before = Before(a=[np.ones(2, np.float32)])
    recall = Recall(room=10, keeps_states=False, earlier=before)
    assert ask(recall, "a").is_known
    assert not ask(recall, "b").is_known
    assert (recall.recalled, recall.duplicates) == (1, 0)


def test_a_run_that_goes_on_finds_the_same_duplicates_as_one_that_did_not_stop() -> None:
    texts = "abcabdaee"
    whole = Recall(room=3, keeps_states=False)
    duplicates = [ask(whole, text).is_known for text in texts]
    before = Before(**{text: [np.ones(2, np.float32)] for text in "abc"})
    resumed = Recall(room=3, keeps_states=False, earlier=before)
    for text in texts:
        ask(resumed, text)
    assert resumed.duplicates == whole.duplicates == sum(duplicates)
    assert len(before.skipped) == whole.duplicates
