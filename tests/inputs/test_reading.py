from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from embedcli.errors import InputError
from embedcli.inputs import ReadOptions, Tally, read_documents, text_documents


def refuse(error: InputError) -> None:
    raise error


def test_inputs_are_read_in_the_order_given(tree, read) -> None:
    root = tree({"d/b.txt": "in b", "d/a.txt": "in a", "c.txt": "in c"})
    outcome = read(root / "c.txt", "-", root / "d", stdin=b"piped")
    assert outcome.texts == ["in c", "piped", "in a", "in b"]
    assert outcome.ids == [f"{root}/c.txt", "-", "a.txt", "b.txt"]
    assert [document.group for document in outcome.documents] == [
        "c.txt",
        "stdin",
        "a.txt",
        "b.txt",
    ]
    assert [document.source for document in outcome.documents][1] == "-"
    assert (outcome.tally.files, outcome.tally.documents) == (4, 4)


def test_stdin_is_text_and_records_are_not_guessed(read) -> None:
    line = b'{"text": "a"}\n'
    assert read("-", stdin=line).texts == [line.decode()]


def test_nothing_is_read_before_it_is_asked_for(tree) -> None:
    root = tree({"a.txt": "x", "b.txt": "y", "c.txt": b"\xff"})
    tally = Tally()
    documents = read_documents(
        [str(root)], ReadOptions(), stdin=io.BytesIO(), tally=tally, on_error=refuse
    )
    assert tally.files == 0
    assert next(documents).text == "x"
    assert tally.files == 1
    (root / "b.txt").write_text("written later")
    assert next(documents).text == "written later"
    with pytest.raises(InputError):
        next(documents)


def test_an_on_error_that_raises_stops_the_reading(tree) -> None:
    root = tree({"a.txt": "x", "b.txt": b"\xff", "c.txt": "z"})
    tally = Tally()
    documents = read_documents(
        [str(root)], ReadOptions(), stdin=io.BytesIO(), tally=tally, on_error=refuse
    )
    assert next(documents).id == "a.txt"
    with pytest.raises(InputError) as caught:
        next(documents)
    assert (caught.value.id, caught.value.source) == ("b.txt", f"{root}/b.txt")
    assert list(documents) == []
    assert tally.failed == 1


def test_an_error_of_the_reporter_is_not_taken_for_one_of_the_file(tree) -> None:
    def full(error: InputError) -> None:
        raise OSError(28, "No space left on device")

    documents = read_documents(
        [str(tree({"a.txt": ""}))], ReadOptions(), stdin=io.BytesIO(), tally=Tally(), on_error=full
    )
    with pytest.raises(OSError, match="No space left"):
        next(documents)


def test_an_on_error_that_returns_skips_and_goes_on(tree, read) -> None:
    root = tree({"a.txt": b"\xff", "b.txt": "", "c.txt": " \n", "d.txt": "x"})
    outcome = read(root)
    assert outcome.ids == ["d.txt"]
    assert outcome.kinds == ["undecodable", "empty", "empty"]
    assert [error.id for error in outcome.errors] == ["a.txt", "b.txt", "c.txt"]
    assert (outcome.tally.failed, outcome.tally.documents, outcome.tally.files) == (3, 1, 4)


def test_binary_files_are_left_out_of_a_directory_but_refused_by_name(tree, read) -> None:
    root = tree({"a.png": b"\x89PNG\0", "b.txt": "x", "c.csv": b"\0", "d.txt": b"x" * 8192 + b"\0"})
    outcome = read(root)
    assert outcome.ids == ["b.txt", "d.txt"]
    assert (outcome.tally.binary, outcome.tally.files, outcome.errors) == (2, 2, [])
    named = read(root / "a.png", "-", stdin=b"\0")
    assert named.kinds == ["binary", "binary"]
    assert [error.id for error in named.errors] == [f"{root}/a.png", "-"]


def test_utf16_with_a_mark_is_not_mistaken_for_binary(tree, read) -> None:
    root = tree({"a.txt": "é\nb".encode("utf-16")})
    assert read(root).kinds == ["undecodable"]
    assert read(root, encoding="auto").texts == ["é\nb"]
    assert read(root, encoding="auto", unit="line").texts == ["é", "b"]


