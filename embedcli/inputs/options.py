"""What the reader is told, and what it counts."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Literal, get_args

from embedcli.errors import InputError

Unit = Literal["file", "line", "paragraph"]

_NOT_FOR_FILES = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files become documents.

    Attributes:
        unit: what one document is; record files (JSONL, CSV, TSV, Parquet) have one a record.
        glob: files of a directory are read only when one of these patterns fits.
        exclude: files and folders of a directory are left out when one of these fits.
        encoding: a Python codec name, or ``auto``: the byte order mark, else UTF-8 if the whole
            file is valid UTF-8, else cp1252, else latin-1 (a pipe is judged by its first 8 KiB).
        text_field: the field of a record that holds its text.
        id_field: the field that holds its id; None means ``id`` where there is one.
    """

    unit: Unit = "file"
    glob: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    encoding: str = "utf-8"
    text_field: str = "text"
    id_field: str | None = None


@dataclass(slots=True)
class Tally:
    """What was met on the way; the reader counts, the summary tells.

    Attributes:
        files: files, streams and command-line texts whose reading began.
        documents: documents given out.
        failed: problems reported.
        empty: files that gave neither a document nor a problem.
        hidden: hidden files and folders of a directory, left out.
        binary: binary files of a directory, left out.
        excluded: files and folders left out by ``glob`` and ``exclude``.
        special: sockets, pipes, devices, broken links and links to folders already read.
    """

    files: int = 0
    documents: int = 0
    failed: int = 0
    empty: int = 0
    hidden: int = 0
    binary: int = 0
    excluded: int = 0
    special: int = 0


def check_options(options: ReadOptions) -> None:
    """Refuses options that no input could be read with.

    Raises:
        InputError: kind ``usage``, for an unknown unit or encoding.
    """
    units = get_args(Unit)
    if options.unit not in units:
        raise InputError(
            f"unit '{options.unit}' is not known; choose one of {', '.join(units)}", kind="usage"
        )
    if options.encoding != "auto" and not _is_text_encoding(options.encoding):
        raise InputError(
            f"encoding '{options.encoding}' is not known; give auto or the name of a Python text "
            "encoding, such as utf-8, utf-16, cp1252, latin-1, shift_jis, gb18030",
            kind="usage",
        )


def _is_text_encoding(name: str) -> bool:
    try:
        # lookup alone also accepts codecs from bytes to bytes, such as hex.
        "a".encode(name)
    except (LookupError, ValueError):
        return False
    codec = codecs.lookup(name)
    return codec.incrementaldecoder is not None and codec.name not in _NOT_FOR_FILES
