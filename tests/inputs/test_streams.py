from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embedcli.errors import InputError
from embedcli.inputs.origin import Origin
from embedcli.inputs.streams import TextStream, open_text

ORIGIN = Origin.named("f.txt")


class Pipe(io.BytesIO):
    """Bytes that come once."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation


def opened(data: bytes, encoding: str = "utf-8", kind: type[io.BytesIO] = io.BytesIO) -> TextStream:
    text = open_text(kind(data), ORIGIN, encoding)
    assert text is not None
    return text


@settings(deadline=None, max_examples=60)
@given(
    st.text("ab \r\n\x0b\x0c\x1c\x85\u2028é日😀", max_size=40),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-be", "utf-16-le"]),
    st.sampled_from([io.BytesIO, Pipe]),
    st.sampled_from([0, 8180, 65_530]),
)
@example("\n\n", "utf-8", Pipe, 8180)
def test_lines_end_at_line_feeds_only_and_lose_nothing(
    text: str, encoding: str, kind: type[io.BytesIO], lead: int
) -> None:
    text = "x" * lead + text
    data = text.encode(encoding)
    assert list(opened(data, encoding, kind).lines()) == list(io.StringIO(text, newline="\n"))
    assert opened(data, encoding, kind).read() == text


@pytest.mark.parametrize("encoding", ["gb18030", "shift_jis", "iso2022_jp", "hz", "euc_jp"])
def test_east_asian_encodings_read_whole_and_by_line(encoding: str) -> None:
    text = "日本\n\n中文\r\n" * 3000
    data = text.encode(encoding)
    assert opened(data, encoding).read() == text
    assert list(opened(data, encoding).lines()) == text.splitlines(keepends=True)


def test_ebcdic_line_ends_are_found() -> None:
    assert list(opened("a\nb".encode("cp037"), "cp037").lines()) == ["a\n", "b"]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["utf-8", "utf-8-sig", "ascii", "utf-16", "utf-32", "euc_jp", "gb18030"]),
    st.sampled_from([3, 8190, 65_534, 65_536, 73_727]),
)
def test_whole_and_lines_name_the_same_bad_byte(encoding: str, lead: int) -> None:
    bad = "\ud800".encode(encoding, "surrogatepass") if "utf-" in encoding else b"\xff"
    lines = "ab\n" * (lead // 3)
    data = lines.encode(encoding) + bad + "cd\n".encode(encoding).removeprefix(b"\xff\xfe")
    with pytest.raises(InputError) as whole:
        opened(data, encoding).read()
    items = list(opened(data, encoding).lines())
    (by_line,) = [item for item in items if isinstance(item, InputError)]
    number = items.index(by_line) + 1
    assert items[: number - 1] == lines.splitlines(keepends=True)
    assert str(by_line) == str(whole.value).replace("f.txt:", f"f.txt:{number}:", 1)


def test_the_message_names_file_byte_and_offset_and_what_to_do() -> None:
    with pytest.raises(InputError) as caught:
        opened(b"caf\xe9 au lait").read()
    assert str(caught.value) == (
        "f.txt: byte 0xe9 at offset 3 is not utf-8; "
        "name the file's encoding with --encoding, for example cp1252"
    )
    assert caught.value.kind == "undecodable"
    assert caught.value.exit_code == 2


def test_the_offset_counts_the_byte_order_mark() -> None:
    with pytest.raises(InputError, match="byte 0xff at offset 4"):
        opened(b"\xef\xbb\xbfa\xff").read()
    (error,) = opened(b"\xef\xbb\xbfa\xff").lines()
    assert "f.txt:1: byte 0xff at offset 4" in str(error)


def test_a_mark_of_another_encoding_is_pointed_out() -> None:
    with pytest.raises(InputError, match="begins with a utf-16-le byte order mark: try --encoding"):
        opened("text".encode("utf-16-le").join([b"\xff\xfe", b""])).read()


def test_lines_behind_a_bad_one_are_still_read() -> None:
    good, bad, last = opened(b"a\nb\xff\nc").lines()
    assert (good, last) == ("a\n", "c")
    assert isinstance(bad, InputError)
    assert bad.id == "f.txt:2"


def test_a_line_of_ten_megabytes_is_one_line() -> None:
    for encoding in ("utf-8", "utf-16"):
        long = "x" * 10_000_000
        assert list(opened(f"a\n{long}\nb".encode(encoding), encoding).lines()) == [
            "a\n",
            f"{long}\n",
            "b",
        ]


def test_lines_are_given_before_the_rest_is_read() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            buffer[:] = b"line\n".ljust(len(buffer), b"x")
            return len(buffer)

    text = open_text(io.BufferedReader(Endless()), ORIGIN, "utf-8")
    assert text is not None
    assert next(text.lines()) == "line\n"


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("before")
    with path.open("rb") as stream:
        text = open_text(stream, ORIGIN, "utf-8")
        with path.open("a") as writer:
            writer.write(" and after")
        assert text is not None
        with pytest.raises(InputError, match="changed while it was read") as caught:
            text.read()
    assert caught.value.kind == "changed"


def test_a_file_rewritten_at_the_same_size_is_noticed_by_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with path.open("rb") as stream:
        text = open_text(stream, ORIGIN, "utf-8")
        os.utime(path, ns=(1, 1))
        assert text is not None
        with pytest.raises(InputError, match="changed"):
            text.read()


def test_a_named_binary_is_an_error_and_a_found_one_is_none() -> None:
    with pytest.raises(InputError, match="binary data where text was expected") as caught:
        open_text(io.BytesIO(b"\x7fELF\0"), ORIGIN, "utf-8")
    assert caught.value.kind == "binary"
    assert open_text(io.BytesIO(b"\0"), Origin.inside("d/f", ("f",)), "utf-8") is None
