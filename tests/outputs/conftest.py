"""Rows to write: a few vectors, or a few matrices, with awkward ids and sources."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from embedcli.documents import Row

MakeRow = Callable[..., Row]


def make_row(
    row_id: str, vector: npt.ArrayLike, *, group: str = "a.txt", source: str = "a.txt"
) -> Row:
    return Row(
        id=row_id,
        source=source,
        group=group,
        vector=np.asarray(vector, dtype=np.float32),
        n_tokens=len(row_id) + 2,
        truncated=len(row_id) % 2 == 0,
        tokens_lost=0,
        sha256=hashlib.sha256(row_id.encode()).hexdigest(),
    )


@pytest.fixture
def row() -> MakeRow:
    return make_row


@pytest.fixture
def vector_rows() -> Sequence[Row]:
    rng = np.random.default_rng(0)
    ids = ["-:1", "=SUM(A1)", "dir/straße.txt", 'say "hi", ok', "line\nbreak", "日本/語.npy", "'x"]
    sources = ["-", "a.txt", "bad\udcffname.txt", "C:\\udcff", "a b", "\\u005c", "x"]
    return [
        make_row(name, rng.standard_normal(10), source=source)
        for name, source in zip(ids, sources, strict=True)
    ]


@pytest.fixture
def matrix_rows() -> Sequence[Row]:
    rng = np.random.default_rng(1)
    ids = ["nested/deep.txt", "../climb", "straße", "vectors", "x"]
    return [
        make_row(name, rng.standard_normal((tokens, 6)), source="s\udcfe.txt")
        for tokens, name in enumerate(ids, start=1)
    ]
