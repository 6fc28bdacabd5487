from __future__ import annotations

import codecs
import io

import pytest

from embedcli.inputs.decoding import HEAD_BYTES, Codec, choose_codec, is_binary, read_head


def choose(data: bytes, encoding: str) -> Codec:
    stream = io.BytesIO(data)
    head = read_head(stream)
    place = stream.tell()
    codec = choose_codec(encoding, head, stream)
    assert stream.tell() == place
    return codec


class Drips(io.RawIOBase):
    """A pipe whose writer sends three bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._source = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        part = self._source.read(min(3, len(buffer)))
        buffer[: len(part)] = part
        return len(part)


def test_the_head_is_whole_however_the_bytes_arrive() -> None:
    data = bytes(range(1, 256)) * 50
    assert read_head(Drips(data)) == data[:HEAD_BYTES]
    assert read_head(Drips(b"short")) == b"short"


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_auto_and_the_name_itself_obey_a_mark(mark: bytes, name: str) -> None:
    data = mark + "é".encode(name)
    assert choose(data, "auto") == choose(data, name) == Codec(name, len(mark))
    assert choose(data, name.removesuffix("-le").removesuffix("-be")) == Codec(name, len(mark))


def test_a_mark_of_another_encoding_is_no_mark() -> None:
    assert choose(codecs.BOM_UTF16_LE + b"a\0", "utf-8") == Codec("utf-8")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"plain", "utf-8"),
        (b"", "utf-8"),
        ("é".encode(), "utf-8"),
        ("é".encode("cp1252"), "cp1252"),
        (b"a" * 20_000 + b"\xe9", "cp1252"),
        (b"a" * (HEAD_BYTES - 1) + "é".encode(), "utf-8"),
        (b"\x81\x8d", "iso8859-1"),
        ("é".encode()[:1], "cp1252"),
    ],
)
def test_auto_takes_utf8_where_it_fits_then_cp1252_then_latin1(data: bytes, name: str) -> None:
    assert choose(data, "auto") == Codec(name)


def test_auto_judges_a_pipe_by_its_head() -> None:
    for tail, name in ((b"\xe9", "utf-8"), (b"", "utf-8")):
        pipe = io.BufferedReader(Drips(b"a" * (HEAD_BYTES - 1) + "é".encode() + tail))
        assert choose_codec("auto", read_head(pipe), pipe) == Codec(name)
    pipe = io.BufferedReader(Drips(b"\xe9"))
    assert choose_codec("auto", read_head(pipe), pipe) == Codec("cp1252")


def test_a_nul_byte_is_binary_unless_the_encoding_or_mark_explains_it() -> None:
    wide = "text".encode("utf-16")
    assert is_binary(b"a\0b", "utf-8")
    assert is_binary(b"a\0b", "auto")
    assert is_binary("text".encode("utf-16-le"), "latin-1")
    assert not is_binary(b"no nul", "utf-8")
    assert not is_binary("text".encode("utf-16-le"), "UTF-16LE")
    assert not is_binary(wide, "utf-8")
    assert not is_binary(wide, "auto")


@pytest.mark.parametrize("name", ["utf-8", "cp1252", "shift_jis", "gb18030", "euc_kr"])
def test_lines_of_these_can_be_cut_as_bytes(name: str) -> None:
    assert Codec(name).line_end_is_a_byte


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-32-be", "cp037", "iso2022_jp", "hz"])
def test_lines_of_these_cannot(name: str) -> None:
    assert not Codec(name).line_end_is_a_byte
