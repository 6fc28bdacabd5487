from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def jsonl(tmp_path: Path):
    def write(*lines: Any) -> Path:
        path = tmp_path / "r.jsonl"
        written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("\n".join(written))
        return path

    return write


def test_a_record_has_its_own_id_or_that_of_its_line(jsonl, read) -> None:
    path = jsonl(
        {"id": "a", "text": "one"},
        "",
        {"text": "two"},
        {"id": 7, "text": "three"},
        {"id": None, "text": "four"},
        {"id": "", "text": "five"},
    )
    outcome = read(path)
    assert outcome.ids == ["a", f"{path}:3", "7", f"{path}:5", f"{path}:6"]
    assert outcome.texts == ["one", "two", "three", "four", "five"]
    assert {(d.source, d.group) for d in outcome.documents} == {(str(path), "r.jsonl")}


@pytest.mark.parametrize("unit", ["file", "line", "paragraph"])
def test_a_record_stays_one_document_whatever_the_unit(jsonl, read, unit: str) -> None:
    assert read(jsonl({"text": "a\n\nb\n"}), unit=unit).texts == ["a\n\nb\n"]


@pytest.mark.parametrize("name", ["r.JSONL", "r.ndjson", "r.JsonL"])
def test_suffixes_are_known_in_any_case(tmp_path: Path, read, name: str) -> None:
    (tmp_path / name).write_text('{"text": "a"}')
    assert read(tmp_path / name).texts == ["a"]


def test_fields_are_chosen_by_name(jsonl, read) -> None:
    path = jsonl({"body": "b", "key": "k", "text": "t", "id": "i"})
    outcome = read(path, text_field="body", id_field="key")
    assert (outcome.ids, outcome.texts) == (["k"], ["b"])


def test_a_missing_field_names_those_that_exist_and_the_rest_is_read(jsonl, read) -> None:
    path = jsonl({"title": "x", "body": "y"}, {"text": "kept"}, {})
    outcome = read(path)
    assert outcome.texts == ["kept"]
    assert outcome.kinds == ["field", "field"]
    assert str(outcome.errors[0]) == (
        f"{path}:1: no field 'text'; there are 'title', 'body'; choose one with --text-field"
    )
    assert "there are no fields" in str(outcome.errors[1])


def test_a_missing_id_field_is_an_error_only_when_it_was_asked_for(jsonl, read) -> None:
    outcome = read(jsonl({"text": "t"}), id_field="key")
    assert outcome.kinds == ["field"]
    assert "no field 'key'; there are 'text'; choose one with --id-field" in str(outcome.errors[0])


def test_of_many_fields_the_first_are_named(jsonl, read) -> None:
    (error,) = read(jsonl({f"f{number}": 0 for number in range(25)})).errors
    assert "'f19' and 5 more;" in str(error)


def test_a_broken_line_is_named_and_the_rest_is_read(jsonl, read) -> None:
    path = jsonl({"text": "a"}, '{"text": "b"', {"text": "c"})
    outcome = read(path)
    assert outcome.texts == ["a", "c"]
    (error,) = outcome.errors
    assert (error.kind, error.id, error.source) == ("malformed", f"{path}:2", str(path))
    assert str(error) == (
        f"{path}:2: not JSON (Expecting ',' delimiter, column 13); one object a line is expected"
    )


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ('["text"]', "malformed", "an array; one JSON object a line"),
        ("3", "malformed", "a number; one JSON object"),
        ('{"text": null}', "empty", "null; a string is expected"),
        ('{"text": 3}', "malformed", "holds a number; a string"),
        ('{"text": ["a"]}', "malformed", "holds an array"),
        ('{"text": ""}', "empty", "no text to embed"),
        ('{"text": " \\n\\u00a0"}', "empty", "no text to embed"),
        ('{"text": "a", "id": true}', "malformed", "id field holds a boolean"),
        ('{"text": "a", "id": {}}', "malformed", "id field holds an object"),
        ('{"text": "ab\\ud800"}', "undecodable", "surrogate pair (\\ud800) at character 2"),
        ('{"text": "a", "id": "\\udc80"}', "undecodable", "surrogate"),
        ("[" * 100_000, "malformed", "beyond what can be read"),
        ('{"text": "a", "id": ' + "1" * 5000 + "}", "malformed", "beyond what can be read"),
    ],
)
def test_what_is_no_text_is_an_error_with_its_line(
    jsonl, read, line: str, kind: str, words: str
) -> None:
    path = jsonl({"text": "first"}, line, {"text": "last"})
    outcome = read(path)
    assert outcome.texts == ["first", "last"]
    (error,) = outcome.errors
    assert (error.kind, error.id) == (kind, f"{path}:2")
    assert words in str(error)
    assert "\n" not in str(error)


def test_whole_surrogate_pairs_are_characters(jsonl, read) -> None:
    assert read(jsonl('{"text": "\\ud83d\\ude00"}')).texts == ["😀"]


def test_a_bad_byte_costs_only_its_line(tmp_path: Path, read) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "a"}\r\n{"text": "\xff"}\n{"text": "b"}')
    outcome = read(path)
    assert outcome.texts == ["a", "b"]
    assert outcome.kinds == ["undecodable"]


def test_other_line_separators_do_not_end_a_record(jsonl, read) -> None:
    assert read(jsonl('{"text": "a\u2028b\x85c"}')).texts == ["a\u2028b\x85c"]


def test_a_record_of_ten_megabytes_is_read(jsonl, read) -> None:
    long = "word " * 2_000_000
    assert read(jsonl({"text": long})).texts == [long]
