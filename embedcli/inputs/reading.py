"""INPUTs -> documents, in input order, one at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import BinaryIO

from embedcli.documents import Document
from embedcli.errors import InputError
from embedcli.inputs.options import ReadOptions, Tally, check_options
from embedcli.inputs.origin import Item, Origin
from embedcli.inputs.parquet import parquet_documents
from embedcli.inputs.plain import plain_documents, split_documents
from embedcli.inputs.records import jsonl_documents
from embedcli.inputs.streams import TextStream, changed, open_text, stamp_of
from embedcli.inputs.tables import csv_documents, tsv_documents
from embedcli.inputs.walk import find_files

OnError = Callable[[InputError], None]

_PARQUET = ".parquet"
_RECORD_READERS: dict[str, Callable[[TextStream, ReadOptions], Iterator[Item]]] = {
    ".csv": csv_documents,
    ".jsonl": jsonl_documents,
    ".ndjson": jsonl_documents,
    ".tsv": tsv_documents,
}


def read_documents(
    inputs: Sequence[str],
    options: ReadOptions,
    *,
    stdin: BinaryIO,
    tally: Tally,
    on_error: OnError,
) -> Iterator[Document]:
    """Gives the documents of files, directories and ``-``, in input order.

    Nothing is read ahead: memory holds one file (unit ``file``), line, paragraph or record.

    Args:
        inputs: paths as the user gave them; ``-`` is ``stdin``.
        options: how files become documents.
        stdin: a buffered stream of bytes.
        tally: counted up while reading goes on.
        on_error: told of each problem; it raises to stop, or returns to leave that document or
            file out and go on.

    Raises:
        InputError: kind ``usage``, for options that no input could be read with.
    """
    check_options(options)
    yield from _deliver(_read_inputs(inputs, options, stdin, tally), tally, on_error)


def text_documents(
    texts: Sequence[str], options: ReadOptions, *, tally: Tally, on_error: OnError
) -> Iterator[Document]:
    """Gives the documents of texts from the command line: ids ``text:1``, or ``text:1:LINE``."""
    check_options(options)
    yield from _deliver(_read_texts(texts, options, tally), tally, on_error)


def _deliver(items: Iterator[Item], tally: Tally, on_error: OnError) -> Iterator[Document]:
    for item in items:
        if isinstance(item, InputError):
            tally.failed += 1
            on_error(item)
        else:
            tally.documents += 1
            yield item


def _read_inputs(
    inputs: Sequence[str], options: ReadOptions, stdin: BinaryIO, tally: Tally
) -> Iterator[Item]:
    for given in inputs:
        if given == "-":
            origin = Origin.standard_input()
            yield from _guarded(_read_text(stdin, origin, options, tally), origin)
            continue
        for found in find_files(given, options, tally):
            if isinstance(found, InputError):
                yield found
            else:
                yield from _guarded(_read_file(found, options, tally), found)


def _read_texts(texts: Sequence[str], options: ReadOptions, tally: Tally) -> Iterator[Item]:
    for number, text in enumerate(texts, 1):
        origin = Origin.command_line(number)
        yield from _guarded(_counted(_read_one_text(text, origin, options), tally), origin)


def _read_one_text(text: str, origin: Origin, options: ReadOptions) -> Iterator[Item]:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise origin.error(
            "undecodable", "bytes that are not valid in this terminal's encoding"
        ) from None
    if options.unit == "file":
        yield origin.document(text)
    else:
        yield from split_documents(io.StringIO(text, newline="\n"), origin, options.unit)


def _read_file(origin: Origin, options: ReadOptions, tally: Tally) -> Iterator[Item]:
    suffix = PurePath(origin.source).suffix.lower()
    record_reader = _RECORD_READERS.get(suffix)
    if suffix == _PARQUET:
        with Path(origin.source).open("rb") as stream:
            before = stamp_of(stream)
            yield from _counted(parquet_documents(stream, origin, options), tally)
            error = changed(stream, before, origin)
            if error is not None:
                yield error
        return
    # A whole file goes straight into one buffer; lines are cut from a buffered stream.
    whole = record_reader is None and options.unit == "file"
    with open(origin.source, "rb", buffering=0 if whole else -1) as stream:  # noqa: PTH123
        yield from _read_text(stream, origin, options, tally, record_reader)


def _read_text(
    stream: BinaryIO,
    origin: Origin,
    options: ReadOptions,
    tally: Tally,
    record_reader: Callable[[TextStream, ReadOptions], Iterator[Item]] | None = None,
) -> Iterator[Item]:
    text = open_text(stream, origin, options.encoding)
    if text is None:
        tally.binary += 1
    elif record_reader is None:
        yield from _counted(plain_documents(text, options.unit), tally)
    else:
        yield from _counted(record_reader(text, options), tally)


def _counted(items: Iterable[Item], tally: Tally) -> Iterator[Item]:
    tally.files += 1
    nothing = True
    for item in items:
        nothing = False
        yield item
    tally.empty += nothing


def _guarded(items: Iterable[Item], origin: Origin) -> Iterator[Item]:
    """Turns what ends the reading of one file into its last item."""
    try:
        yield from items
    except InputError as error:
        yield error
    except OSError as error:
        yield origin.os_error(error)
