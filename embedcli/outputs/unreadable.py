"""What goes wrong while an output is read, in one line."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedcli.errors import InputError

_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    MemoryError,
    RecursionError,
    NotImplementedError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turns what goes wrong inside into an InputError that names the file and the format."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())  # arrow's have several lines
        raise InputError(
            f"{path} cannot be read as {what}: {reason[:200]}", source=str(path), kind="unreadable"
        ) from error
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path} is not a whole {what} file: {reason[:200]}; make it again or name its format",
            source=str(path),
            kind="malformed",
        ) from error
