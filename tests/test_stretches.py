"""Where windows are cut into stretches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from embedcli import stretches as module
from embedcli.documents import Document, TokenizedDocument
from embedcli.recall import Task
from embedcli.stretches import Window, stretches


def windows_of(documents: int, windows: int = 1) -> Iterator[Window]:
    for number in range(documents):
        name = f"d{number}"
        ids = [np.ones(3, np.int32)] * windows
        tokenized = TokenizedDocument(Document(name, "x", "s", "g"), ids, [1] * windows, 0)
        task = Task(tokenized, "", [name], [], is_known=False, is_shared=False)
        yield from (Window(task, index) for index in range(windows))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRETCH_WINDOWS", 160)


def windows_in_each(windows: Iterator[Window]) -> list[int]:
    return [len(stretch.windows) for stretch in stretches(windows, 512, None)]


def test_stretches_begin_short_and_double_until_they_are_whole() -> None:
    assert windows_in_each(windows_of(485)) == [10, 20, 40, 80, 160, 160, 15]


def test_texts_of_many_tokens_end_a_stretch_by_their_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STRETCH_TOKENS", 96)
    assert windows_in_each(windows_of(100)) == [2, 4, 8, 16, 32, 32, 6]


def test_a_document_of_many_windows_is_parted_only_when_it_is_too_long() -> None:
    assert windows_in_each(windows_of(2, 16)) == [16, 16]
    assert windows_in_each(windows_of(1, 25)) == [20, 5]


def test_only_the_last_stretch_ends_with_small_batches() -> None:
    cut = stretches(windows_of(50), 12, None)
    sizes = [[len(batch.ids) for batch in stretch.batches] for stretch in cut]
    assert sizes == [[12, 12, 6], [12] * 5, [12, 12, 9, 6, 3, 3, 3, 3, 3, 3, 3]]
