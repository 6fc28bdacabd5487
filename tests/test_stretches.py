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
    monkeypatch.setattr(module, "STRETCH_WINDOWS", 10)


def test_very_short_texts_end_a_stretch_by_their_number() -> None:
    cut = [len(stretch.windows) for stretch in stretches(windows_of(25), 512, None)]
    assert cut == [10, 10, 5]


def test_a_document_of_many_windows_is_parted_only_when_it_is_too_long() -> None:
    cut = [len(stretch.windows) for stretch in stretches(windows_of(2, 16), 512, None)]
    assert cut == [16, 16]
    cut = [len(stretch.windows) for stretch in stretches(windows_of(1, 25), 512, None)]
    assert cut == [20, 5]
