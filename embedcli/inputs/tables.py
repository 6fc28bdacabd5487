"""CSV and TSV files -> documents."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from embedcli.errors import InputError
from embedcli.inputs.options import ReadOptions
from embedcli.inputs.origin import Item, Origin
from embedcli.inputs.records import id_field, record_document, require_fields
from embedcli.inputs.streams import TextStream

if TYPE_CHECKING:
    from _csv import Reader

# The largest value that a C long holds on every platform.
_FIELD_LIMIT = 2**31 - 1


def csv_documents(text: TextStream, options: ReadOptions) -> Iterator[Item]:
    """Gives a document for each row of a comma-separated table; its first row names the fields."""
    return _table_documents(text, options, ",")


def tsv_documents(text: TextStream, options: ReadOptions) -> Iterator[Item]:
    """Gives a document for each row of a tab-separated table; quotes work as in CSV."""
    return _table_documents(text, options, "\t")


def _table_documents(text: TextStream, options: ReadOptions, delimiter: str) -> Iterator[Item]:
    """Reads on behind a row that cannot be used, but not behind a broken quote or byte.

    Raises:
        InputError: when the rest of the file cannot be read.
    """
    origin = text.origin
    rows = _rows(text.lines(), delimiter, origin)
    _, header = next(rows, (1, []))
    if not header:
        return
    require_fields(options, header, origin)
    text_column = _column(options.text_field, header, origin)
    name = id_field(options)
    id_column = _column(name, header, origin) if name in header else None
    for line, row in rows:
        try:
            if len(row) != len(header):
                raise origin.error(
                    "malformed",
                    f"{len(row)} fields where the header names {len(header)}; check the quotes",
                    line,
                )
            id_value = None if id_column is None else row[id_column]
            yield record_document(row[text_column], id_value, origin, line)
        except InputError as error:
            yield error


def _column(name: str, header: Sequence[str], origin: Origin) -> int:
    if header.count(name) > 1:
        raise origin.error(
            "malformed", f"the header names '{name}' {header.count(name)} times; once is expected"
        )
    return header.index(name)


def _rows(
    lines: Iterable[str | InputError], delimiter: str, origin: Origin
) -> Iterator[tuple[int, list[str]]]:
    """Gives the rows that are not blank, with the line where each starts."""
    reader = csv.reader(_or_raise(lines), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = _next_row(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise origin.error(
                "malformed", f"not a table row ({error}); the rest is not read", line
            ) from None
        if row:
            yield line, row


def _next_row(reader: Reader) -> list[str]:
    # The limit belongs to the process, and the caller may have set it: put it back each time.
    limit = csv.field_size_limit(_FIELD_LIMIT)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(limit)


def _or_raise(lines: Iterable[str | InputError]) -> Iterator[str]:
    for line in lines:
        if isinstance(line, InputError):
            raise line
        yield line
