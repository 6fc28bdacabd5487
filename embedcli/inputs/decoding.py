"""Bytes -> text: the encoding, the byte order mark, what is binary, what does not decode."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO

HEAD_BYTES = 8192
CHUNK_BYTES = 1 << 16

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    ("utf-32-le", codecs.BOM_UTF32_LE),
    ("utf-32-be", codecs.BOM_UTF32_BE),
    ("utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16-be", codecs.BOM_UTF16_BE),
    ("utf-8", codecs.BOM_UTF8),
)
_WIDE = ("utf-16", "utf-32")
_AUTO_GUESSES = ("utf-8", "cp1252")
_AUTO_LAST = "iso8859-1"


@dataclass(frozen=True, slots=True)
class Codec:
    """How a file is decoded.

    Attributes:
        name: Python's name of the codec.
        bom: bytes of the byte order mark to drop.
    """

    name: str
    bom: int = 0

    @property
    def line_end_is_a_byte(self) -> bool:
        """Whether the byte 0x0A is always a line end, and each line decodes by itself."""
        shifting = self.name.startswith(("hz", "iso2022"))
        return not shifting and "a\n".encode(self.name) == b"a\n"


def read_head(stream: BinaryIO) -> bytes:
    """Reads the first 8 KiB, fewer only where the stream ends before."""
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    return head


def is_binary(head: bytes, encoding: str) -> bool:
    """Tells by a NUL byte whether the file is no text; UTF-16 and UTF-32 hold NULs by right."""
    if b"\0" not in head:
        return False
    marked = _marked(head)
    wide_mark = marked is not None and marked.name.startswith(_WIDE)
    return not wide_mark and not _canonical(encoding).startswith(_WIDE)


def choose_codec(encoding: str, head: bytes, stream: BinaryIO) -> Codec:
    """Settles the codec of a file.

    Args:
        encoding: a codec name, or ``auto``.
        head: what ``read_head`` gave.
        stream: the rest; ``auto`` looks through it and puts it back where it was.
    """
    marked = _marked(head)
    if encoding == "auto":
        return marked or Codec(_guess(head, stream))
    name = _canonical(encoding)
    # "utf-16" takes the byte order from either mark; a mark of another codec is no mark.
    return marked if marked and marked.name.startswith(name) else Codec(name)


def mark_name(head: bytes) -> str | None:
    """Names the codec whose byte order mark the file starts with."""
    marked = _marked(head)
    return marked.name if marked else None


def _marked(head: bytes) -> Codec | None:
    for name, mark in _MARKS:
        if head.startswith(mark):
            return Codec(name, len(mark))
    return None


def _canonical(encoding: str) -> str:
    if encoding == "auto":
        return encoding
    return codecs.lookup(encoding).name.removesuffix("-sig")


def _guess(head: bytes, stream: BinaryIO) -> str:
    return next((name for name in _AUTO_GUESSES if _fits(name, head, stream)), _AUTO_LAST)


def _fits(name: str, head: bytes, stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    rewinds = stream.seekable()
    place = stream.tell() if rewinds else 0
    try:
        decoder.decode(head)
        while rewinds and (chunk := stream.read(CHUNK_BYTES)):
            decoder.decode(chunk)
        decoder.decode(b"", rewinds or len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    finally:
        if rewinds:
            stream.seek(place)
    return True
