"""Outputs read back: ours in every format, and anybody's ``.npy``, ``.npz``, ``.safetensors``."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from embedcli.errors import InputError, OutputError
from embedcli.outputs.companions import read_companions
from embedcli.outputs.formats import FORMATS, choose_format
from embedcli.outputs.stored import Stored
from embedcli.outputs.unreadable import reading

_MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"PK\x05\x06": "npz",
    b"PAR1": "parquet",
    b"[": "array",
    b"id,n_tokens,truncated": "csv",
}
_HEX = re.compile(rb"(?:[0-9a-f]{8})+")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_NUMBERS = re.compile(rb"[-+.0-9e]+(?: [-+.0-9e]+)+")


def read_output(
    path: Path, format_name: str | None = None, dtype: str = "float32", *, lazily: bool = False
) -> Stored:
    """Reads an output.

    Args:
        path: the file.
        format_name: its format; else the suffix tells, else the first bytes.
        dtype: NumPy name of the numbers in base64 and hex, which do not say it themselves.
        lazily: whether vectors that cannot be mapped are left on disk until they are asked for.

    Raises:
        InputError: when there is no such file, or it is not what it should be.
        OutputError: when ``format_name`` is no format.
    """
    if not path.is_file():
        kind = "a directory; name a file in it" if path.is_dir() else "missing; check the name"
        raise InputError(f"{path} is {kind}", source=str(path), kind="missing")
    name = choose_format(format_name, None).name if format_name else _format_of(path)
    if name in {"base64", "hex"}:
        from embedcli.outputs.formats.text_reading import read_base64, read_hex

        read = read_base64 if name == "base64" else read_hex
        return read(path, np.dtype(dtype).newbyteorder("<").str)
    stored = FORMATS[name].read(path)
    if name == "npy":
        return replace(stored, **read_companions(path))
    return stored if lazily else stored.loaded()


def _format_of(path: Path) -> str:
    """By suffix; a ``.txt`` may hold any of three formats, so it is looked into."""
    try:
        chosen = choose_format(None, path).name
    except OutputError:
        return _sniffed(path)
    return _sniffed(path) if chosen == "raw" else chosen


def _sniffed(path: Path) -> str:
    with reading(path, "output"), path.open("rb") as stream:
        head = stream.readline(1 << 20)
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size:
        return "safetensors"
    if head.startswith(b"{"):
        return "jsonl" if _is_whole_object(head) else "json"
    line = head.strip()
    for pattern, name in ((_NUMBERS, "raw"), (_HEX, "hex"), (_BASE64, "base64")):
        if pattern.fullmatch(line):
            return name
    raise InputError(
        f"{path} is in no format that embedcli knows; name it with --format ({', '.join(FORMATS)})",
        source=str(path),
        kind="malformed",
    )


def _is_whole_object(line: bytes) -> bool:
    try:
        return "embedding" in json.loads(line)
    except ValueError:
        return False
