"""An opened text file: its whole text, or its lines, with errors that name the byte."""

from __future__ import annotations

import codecs
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from embedcli.errors import InputError
from embedcli.inputs.decoding import (
    CHUNK_BYTES,
    Codec,
    choose_codec,
    is_binary,
    mark_name,
    read_head,
)
from embedcli.inputs.origin import Origin

Stamp = tuple[int, int]
"""Size and time of a file."""


@dataclass(frozen=True, slots=True)
class TextStream:
    """A file or pipe that is known to be text.

    Attributes:
        origin: how its documents are called.
        stream: its bytes from ``head`` on.
        head: the first bytes, already read.
        codec: how it decodes.
        stamp: size and time of the file before reading; None for a pipe.
    """

    origin: Origin
    stream: BinaryIO
    head: bytes
    codec: Codec
    stamp: Stamp | None

    def read(self) -> str:
        """Gives the whole text, newlines untouched, without the byte order mark.

        Raises:
            InputError: kind ``undecodable``, or ``changed`` when the file was written to meanwhile.
        """
        if self.stream.seekable():
            # Reading again is cheaper than joining: a large file is held once.
            self.stream.seek(-len(self.head), os.SEEK_CUR)
            data = self.stream.read()
        else:
            data = b"".join((self.head, self.stream.read()))
        change = changed(self.stream, self.stamp, self.origin)
        if change is not None:
            raise change
        bom, name = self.codec.bom, self.codec.name
        try:
            return str(memoryview(data)[bom:], name) if bom else data.decode(name)
        except UnicodeDecodeError as error:
            offset = bom + error.start
            raise self._undecodable(offset, data[offset]) from None

    def lines(self) -> Iterator[str | InputError]:
        r"""Gives the lines with their ends (``\n``, ``\r\n``), or what is wrong with one.

        Only as much is held as the longest line. An encoding whose lines cannot be told apart as
        bytes (UTF-16, ISO 2022, EBCDIC) cannot be taken up again behind a bad byte: the error is
        then the last item, and so is the error about a file that changed meanwhile.
        """
        by_bytes = self.codec.line_end_is_a_byte
        yield from self._lines_of_bytes() if by_bytes else self._lines_of_text()
        error = changed(self.stream, self.stamp, self.origin)
        if error is not None:
            yield error

    def _lines_of_bytes(self) -> Iterator[str | InputError]:
        offset = self.codec.bom
        for number, raw in enumerate(self._raw_lines(), 1):
            line: str | InputError
            try:
                line = raw.decode(self.codec.name)
            except UnicodeDecodeError as error:
                line = self._undecodable(offset + error.start, raw[error.start], number)
            yield line
            offset += len(raw)

    def _raw_lines(self) -> Iterator[bytes]:
        lines = io.BytesIO(self.head[self.codec.bom :]).readlines()
        if lines and not lines[-1].endswith(b"\n"):
            lines[-1] += self.stream.readline()
        yield from lines
        yield from self.stream

    def _lines_of_text(self) -> Iterator[str | InputError]:
        number, open_line = 1, list[str]()
        for text in self._texts():
            if isinstance(text, _BadByte):
                yield self._undecodable(text.offset, text.value, number)
                return
            *ended, rest = text.split("\n")
            for part in ended:
                yield "".join((*open_line, part, "\n"))
                open_line.clear()
            number += len(ended)
            open_line.append(rest)
        if last := "".join(open_line):
            yield last

    def _texts(self) -> Iterator[str | _BadByte]:
        decoder = codecs.getincrementaldecoder(self.codec.name)()
        offset = self.codec.bom
        for chunk in self._chunks():
            before = decoder.getstate()
            try:
                text = decoder.decode(chunk, not chunk)
            except UnicodeDecodeError as error:
                # The decoder may hold bytes of the chunk before: count from the end.
                good = len(chunk) - len(error.object) + error.start
                decoder.setstate(before)
                yield decoder.decode(chunk[: max(good, 0)])
                yield _BadByte(offset + good, error.object[error.start])
                return
            yield text
            offset += len(chunk)

    def _chunks(self) -> Iterator[bytes]:
        """The bytes behind the mark, and an empty chunk as their end."""
        if start := self.head[self.codec.bom :]:
            yield start
        while chunk := self.stream.read(CHUNK_BYTES):
            yield chunk
        yield b""

    def _undecodable(self, offset: int, value: int, line: int | None = None) -> InputError:
        mark = mark_name(self.head)
        if mark and not mark.startswith(self.codec.name):
            advice = f"the file begins with a {mark} byte order mark: try --encoding auto"
        else:
            advice = "name the file's encoding with --encoding, for example cp1252"
        return self.origin.error(
            "undecodable",
            f"byte 0x{value:02x} at offset {offset} is not {self.codec.name}; {advice}",
            line,
        )


@dataclass(frozen=True, slots=True)
class _BadByte:
    offset: int
    value: int


def open_text(stream: BinaryIO, origin: Origin, encoding: str) -> TextStream | None:
    """Looks at the first bytes of a stream and settles how it is read.

    Returns:
        The text, or None for a binary file that was found in a directory.

    Raises:
        InputError: kind ``binary``, for a binary file or pipe that the user has named.
    """
    stamp = stamp_of(stream)
    head = read_head(stream)
    if is_binary(head, encoding):
        if origin.walked:
            return None
        raise origin.error(
            "binary", "binary data where text was expected; if it is UTF-16, say --encoding utf-16"
        )
    return TextStream(origin, stream, head, choose_codec(encoding, head, stream), stamp)


def changed(stream: BinaryIO, before: Stamp | None, origin: Origin) -> InputError | None:
    """The error, kind ``changed``, about a file that was written to since it had that stamp."""
    if stamp_of(stream) == before:
        return None
    return origin.error("changed", "the file changed while it was read; run again")


def stamp_of(stream: BinaryIO) -> Stamp | None:
    """Size and time of an open file; None for what is no regular file."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
