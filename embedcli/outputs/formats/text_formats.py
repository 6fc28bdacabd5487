"""Writers of text: jsonl, json, array, openai, raw, csv, base64, hex."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from embedcli.documents import Row
from embedcli.outputs.number_text import joined, nested
from embedcli.outputs.rows import Rows

CSV_COLUMNS = ("id", "n_tokens", "truncated")
_FIRST_OF_A_FORMULA = tuple("=+-@\t\r\n'")
_NAMED_FACTS = ("model", "revision", "engine", "pooling", "normalized")


def _nothing(_: Row | None) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Layout:
    """A text format that can be written row by row: head, rows with joints between, tail.

    Attributes:
        line: one row, its vector as it goes to the file.
        head: what comes first, given the first row or None.
        joint: what stands between two rows.
        tail: what comes last.
    """

    line: Callable[[Row], bytes]
    head: Callable[[Row | None], bytes] = _nothing
    joint: bytes = b""
    tail: bytes = b""

    def write(self, stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
        """Writes all rows; these formats have no place for facts."""
        del facts
        _write_joined(stream, rows, self)


def _write_joined(stream: BinaryIO, rows: Iterable[Row], layout: Layout) -> None:
    empty = True
    for row in rows:
        stream.write(layout.head(row) if empty else layout.joint)
        stream.write(layout.line(row))
        empty = False
    stream.write(layout.head(None) + layout.tail if empty else layout.tail)


def _object(row: Row) -> bytes:
    return (
        f'{{"id": {json.dumps(row.id)}, "embedding": {nested(row.vector)}, '
        f'"n_tokens": {row.n_tokens}, "truncated": {json.dumps(row.truncated)}}}'
    ).encode()


def _csv_line(cells: Iterable[str], numbers: str = "") -> bytes:
    # The writer quotes a line break inside a cell only when its own line ends have it.
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return f"{text.getvalue()[:-2]}{',' if numbers else ''}{numbers}\n".encode()


def _csv_head(first: Row | None) -> bytes:
    width = 0 if first is None else len(first.vector)
    return _csv_line([*CSV_COLUMNS, *(f"e{column}" for column in range(width))])


def _csv_row(row: Row) -> bytes:
    """A spreadsheet takes a cell that begins like a formula for one; a quote in front stops it."""
    guard = "'" if row.id.startswith(_FIRST_OF_A_FORMULA) else ""
    cells = (guard + row.id, str(row.n_tokens), json.dumps(row.truncated))
    return _csv_line(cells, joined(row.vector, ","))


JSONL = Layout(lambda row: _object(row) + b"\n")
ARRAY = Layout(
    lambda row: nested(row.vector).encode(), head=lambda _: b"[", joint=b",\n", tail=b"]\n"
)
RAW = Layout(lambda row: joined(row.vector, " ").encode() + b"\n")
CSV = Layout(_csv_row, _csv_head)
BASE64 = Layout(lambda row: base64.b64encode(row.vector.tobytes()) + b"\n")
HEX = Layout(lambda row: row.vector.tobytes().hex().encode() + b"\n")


def write_json(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
    """One object: how the vectors were made, their count, and the rows."""
    named = {name: facts.get(name) for name in _NAMED_FACTS}
    named["dimension"] = facts.get("dimension", rows.dimension)
    named["count"] = rows.count
    if facts.get("output_dtype", "float32") != "float32":
        kept = ("output_dtype", "quantization_ranges")
        named.update({name: facts[name] for name in kept if name in facts})
    opening = json.dumps(named)[:-1].encode() + b', "data": [\n'
    _write_joined(stream, rows, Layout(_object, lambda _: opening, b",\n", b"\n]}\n"))


def write_openai(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
    """The response of a ``/v1/embeddings`` service."""
    stream.write(b'{"object": "list", "data": [\n')
    tokens = 0
    for index, row in enumerate(rows):
        item = f'{{"object": "embedding", "index": {index}, "embedding": {nested(row.vector)}}}'
        stream.write((",\n" if index else "").encode() + item.encode())
        tokens += row.n_tokens
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    closing = {"model": facts.get("model"), "usage": usage}
    stream.write(f"\n], {json.dumps(closing)[1:]}\n".encode())
