"""Every document belongs to exactly one share, and batches are those of the undivided run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedcli.batching import batches
from embedcli.documents import IntArray
from embedcli.errors import InputError
from embedcli.sharding import Share, parse_share


@dataclass
class Piece:
    ids: IntArray
    index: int


def pieces(documents: list[list[int]]) -> list[Piece]:
    """Documents, each given by the lengths of its windows."""
    return [
        Piece(np.full(length, number, np.int32), index)
        for number, lengths in enumerate(documents)
        for index, length in enumerate(lengths)
    ]


@pytest.mark.parametrize(
    "text", ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "a/b", "1/３", " 1/2"]
)
def test_what_is_no_share_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match="expected I/N") as caught:
        parse_share(text)
    assert caught.value.exit_code == 2


def test_a_share_is_written_as_it_is_read() -> None:
    assert str(parse_share("2/3")) == "2/3"
    assert str(parse_share("1/1")) == "1/1"


documents = st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=4), min_size=1, max_size=40)


@given(documents, st.integers(1, 5))
def test_shares_are_disjoint_and_together_everything(lengths: list[list[int]], count: int) -> None:
    stretch = pieces(lengths)
    cut = list(batches([piece.ids for piece in stretch], 64))
    chosen = [Share(index, count).choose(stretch, cut) for index in range(1, count + 1)]
    for place in range(len(stretch)):
        assert sum(wanted[place] for wanted, _ in chosen) == 1
    for wanted, kept in chosen:
        held = {place for batch in kept for place in batch.order}
        assert {place for place, own in enumerate(wanted) if own} <= held
        assert {id(batch) for batch in kept} <= {id(batch) for batch in cut}


@given(documents, st.integers(1, 5))
def test_the_windows_of_a_document_stay_together(lengths: list[list[int]], count: int) -> None:
    stretch = pieces(lengths)
    cut = list(batches([piece.ids for piece in stretch], 64))
    wanted, _ = Share(1, count).choose(stretch, cut)
    for number in range(len(lengths)):
        own = {wanted[place] for place, piece in enumerate(stretch) if piece.ids[0] == number}
        assert len(own) == 1


def test_a_document_that_began_in_the_stretch_before_stays_where_it_is() -> None:
    whole = pieces([[5], [64, 64, 64]])
    owners = []
    for index in (1, 2):
        share = Share(index, 2)
        first, _ = share.choose(whole[:2], list(batches([w.ids for w in whole[:2]], 64)))
        second, kept = share.choose(whole[2:], list(batches([w.ids for w in whole[2:]], 64)))
        assert second == [first[1]] * 2
        assert len(kept) == (2 if first[1] else 0)
        owners.append(first[1])
    assert sorted(owners) == [False, True]


def test_equal_batches_are_dealt_out_evenly() -> None:
    stretch = pieces([[64]] * 12)
    cut = list(batches([piece.ids for piece in stretch], 64))
    assert [sum(Share(i, 4).choose(stretch, cut)[0]) for i in (1, 2, 3, 4)] == [3, 3, 3, 3]
