"""What a shard says about itself comes back from its provenance, or is refused."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedcli.errors import OutputError
from embedcli.outputs.share_map import ShareMap, read_share_map

from .conftest import make_row


def mapped(held: list[bool]) -> ShareMap:
    share_map = ShareMap()
    for number, own in enumerate(held):
        assert share_map.add(make_row(f"r{number}", [1.0] if own else [])) is own
    return share_map


@given(st.lists(st.booleans(), max_size=70))
def test_the_bits_come_back(held: list[bool]) -> None:
    facts = mapped(held).facts()
    np.testing.assert_array_equal(read_share_map(facts, "s.npy"), np.array(held, np.bool_))


def test_the_digest_is_over_all_rows_and_their_order() -> None:
    digests = {
        tuple(held): mapped(held).facts()["sha256_of_all"]
        for held in ([True, False], [False, True], [True, True, True])
    }
    assert digests[True, False] == digests[False, True] != digests[True, True, True]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"shard_rows": "not base64!"},
        {"shard_rows": base64.b64encode(b"not zlib").decode()},
        {"shard_rows": base64.b64encode(zlib.compress(bytes(10**6))).decode()},
        {"shard_rows": base64.b64encode(zlib.compress(b"\xff")).decode()},
        {"shard_rows": None},
        {"rows_of_all": -1},
        {"rows_of_all": 10**18},
        {"rows_of_all": "x"},
    ],
)
def test_a_damaged_map_is_an_output_error(spoilt: dict[str, Any]) -> None:
    facts = {**mapped([True, False, True]).facts(), **spoilt}
    with pytest.raises(OutputError, match=r"s\.npy: what it says about its shard is damaged"):
        read_share_map(facts, "s.npy")
