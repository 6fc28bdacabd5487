"""``.parquet``: a table with a row for each vector; the provenance in the schema's metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from embedcli.documents import Row
from embedcli.outputs.on_disk import Array, Column, LazyRows, Matrices
from embedcli.outputs.rows import Rows
from embedcli.outputs.stored import INDEX_NAMES, Stored
from embedcli.outputs.unreadable import reading

if TYPE_CHECKING:
    import pyarrow as pa

_FACTS_KEY = b"embedcli"
_NUMBERS_IN_A_GROUP = 1 << 21
_ROWS_IN_A_GROUP = 4096
_ROWS_IN_A_PIECE = 1024
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
    """Reads a table that has an ``embedding`` column of lists, a row group at a time.

    Raises:
        InputError: when the file is no such table, or damaged.
    """
    with reading(path, "parquet"):
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            schema, count = file.schema_arrow, file.metadata.num_rows
        metadata = schema.metadata or {}
        facts = json.loads(metadata[_FACTS_KEY]) if _FACTS_KEY in metadata else None
        known = {
            field: Column(path, "parquet", count, partial(_values, path, name))
            for field, name in INDEX_NAMES.items()
            if name in schema.names
        }
        row = schema.field("embedding").type.value_type
        if hasattr(row, "value_type"):
            rows = LazyRows(count, _RowGroups(path).row)
            return Stored("parquet", Matrices(known["ids"], rows), facts, **known)
        groups = _RowGroups(path)
        width = getattr(schema.field("embedding").type, "list_size", 0)
        width = width or (len(groups.row(0)) if count else 0)
        vectors = LazyRows(count, groups.row, width=width, dtype=row.to_pandas_dtype())
        return Stored("parquet", vectors, facts, **known)


class _RowGroups:
    """The embeddings of a file; one row group is in memory at a time."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._path = path
        with pq.ParquetFile(path) as file:
            of_group = range(file.num_row_groups)
            sizes = [file.metadata.row_group(group).num_rows for group in of_group]
        self._ends = np.cumsum(sizes)
        self._rows = lru_cache(maxsize=1)(self._group)

    def row(self, place: int) -> Array:
        """(D,) or (T, D)."""
        group = int(np.searchsorted(self._ends, place, "right"))
        return self._rows(group)[place - int(self._ends[group])]  # counted from the group's end

    def _group(self, group: int) -> Sequence[Array]:
        import pyarrow.parquet as pq

        with reading(self._path, "parquet"), pq.ParquetFile(self._path) as file:
            table = file.read_row_group(group, columns=["embedding"], use_threads=False)
            column = table.column(0).combine_chunks()
        if not len(column):
            return []
        if hasattr(column.type.value_type, "value_type"):
            flat = (row.values.flatten().to_numpy(zero_copy_only=False) for row in column)
            return [
                numbers.reshape(len(row), -1) for row, numbers in zip(column, flat, strict=True)
            ]
        numbers: Array = column.flatten().to_numpy(zero_copy_only=False)
        return list(numbers.reshape(len(column), -1))


def _values(path: Path, name: str) -> Iterator[Any]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        # Not iter_batches: what it allocates grows with the rows that it has given.
        for group in range(file.num_row_groups):
            column = file.read_row_group(group, columns=[name], use_threads=False).column(0)
            for start in range(0, len(column), _ROWS_IN_A_PIECE):
                values = column.slice(start, _ROWS_IN_A_PIECE).to_pylist()
                yield from map(_unescape, values) if name in {"id", "source"} else values


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