@pytest.mark.parametrize("unit", ["line", "paragraph"])
def test_an_empty_file_is_no_error_when_its_parts_are_the_documents(tree, read, unit) -> None:
    outcome = read(tree({"a.txt": "", "b.txt": "\n \n", "c.txt": "x"}), unit=unit)
    assert (outcome.ids, outcome.errors) == (["c.txt:1"], [])
    assert (outcome.tally.empty, outcome.tally.files) == (2, 3)


@pytest.mark.parametrize("unit", ["file", "line"])
def test_a_named_pipe_is_read_as_a_stream(tmp_path: Path, read, unit) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("x" * 100_000,))
    writer.start()
    outcome = read(path, unit=unit)
    writer.join()
    assert outcome.texts == ["x" * 100_000]


def test_a_file_that_vanishes_after_it_was_listed_is_missing(tree) -> None:
    root = tree({"a.txt": "x", "b.txt": "y"})
    errors: list[InputError] = []
    documents = read_documents(
        [str(root)], ReadOptions(), stdin=io.BytesIO(), tally=Tally(), on_error=errors.append
    )
    next(documents)
    (root / "b.txt").unlink()
    assert list(documents) == []
    assert [(error.kind, error.id) for error in errors] == [("missing", "b.txt")]


def test_a_file_that_cannot_be_read_on_is_an_input_error(read) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    (error,) = read("-", stdin=Broken()).errors
    assert (error.kind, str(error)) == ("unreadable", "stdin: cannot be read: Input/output error")


def test_options_are_checked_before_anything_is_read() -> None:
    for documents in (
        read_documents(
            ["none"],
            ReadOptions(encoding="klingon"),
            stdin=io.BytesIO(),
            tally=Tally(),
            on_error=refuse,
        ),
        text_documents(["a"], ReadOptions(encoding="klingon"), tally=Tally(), on_error=refuse),
    ):
        with pytest.raises(InputError, match="encoding 'klingon' is not known"):
            next(documents)


def test_texts_of_the_command_line_are_numbered() -> None:
    tally = Tally()
    documents = list(text_documents(["one\n", "two"], ReadOptions(), tally=tally, on_error=refuse))
    assert [(document.id, document.text) for document in documents] == [
        ("text:1", "one\n"),
        ("text:2", "two"),
    ]
    assert {(document.source, document.group) for document in documents} == {("--text", "text")}
    assert tally.documents == 2


def test_texts_of_the_command_line_obey_the_unit() -> None:
    documents = text_documents(["a\n\nb", "c"], ReadOptions("line"), tally=Tally(), on_error=refuse)
    assert [document.id for document in documents] == ["text:1:1", "text:1:3", "text:2:1"]


def test_texts_that_cannot_be_embedded_are_reported_and_the_rest_is_given() -> None:
    errors: list[InputError] = []
    documents = text_documents(
        ["", os.fsdecode(b"caf\xe9"), "c"], ReadOptions(), tally=Tally(), on_error=errors.append
    )
    assert [document.id for document in documents] == ["text:3"]
    assert [(error.id, error.kind) for error in errors] == [
        ("text:1", "empty"),
        ("text:2", "undecodable"),
    ]


def test_a_large_file_is_held_in_few_copies(tmp_path: Path, read) -> None:
    path = tmp_path / "large.txt"
    size = 20_000_000
    path.write_bytes(b"word " * (size // 5))
    tracemalloc.start()
    (document,) = read(path).documents
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(document.text) == size
    assert peak < 2.2 * size


def test_many_lines_need_no_more_memory_than_few(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("one short line\n" * 20_000)
    documents = read_documents(
        [str(path)], ReadOptions("line"), stdin=io.BytesIO(), tally=Tally(), on_error=refuse
    )
    tracemalloc.start()
    assert sum(1 for _ in documents) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150_000


def test_importing_the_readers_loads_nothing_heavy() -> None:
    code = (
        "import sys, embedcli.inputs; "
        "print([m for m in ('pyarrow', 'torch', 'transformers', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
