"""``.parquet``: a table with a row for each vector; the provenance in the schema's metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from embedcli.documents import Row
from embedcli.outputs.rows import Rows
from embedcli.outputs.stored import Stored, columns, reading

if TYPE_CHECKING:
    import pyarrow as pa

_FACTS_KEY = b"embedcli"
_NUMBERS_IN_A_GROUP = 1 << 21
_ROWS_IN_A_GROUP = 4096
_UNWRITABLE = re.compile(r"[\ud800-\udfff]|\\(?=u(?:d[89a-f][0-9a-f]{2}|005c))")
_ESCAPED = re.compile(r"\\u(d[89a-f][0-9a-f]{2}|005c)")


def write_parquet(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
    """Writes row groups one after another; an ``embedding`` is a list, or a list of lists."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(rows, facts)
    with pq.ParquetWriter(pa.PythonFile(stream, mode="w"), schema, use_dictionary=False) as writer:
        for group in _groups(rows):
            writer.write_table(_table(group, rows, schema))


def read_parquet(path: Path) -> Stored:
    """Reads a table that has an ``embedding`` column of lists."""
    with reading(path, "parquet"):
        import pyarrow.parquet as pq

        table = pq.ParquetFile(path).read()
        metadata = table.schema.metadata or {}
        facts = json.loads(metadata[_FACTS_KEY]) if _FACTS_KEY in metadata else None
        embedding = table.column("embedding").combine_chunks()
        records = table.drop_columns(["embedding"]).to_pylist()
        for record in records:
            record.update((name, _unescape(record[name])) for name in ("id", "source"))
        known = columns(records)
        kind = embedding.type.value_type
        if not hasattr(kind, "value_type"):
            vectors = embedding.flatten().to_numpy(zero_copy_only=False)
            dimension = len(vectors) // max(len(embedding), 1) or embedding.type.list_size
            return Stored("parquet", vectors.reshape(len(embedding), dimension), facts, **known)
        matrices = {
            record["id"]: value.values.flatten()
            .to_numpy(zero_copy_only=False)
            .reshape(len(value), -1)
            for record, value in zip(records, embedding, strict=True)
        }
        return Stored("parquet", matrices, facts, **known)


def _schema(rows: Rows, facts: Mapping[str, Any]) -> pa.Schema:
    import pyarrow as pa

    embedding = pa.list_(pa.from_numpy_dtype(rows.dtype), rows.dimension)
    fields = [
        ("id", pa.string()),
        ("source", pa.string()),
        ("n_tokens", pa.int32()),
        ("truncated", pa.bool_()),
        ("sha256", pa.string()),
        ("embedding", pa.list_(embedding) if rows.matrices else embedding),
    ]
    return pa.schema(fields, metadata={_FACTS_KEY: json.dumps(facts).encode()})


def _groups(rows: Rows) -> Iterator[list[Row]]:
    """Rows in runs of bounded size."""
    group: list[Row] = []
    numbers = 0
    for row in rows:
        group.append(row)
        numbers += row.vector.size
        if numbers >= _NUMBERS_IN_A_GROUP or len(group) == _ROWS_IN_A_GROUP:
            yield group
            group, numbers = [], 0
    if group:
        yield group


def _table(group: list[Row], rows: Rows, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    numbers = pa.array(np.concatenate([row.vector.ravel() for row in group]))
    embedding = pa.FixedSizeListArray.from_arrays(numbers, rows.dimension)
    if rows.matrices:
        offsets = np.cumsum([0, *(len(row.vector) for row in group)], dtype=np.int32)
        embedding = pa.ListArray.from_arrays(pa.array(offsets), embedding)
    listed = [
        [_escape(row.id) for row in group],
        [_escape(row.source) for row in group],
        [row.n_tokens for row in group],
        [row.truncated for row in group],
        [row.sha256 for row in group],
        embedding,
    ]
    arrays = [
        pa.array(column, field.type) if isinstance(column, list) else column.cast(field.type)
        for column, field in zip(listed, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _escape(text: str) -> str:
    r"""Bytes of a name that are not UTF-8 become ``\udcxx``, reversibly."""
    return _UNWRITABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
