"""What lies beside vectors that have no place for it: a row index and the provenance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from embedcli.outputs.on_disk import Column
from embedcli.outputs.stored import INDEX_NAMES
from embedcli.outputs.unreadable import reading

DIRECTORY_INDEX = "embedcli.index.jsonl"
DIRECTORY_META = "embedcli.meta.json"


def companion_paths(target: Path) -> tuple[Path, Path]:
    """``X.npy`` -> ``X.index.jsonl``, ``X.meta.json``; another suffix stays in the names."""
    stem = target.name[:-4] if target.name.lower().endswith(".npy") else target.name
    return target.with_name(f"{stem}.index.jsonl"), target.with_name(f"{stem}.meta.json")


def index_line(record: Mapping[str, Any], **place: Any) -> bytes:
    """One row's line; ``place`` tells where a directory keeps it."""
    kept = {name: record[name] for name in INDEX_NAMES.values()}
    return json.dumps(place | kept).encode() + b"\n"


def meta_text(facts: Mapping[str, Any]) -> bytes:
    """The provenance as a JSON object in the order of ``facts``."""
    return json.dumps(facts, indent=2).encode() + b"\n"


def read_companions(path: Path) -> dict[str, Any]:
    """The fields of Stored that lie beside an ``.npy``, or in the directory that it belongs to."""
    index, meta = companion_paths(path)
    if index.is_file() and meta.is_file():
        return _read(index, meta, None)
    for folder in path.absolute().parents:
        index, meta = folder / DIRECTORY_INDEX, folder / DIRECTORY_META
        if index.is_file() and meta.is_file():
            return _read(index, meta, path.absolute().relative_to(folder).as_posix())
    return {}


def _read(index: Path, meta: Path, file: str | None) -> dict[str, Any]:
    count, names = 0, set(INDEX_NAMES.values())
    with reading(index, "index"):
        for count, record in enumerate(_records(index, file), 1):  # noqa: B007 - told below
            names &= record.keys()
    with reading(meta, "provenance"):
        facts = json.loads(meta.read_bytes())
    known = {
        field: Column(index, "index", count, partial(_values, index, file, name))
        for field, name in INDEX_NAMES.items()
        if name in names
    }
    return {"facts": facts, **known} if count or file is None else {}


def _records(index: Path, file: str | None) -> Iterator[dict[str, Any]]:
    with index.open("rb") as lines:
        for record in map(json.loads, lines):
            if file is None or record.get("file") == file:
                yield record


def _values(index: Path, file: str | None, name: str) -> Iterator[Any]:
    return (record[name] for record in _records(index, file))
