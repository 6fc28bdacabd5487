import numpy as np

from embedcli.attention import Memory
from embedcli.attention.memory import TILE, tiles


def test_a_name_keeps_its_bytes():
    memory = Memory()
    first = memory.array("scores", (4, 6))
    assert np.shares_memory(first, memory.array("scores", (3, 5)))
    assert memory.array("scores", (3, 5)).flags.c_contiguous


def test_names_and_precisions_do_not_share():
    memory = Memory()
    first = memory.array("scores", (4,))
    assert not np.shares_memory(first, memory.array("weights", (4,)))
    assert not np.shares_memory(first, memory.array("scores", (4,), np.float64))


def test_a_larger_array_leaves_what_was_handed_out_alone():
    memory = Memory()
    small = memory.array("scores", (2,))
    small[:] = 1
    memory.array("scores", (200,))[:] = 2
    np.testing.assert_array_equal(small, 1)


def test_columns_are_an_array_whose_columns_lie_together_an_odd_number_of_lines_apart():
    memory = Memory()
    for rows in (1, 15, 16, 1000, 1024):
        x = memory.columns("keys", (rows, 6))
        assert x.shape == (rows, 6)
        assert x.strides[0] == 4
        assert x.strides[1] % 128 == 64
        x[:] = np.arange(6)
        np.testing.assert_array_equal(x.sum(axis=0), rows * np.arange(6))
    wide = memory.columns("keys", (9, 6), np.float64)
    assert wide.dtype == np.float64
    assert wide.strides == (8, 192)


def test_tiles_cover_every_row_once():
    for rows, width in ((0, 8), (1, TILE * 3), (1000, 384), (7, 1)):
        covered = [row for cut in tiles(rows, width) for row in range(rows)[cut]]
        assert covered == list(range(rows))
