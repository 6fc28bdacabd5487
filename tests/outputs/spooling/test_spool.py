"""A spool gives its rows back, whole and in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embedcli.documents import Row
from embedcli.outputs.spooling.spool import Spool, has_committed

from ..conftest import MakeRow


def test_rows_come_back_equal(tmp_path: Path, vector_rows: Sequence[Row]) -> None:
    spool = Spool(tmp_path / "s")
    for row in vector_rows:
        spool.append(row)
    for before, after in zip(vector_rows, spool.rows(), strict=True):
        np.testing.assert_array_equal(before.vector, after.vector)
        for name in ("id", "source", "group", "n_tokens", "truncated", "tokens_lost", "sha256"):
            assert getattr(before, name) == getattr(after, name)
    spool.remove()
    assert not (tmp_path / "s").exists()


def test_every_row_is_on_disk_when_it_is_committed(tmp_path: Path, row: MakeRow) -> None:
    spool = Spool(tmp_path)
    spool.append(row("a", [1, 2]))
    assert not has_committed(tmp_path)
    spool.commit()
    assert (tmp_path / "vectors.f32").read_bytes() == np.array([1, 2], "<f4").tobytes()
    assert has_committed(tmp_path)
    spool.close()


def test_a_row_of_another_width_is_refused(tmp_path: Path, row: MakeRow) -> None:
    spool = Spool(tmp_path)
    spool.append(row("a", [1, 2]))
    with pytest.raises(ValueError, match="3 columns, not 2"):
        spool.append(row("b", [1, 2, 3]))
    spool.close()


def test_a_cleared_spool_begins_anew(tmp_path: Path, row: MakeRow) -> None:
    spool = Spool(tmp_path)
    spool.append(row("long id", [1, 2]))
    spool.clear()
    spool.append(row("b", [[3], [4]]))
    assert [item.id for item in spool.rows()] == ["b"]
    assert (spool.count, spool.columns, spool.id_length) == (1, 1, 1)
    spool.close()


def test_blocks_are_all_vectors_in_order_across_their_bounds(tmp_path: Path, row: MakeRow) -> None:
    spool = Spool(tmp_path)
    numbers = np.arange(3 * 700 * 2, dtype=np.float32).reshape(3, 700, 2)
    for matrix in numbers:
        spool.append(row("a", matrix))
    blocks = list(spool.blocks())
    assert len(blocks) > 1
    np.testing.assert_array_equal(np.concatenate(blocks), numbers.reshape(-1, 2))
    spool.close()
