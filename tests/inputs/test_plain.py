from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from embedcli.documents import Document
from embedcli.errors import InputError
from embedcli.inputs import ReadOptions, Tally, Unit, text_documents


def test_a_file_is_kept_exactly_as_decoded(tmp_path, read) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf  one\r\n\r\ntwo\n\n")
    (document,) = read(path).documents
    assert document == Document(str(path), "  one\r\n\r\ntwo\n\n", str(path), "a.txt")


def test_a_line_loses_its_end_and_nothing_else(read) -> None:
    outcome = read("-", stdin=b" a \r\nb\x0bc\xc2\x85d\ne\rf\r", unit="line")
    assert outcome.texts == [" a ", "b\x0bc\x85d", "e\rf\r"]


def test_a_blank_line_is_no_document_but_counts(read) -> None:
    outcome = read("-", stdin=b"\n a\n\r\n \t\nb", unit="line")
    assert list(zip(outcome.ids, outcome.texts, strict=True)) == [("-:2", " a"), ("-:5", "b")]


def test_a_paragraph_is_a_block_between_blank_lines(tmp_path, read) -> None:
    path = tmp_path / "p.txt"
    path.write_bytes(b"\n\none\r\ntwo\r\n \t\r\n\r\nthree\nfour")
    outcome = read(path, unit="paragraph")
    assert outcome.ids == [f"{path}:3", f"{path}:7"]
    assert outcome.texts == ["one\r\ntwo", "three\nfour"]


def test_a_paragraph_with_bad_bytes_is_left_out_once_and_the_next_is_read(read) -> None:
    outcome = read("-", stdin=b"a\n\xff\n\xfe\nb\n\nc\n", unit="paragraph")
    assert outcome.ids == ["-:6"]
    assert [error.id for error in outcome.errors] == ["-:1"]
    assert str(outcome.errors[0]).startswith("stdin:2: byte 0xff at offset 2")


def test_a_paragraph_that_begins_with_bad_bytes_is_left_out(read) -> None:
    outcome = read("-", stdin=b"\xff\nb\n\n\nc\n\xff", unit="paragraph")
    assert outcome.ids == []
    assert [error.id for error in outcome.errors] == ["-:1", "-:5"]


lines_of_text = st.lists(st.sampled_from(["a", " b ", "", " ", "c\r", "\x0b"]), max_size=12)


@settings(deadline=None, max_examples=80)
@given(lines_of_text)
def test_lines_agree_with_a_plain_oracle(lines: list[str]) -> None:
    numbered = [(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1)]
    expected = [(f"text:1:{number}", line) for number, line in numbered if line.strip()]
    text = "".join(f"{line}\n" for line in lines)
    assert [(document.id, document.text) for document in from_text(text, "line")] == expected


@settings(deadline=None, max_examples=80)
@given(lines_of_text)
def test_paragraphs_agree_with_a_plain_oracle(lines: list[str]) -> None:
    expected = []
    numbered = enumerate([f"{line}\n" for line in lines], 1)
    for blank, group in itertools.groupby(numbered, lambda pair: not pair[1].strip()):
        block = list(group)
        if not blank:
            text = "".join(line for _, line in block)
            expected.append((f"text:1:{block[0][0]}", text.removesuffix("\n").removesuffix("\r")))
    text = "".join(f"{line}\n" for line in lines)
    assert [(document.id, document.text) for document in from_text(text, "paragraph")] == expected


def from_text(text: str, unit: Unit) -> list[Document]:
    def refuse(error: InputError) -> None:
        raise error

    return list(text_documents([text], ReadOptions(unit), tally=Tally(), on_error=refuse))
