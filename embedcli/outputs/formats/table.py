"""The one table of formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from embedcli.errors import OutputError
from embedcli.outputs.formats import text_formats as text
from embedcli.outputs.rows import Rows
from embedcli.outputs.stored import Stored

Write = Callable[[BinaryIO, Rows, Mapping[str, Any]], None]
Read = Callable[[Path], Stored]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write rows and to read them back.

    Attributes:
        name: what ``--format`` calls it.
        suffixes: endings of file names that choose it; the first names new files.
        write: writes all rows to a stream.
        read: reads a whole file.
        layout: how to write it row by row, for formats that can.
        matrices: whether it can hold several (T, D) rows.
        keyed: whether matrices are found by id, so that no id may come twice.
        companions: whether index and provenance lie beside the file and not in it.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Write
    read: Read
    layout: text.Layout | None = None
    matrices: bool = False
    keyed: bool = False
    companions: bool = False

    @property
    def streams(self) -> bool:
        """Whether a row can be written as soon as it comes."""
        return self.layout is not None


def _imported(module: str, function: str) -> Any:
    return getattr(import_module(f"embedcli.outputs.formats.{module}"), function)


def _writer(module: str, function: str) -> Write:
    """A writer whose module is imported when it first writes: most runs need one of them."""

    def write(stream: BinaryIO, rows: Rows, facts: Mapping[str, Any]) -> None:
        _imported(module, function)(stream, rows, facts)

    return write


def _reader(module: str, function: str) -> Read:
    """A reader whose module is imported when it first reads."""

    def read(path: Path) -> Stored:
        stored: Stored = _imported(module, function)(path)
        return stored

    return read


def _streaming(
    name: str,
    suffix: str,
    layout: text.Layout,
    read: Read,
    *,
    matrices: bool = False,
) -> Format:
    suffixes = tuple(suffix.split())
    return Format(name, suffixes, layout.write, read, layout=layout, matrices=matrices)


_TABLE = (
    Format(
        "npy",
        (".npy",),
        _writer("numpy_files", "write_npy"),
        _reader("numpy_files", "read_npy"),
        companions=True,
    ),
    Format(
        "npz",
        (".npz",),
        _writer("numpy_files", "write_npz"),
        _reader("npz_reading", "read_npz"),
        matrices=True,
        keyed=True,
    ),
    Format(
        "safetensors",
        (".safetensors",),
        _writer("safetensors_file", "write_safetensors"),
        _reader("safetensors_reading", "read_safetensors"),
        matrices=True,
        keyed=True,
    ),
    Format(
        "parquet",
        (".parquet",),
        _writer("parquet_file", "write_parquet"),
        _reader("parquet_file", "read_parquet"),
        matrices=True,
    ),
    Format(
        "json", (".json",), text.write_json, _reader("text_reading", "read_json"), matrices=True
    ),
    _streaming(
        "jsonl", ".jsonl .ndjson", text.JSONL, _reader("text_reading", "read_jsonl"), matrices=True
    ),
    _streaming(
        "array", ".array.json", text.ARRAY, _reader("text_reading", "read_json"), matrices=True
    ),
    _streaming("raw", ".txt", text.RAW, _reader("text_reading", "read_raw")),
    _streaming("csv", ".csv", text.CSV, _reader("text_reading", "read_csv")),
    Format(
        "openai",
        (".openai.json",),
        text.write_openai,
        _reader("text_reading", "read_json"),
        matrices=True,
    ),
    _streaming("base64", ".b64", text.BASE64, _reader("text_reading", "read_base64")),
    _streaming("hex", ".hex", text.HEX, _reader("text_reading", "read_hex")),
)
FORMATS: Mapping[str, Format] = {entry.name: entry for entry in _TABLE}


def choose_format(name: str | None, path: Path | None) -> Format:
    """The format that is named, else the one that the path's suffix tells.

    Raises:
        OutputError: when neither is known.
    """
    if name is not None:
        if name not in FORMATS:
            raise OutputError(f"unknown format {name!r}; --format is one of {', '.join(FORMATS)}")
        return FORMATS[name]
    if path is not None:
        fitting = [
            (len(suffix), entry.name)
            for entry in _TABLE
            for suffix in entry.suffixes
            if path.name.lower().endswith(suffix)
        ]
        if fitting:
            return FORMATS[max(fitting)[1]]
    endings = ", ".join(suffix for entry in _TABLE for suffix in entry.suffixes)
    raise OutputError(f"no format is known for {path}; give --format or a name with {endings}")
