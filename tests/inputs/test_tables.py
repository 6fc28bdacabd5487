from __future__ import annotations

import csv
from pathlib import Path

import pytest


@pytest.fixture
def table(tmp_path: Path):
    def write(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_rows_are_documents_with_their_ids(table, read) -> None:
    outcome = read(table("id,text\na,one\nb,two\n"))
    assert (outcome.ids, outcome.texts) == (["a", "b"], ["one", "two"])


def test_quoted_newlines_stay_and_lines_are_physical(table, read) -> None:
    path = table('\ufefftitle,text\r\nx,"a\r\nb, ""c"""\r\n\r\ny,d\r\n')
    outcome = read(path)
    assert outcome.texts == ['a\r\nb, "c"', "d"]
    assert outcome.ids == [f"{path}:2", f"{path}:5"]


def test_an_empty_id_falls_back_to_the_line(table, read) -> None:
    path = table("id,text\n,one\nb,two\n")
    assert read(path).ids == [f"{path}:2", "b"]


def test_tabs_separate_a_tsv(table, read) -> None:
    outcome = read(table('id\ttext\na\tone, and\nb\t"two\tlines\n"\n', "t.TSV"))
    assert outcome.texts == ["one, and", "two\tlines\n"]


def test_fields_are_chosen_by_name(table, read) -> None:
    outcome = read(table("id,key,body\n1,k,b\n"), text_field="body", id_field="key")
    assert (outcome.ids, outcome.texts) == (["k"], ["b"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no field 'text'; there are 'id', 'body'; choose one with --text-field"),
        (
            {"text_field": "body", "id_field": "key"},
            "no field 'key'; there are 'id', 'body'; choose one with --id-field",
        ),
    ],
)
def test_a_field_that_is_not_there_is_one_error(table, read, options, message: str) -> None:
    path = table("id,body\n1,b\n2,c\n")
    outcome = read(path, **options)
    assert outcome.documents == []
    assert [(error.kind, str(error)) for error in outcome.errors] == [
        ("field", f"{path}: {message}")
    ]


def test_a_field_named_twice_is_not_guessed(table, read) -> None:
    (error,) = read(table("text,text\na,b\n")).errors
    assert "the header names 'text' 2 times" in str(error)


def test_a_ragged_row_is_an_error_and_the_rest_is_read(table, read) -> None:
    path = table("id,text\na,one, two\nb\nc,three\n")
    outcome = read(path)
    assert outcome.texts == ["three"]
    assert [(error.kind, error.id) for error in outcome.errors] == [
        ("malformed", f"{path}:2"),
        ("malformed", f"{path}:3"),
    ]
    assert "3 fields where the header names 2" in str(outcome.errors[0])


def test_an_empty_cell_is_an_error_with_its_line(table, read) -> None:
    path = table("id,text\na,\nb, \nc,d\n")
    outcome = read(path)
    assert outcome.texts == ["d"]
    assert [(error.kind, error.id) for error in outcome.errors] == [
        ("empty", f"{path}:2"),
        ("empty", f"{path}:3"),
    ]


@pytest.mark.parametrize("broken", ['b,"open\nc,d\n', 'b,"x"y\n'])
def test_behind_a_broken_quote_nothing_is_guessed(table, read, broken: str) -> None:
    path = table(f"id,text\na,one\n{broken}")
    outcome = read(path)
    assert outcome.texts == ["one"]
    (error,) = outcome.errors
    assert (error.kind, error.id) == ("malformed", f"{path}:3")
    assert "the rest is not read" in str(error)


def test_a_bad_byte_ends_the_table(table, read) -> None:
    outcome = read(table(b"id,text\na,one\nb,\xff\nc,two\n"))
    assert outcome.texts == ["one"]
    assert outcome.kinds == ["undecodable"]


def test_large_fields_are_read_and_the_limit_of_the_process_is_left_alone(table, read) -> None:
    before = csv.field_size_limit()
    long = "word " * 2_000_000
    assert read(table(f"text\n{long}\n")).texts == [long]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("content", ["", "\n\n", "id,text\n"])
def test_a_table_without_rows_gives_nothing(table, read, content: str) -> None:
    outcome = read(table(content))
    assert (outcome.documents, outcome.errors, outcome.tally.empty) == ([], [], 1)


def test_other_encodings_work_for_tables(table, read) -> None:
    content = "id,text\na,é\n".encode("utf-16")
    assert read(table(content), encoding="utf-16").texts == ["é"]
