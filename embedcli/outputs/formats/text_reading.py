"""Readers of text: jsonl, json, openai and array, raw, csv, base64, hex."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcli.outputs.formats.text_formats import CSV_COLUMNS
from embedcli.outputs.stored import Stored, columns
from embedcli.outputs.unreadable import reading


def read_jsonl(path: Path) -> Stored:
    """Reads a JSON object a line."""
    with reading(path, "jsonl"), path.open(encoding="utf-8") as stream:
        return _from_records("jsonl", (json.loads(line) for line in stream if line.strip()), None)


def read_json(path: Path) -> Stored:
    """Reads the three kinds of JSON: our object, the openai response, a bare nested list."""
    with reading(path, "json"):
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, list):
            return Stored("array", _gathered([_numbers(row) for row in value]))
        facts = {name: fact for name, fact in value.items() if name not in {"data", "object"}}
        openai = value.get("object") == "list"
        return _from_records("openai" if openai else "json", value["data"], facts)


def read_csv(path: Path) -> Stored:
    """Reads a table with our header; the guard in front of an id is taken away."""
    with reading(path, "csv"), path.open(encoding="utf-8", newline="") as stream:
        table = csv.reader(stream)
        header = next(table, [])
        if tuple(header[:3]) != CSV_COLUMNS:
            raise ValueError(f"the header begins with {header[:3]}, not {list(CSV_COLUMNS)}")
        return _from_records("csv", (_csv_record(cells, len(header)) for cells in table), None)


def read_raw(path: Path) -> Stored:
    """Reads numbers with spaces between, one row a line."""
    return _read_lines(path, "raw", lambda line: _numbers([float(n) for n in line.split()]))


def read_base64(path: Path, dtype: str = "<f4") -> Stored:
    """Reads rows of ``dtype``; the text itself does not say it."""
    return _read_lines(
        path, "base64", lambda line: np.frombuffer(base64.b64decode(line, validate=True), dtype)
    )


def read_hex(path: Path, dtype: str = "<f4") -> Stored:
    """Reads rows of ``dtype``; the text itself does not say it."""
    return _read_lines(path, "hex", lambda line: np.frombuffer(bytes.fromhex(line), dtype))


def _read_lines(path: Path, format_name: str, parse: Callable[[str], npt.NDArray[Any]]) -> Stored:
    with reading(path, format_name), path.open(encoding="ascii") as stream:
        return Stored(format_name, _gathered([parse(line.strip()) for line in stream]))


def _csv_record(cells: Sequence[str], width: int) -> dict[str, Any]:
    if len(cells) != width:
        raise ValueError(f"a line with {len(cells)} cells, not {width}")
    return {
        "id": cells[0].removeprefix("'"),
        "n_tokens": int(cells[1]),
        "truncated": {"true": True, "false": False}[cells[2]],
        "embedding": [float(cell) for cell in cells[3:]],
    }


def _from_records(
    format_name: str, records: Iterable[Mapping[str, Any]], facts: Mapping[str, Any] | None
) -> Stored:
    vectors, kept = [], []
    for record in records:
        vectors.append(_numbers(record["embedding"]))
        kept.append({name: value for name, value in record.items() if name != "embedding"})
    known = columns(kept) if kept else {"ids": []}
    return Stored(format_name, _gathered(vectors, known.get("ids")), facts, **known)


def _numbers(values: Any) -> npt.NDArray[np.float32]:
    """One row; float32 holds every number that the text formats write."""
    row = np.array(values, dtype=np.float64).astype(np.float32)
    if row.ndim not in {1, 2}:
        raise ValueError("a row is neither a list of numbers nor a list of lists")
    return row


def _gathered(
    rows: Sequence[npt.NDArray[Any]], ids: Sequence[str] | None = None
) -> npt.NDArray[Any] | dict[str, npt.NDArray[Any]]:
    """(D,) rows -> (N, D); matrices by id, or by their number where there are no ids."""
    if not rows:
        return np.zeros((0, 0), np.float32)
    if rows[0].ndim == 2:
        return dict(zip(ids or map(str, range(len(rows))), rows, strict=True))
    return np.stack(rows)
