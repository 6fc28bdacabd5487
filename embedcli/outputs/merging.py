"""Shards put together: what one run would have written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs.resuming.run_facts import deciding, differences
from embedcli.outputs.share_map import DIGEST, FACTS_OF_A_SHARD, SHARD, read_share_map
from embedcli.outputs.stored_rows import StoredRows, read_rows

_ADDED_UP = ("count", "tokens", "documents_truncated", "tokens_lost")
_OF_THE_WHOLE = ("versions", "documents_failed", DIGEST)


@dataclass(frozen=True, slots=True)
class Merged:
    """All the shards of a run, checked to fit.

    Attributes:
        facts: how the whole was made.
        count: rows of the whole.
    """

    facts: Mapping[str, Any]
    count: int
    _shards: Sequence[StoredRows]
    _owners: npt.NDArray[np.int32]

    def rows(self) -> Iterator[Row]:
        """The rows in input order.

        Raises:
            InputError: when a shard is damaged.
        """
        streams = [iter(shard) for shard in self._shards]
        for owner in self._owners:
            yield next(streams[owner]).as_row()


def open_shards(paths: Sequence[Path]) -> Merged:
    """Opens the shards of one run.

    Args:
        paths: the shards, in any order.

    Raises:
        InputError: when a file cannot be read.
        OutputError: when one is no shard, missing, double, or made another way than the others.
    """
    shards = [read_rows(path) for path in paths]
    places = _check_complete(shards)
    shards = [shards[place] for place in places]
    for shard in shards[1:]:
        _refuse_difference(shards[0], shard)
    owners = _owners(shards)
    return Merged(_facts(shards), len(owners), shards, owners)


def _check_complete(shards: Sequence[StoredRows]) -> list[int]:
    """The places of shards 1 to N."""
    found: dict[int, int] = {}
    counts: dict[int, StoredRows] = {}
    for place, shard in enumerate(shards):
        index, count = _share(shard)
        counts.setdefault(count, shard)
        if len(counts) > 1:
            one, other = counts.values()
            raise OutputError(
                f"{one.path} is shard {one.facts[SHARD]} and {other.path} is shard "
                f"{other.facts[SHARD]}: they belong to different runs"
            )
        if index in found:
            twice = f"{shards[found[index]].path} and {shard.path}"
            raise OutputError(f"shard {index}/{count} is there twice: {twice}; give it once")
        found[index] = place
    missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in found]
    if missing:
        raise OutputError(
            f"shards are missing: {', '.join(missing[:10])}; give all {count} of them"
        )
    return [found[index] for index in sorted(found)]


def _share(shard: StoredRows) -> tuple[int, int]:
    index, _, count = str(shard.facts.get(SHARD, "")).partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise OutputError(f"{shard.path} is no shard: it was written without --shard")
    return int(index), int(count)


def _refuse_difference(first: StoredRows, other: StoredRows) -> None:
    found = differences(_how(first), _how(other))
    models = first.facts.get("model"), other.facts.get("model")
    if found and models[0] != models[1]:
        found.insert(0, f"model is {models[0]} and {models[1]}")
    for name in _OF_THE_WHOLE:
        ours, theirs = first.facts.get(name), other.facts.get(name)
        if not found and ours != theirs:
            found = [f"{name} is {ours} and {theirs}"]
            if name != "versions":
                found.append("the inputs changed between the runs; make both again")
    if found:
        raise OutputError(f"{first.path} and {other.path} do not fit together: {'; '.join(found)}")


def _how(shard: StoredRows) -> dict[str, Any]:
    kept = {name: fact for name, fact in shard.facts.items() if name not in FACTS_OF_A_SHARD}
    return deciding(kept)


def _owners(shards: Sequence[StoredRows]) -> npt.NDArray[np.int32]:
    """(rows of the whole,) the place of the shard that holds each row."""
    maps = [read_share_map(shard.facts, str(shard.path)) for shard in shards]
    for shard, held in zip(shards, maps, strict=True):
        if np.count_nonzero(held) != shard.count:
            raise OutputError(
                f"{shard.path} has {shard.count} rows and its provenance says "
                f"{np.count_nonzero(held)}; make it again"
            )
    owners = np.full(len(maps[0]), -1, np.int32)
    for place, held in enumerate(maps):
        if len(held) != len(owners) or (owners[held] >= 0).any():
            raise OutputError(
                f"{shards[place].path} holds rows that belong to another shard; make it again"
            )
        owners[held] = place
    if (owners < 0).any():
        row = int(np.flatnonzero(owners < 0)[0])
        raise OutputError(f"row {row} of the whole is in none of the shards; make them again")
    return owners


def _facts(shards: Sequence[StoredRows]) -> dict[str, Any]:
    left_out = {*FACTS_OF_A_SHARD, "output_dtype"}
    facts = {name: fact for name, fact in shards[0].facts.items() if name not in left_out}
    for name in _ADDED_UP:
        facts[name] = sum(shard.facts.get(name, 0) for shard in shards)
    return facts
