"""Parquet files -> documents, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from embedcli.errors import InputError
from embedcli.inputs.options import ReadOptions
from embedcli.inputs.origin import Item, Origin
from embedcli.inputs.records import id_field, record_document, require_fields

_BATCH_ROWS = 256
_BUFFER_BYTES = 1 << 20


def parquet_documents(stream: BinaryIO, origin: Origin, options: ReadOptions) -> Iterator[Item]:
    """Gives a document for each row; LINE in ids is the number of the row, from 1.

    Raises:
        InputError: kind ``unreadable`` without pyarrow, ``field`` without the fields that were
            asked for, ``malformed`` for a file that is broken.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise origin.error(
            "unreadable", "Parquet files need pyarrow; install it with: pip install pyarrow"
        ) from None
    try:
        file = pq.ParquetFile(stream, buffer_size=_BUFFER_BYTES)
        yield from _rows(file, origin, options)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise origin.error("malformed", f"not a readable Parquet file ({reason})") from None


def _rows(file: Any, origin: Origin, options: ReadOptions) -> Iterator[Item]:
    present = file.schema_arrow.names
    require_fields(options, present, origin)
    name = id_field(options)
    columns = [options.text_field, *([name] if name in present else [])]
    number = 0
    for batch in file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False):
        texts = batch.column(options.text_field)
        ids = batch.column(name) if name in columns else [None] * len(texts)
        for text, id_value in zip(texts, ids, strict=True):
            number += 1
            try:
                yield record_document(
                    _value(text, origin, number), _value(id_value, origin, number), origin, number
                )
            except InputError as error:
                yield error


def _value(scalar: Any, origin: Origin, row: int) -> object:
    try:
        return None if scalar is None else scalar.as_py()
    except UnicodeDecodeError as error:
        raise origin.error(
            "undecodable", f"a string that is not UTF-8 (at its byte {error.start})", row
        ) from None
