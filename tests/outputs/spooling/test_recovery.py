"""What a spool committed is found again, whatever happened to the last bytes of its files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedcli.documents import Row
from embedcli.outputs.spooling.catalog import RECORD_BYTES, Entry
from embedcli.outputs.spooling.spool import CATALOG_NAME, VECTORS_NAME, Spool, has_committed

from ..conftest import make_row

STRETCHES = (3, 1, 4, 2)
WIDTH = 3


def numbered(count: int) -> list[Row]:
    rng = np.random.default_rng(7)
    return [make_row(f"r{n}", rng.standard_normal(WIDTH)) for n in range(count)]


ROWS = numbered(sum(STRETCHES))


def spooled(folder: Path, rows: Sequence[Row] = ROWS) -> Path:
    spool = Spool(folder)
    left = iter(rows)
    for length in STRETCHES:
        for _ in range(length):
            spool.append(next(left))
        spool.commit()
    spool.close()
    return folder


def found(folder: Path) -> int:
    """Rows that a resumed run finds, checked to be the first ones, whole and right."""
    spool = Spool(folder, resume=True)
    earlier = spool.earlier
    assert earlier is not None
    assert spool.committed == len(earlier)
    for row in ROWS[: len(earlier)]:
        vectors = earlier.vectors([row.id], row.sha256)
        assert vectors is not None
        np.testing.assert_array_equal(vectors, [row.vector])
    for row in ROWS[len(earlier) :]:
        assert earlier.vectors([row.id], row.sha256) is None
    spool.close()
    return len(earlier)


def ends(rows: int) -> int:
    """The last end of a stretch at or before a row."""
    return max(int(end) for end in np.cumsum((0, *STRETCHES)) if end <= rows)


def test_all_is_found_after_a_clean_end(tmp_path: Path) -> None:
    assert found(spooled(tmp_path)) == len(ROWS)


def test_what_was_not_committed_is_not_found(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for row in ROWS:
        spool.append(row)
    spool.close()
    assert not has_committed(tmp_path)
    assert found(tmp_path) == 0


@settings(deadline=None, max_examples=60)
@given(
    name=st.sampled_from([VECTORS_NAME, CATALOG_NAME]),
    cut=st.integers(0, len(ROWS) * RECORD_BYTES),
)
def test_a_file_that_is_cut_off_gives_the_whole_stretches_before(name: str, cut: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = spooled(Path(place, "s"))
        size = RECORD_BYTES if name == CATALOG_NAME else 4 * WIDTH
        whole = min(cut, len(ROWS) * size)
        with (folder / name).open("r+b") as file:
            file.truncate(whole)
        assert found(folder) == ends(whole // size)


@settings(deadline=None, max_examples=60)
@given(
    name=st.sampled_from([VECTORS_NAME, CATALOG_NAME]),
    place=st.floats(0, 1, exclude_max=True),
    bits=st.integers(1, 255),
)
def test_a_damaged_byte_costs_its_stretch_and_what_follows(
    name: str, place: float, bits: int
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = spooled(Path(scratch, "s"))
        data = bytearray((folder / name).read_bytes())
        at = int(place * len(data))
        data[at] ^= bits
        (folder / name).write_bytes(data)
        size = RECORD_BYTES if name == CATALOG_NAME else 4 * WIDTH
        assert found(folder) == ends(at // size)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_run_that_goes_on_ends_with_the_files_of_one_that_did_not_stop(
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        whole = spooled(Path(scratch, "whole"))
        folder = spooled(Path(scratch, "s"))
        for _ in range(data.draw(st.integers(1, 3))):
            name = data.draw(st.sampled_from([VECTORS_NAME, CATALOG_NAME]))
            with (folder / name).open("r+b") as file:
                file.truncate(data.draw(st.integers(0, (folder / name).stat().st_size)))
                file.seek(0, 2)
                file.write(data.draw(st.binary(max_size=20)))
            resumed = Spool(folder, resume=True)
            for row in ROWS:
                resumed.append(row)
            resumed.commit()
            np.testing.assert_array_equal(
                np.concatenate(list(resumed.blocks())), [row.vector for row in ROWS]
            )
            resumed.close()
        assert (folder / VECTORS_NAME).read_bytes() == (whole / VECTORS_NAME).read_bytes()


def test_rows_in_another_order_come_out_in_it(tmp_path: Path) -> None:
    spooled(tmp_path)
    spool = Spool(tmp_path, resume=True)
    new = make_row("new", np.ones(WIDTH))
    wanted = [ROWS[4], new, *ROWS[:3], ROWS[9]]
    for row in wanted:
        spool.append(row)
    assert [row.id for row in spool.rows()] == [row.id for row in wanted]
    np.testing.assert_array_equal(
        np.concatenate(list(spool.blocks())), [row.vector for row in wanted]
    )
    spool.close()


def test_vectors_of_a_run_before_are_not_written_again(tmp_path: Path) -> None:
    size = (spooled(tmp_path) / VECTORS_NAME).stat().st_size
    spool = Spool(tmp_path, resume=True)
    for row in reversed(ROWS):
        spool.append(row)
    spool.commit()
    assert (tmp_path / VECTORS_NAME).stat().st_size == size
    spool.close()


def test_a_text_that_changed_is_not_found_and_another_of_its_id_is_not_taken(
    tmp_path: Path,
) -> None:
    spooled(tmp_path)
    spool = Spool(tmp_path, resume=True)
    assert spool.earlier is not None
    assert spool.earlier.vectors([ROWS[0].id], ROWS[1].sha256) is None
    assert spool.earlier.vectors([ROWS[1].id], ROWS[1].sha256) is not None
    spool.close()


def test_a_document_whose_rows_are_not_all_there_is_not_found(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    rows = [make_row("d#0", [1.0]), make_row("d#1", [2.0])]
    same_text = [Row(**{**fields(row), "sha256": rows[0].sha256}) for row in rows]
    for row in same_text:
        spool.append(row)
    spool.commit()
    spool.close()
    again = Spool(tmp_path, resume=True)
    assert again.earlier is not None
    sha256 = rows[0].sha256
    assert again.earlier.vectors(["d#0", "d#1", "d#2"], sha256) is None
    assert len(again.earlier.vectors(["d#0", "d#1"], sha256) or ()) == 2
    again.close()


def fields(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in Row.__slots__}


@pytest.mark.parametrize("shape", [(5,), (0, 5), (1, 5), (7, 5)])
def test_a_record_gives_its_entry_back(shape: tuple[int, ...]) -> None:
    entry = Entry(bytes(range(32)), 12345678901, shape, 77, ends_stretch=True)
    packed = entry.pack()
    assert len(packed) == RECORD_BYTES
    assert Entry.unpack(packed) == entry
    assert Entry.unpack(packed[:-1]) is None


def test_a_spool_of_a_full_disk_goes_on_when_there_is_room(tmp_path: Path) -> None:
    spooled(tmp_path / "s", ROWS)
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "s", copy)
    with (copy / VECTORS_NAME).open("ab") as file:
        file.write(b"half a vec")
    assert found(copy) == len(ROWS)
