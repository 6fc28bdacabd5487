"""Names that steer terminals, climb out of folders or are no text do no harm from end to end."""

from __future__ import annotations

import csv
import json
import os
import socket
import unicodedata
from pathlib import Path

import pytest

from embedcli.inputs import unescape

from .conftest import Command, Terminal

HOSTILE = [
    b"new\nline.txt",
    b"tab\tand\rreturn.txt",
    b"red\x1b[31m\x07.txt",
    b"caf\xe9.txt",
    b"caf\\xe9.txt",
    unicodedata.normalize("NFC", "café.txt").encode(),
    unicodedata.normalize("NFD", "café.txt").encode(),
    "а.txt".encode(),
    b"a.txt",
    "\u202etxt.a".encode(),
    b".hidden.txt",
    b"-rf.txt",
    b"=cmd|' C calc'!A1.txt",
    b"[bold]x.txt",
    b"x" * 251 + b".txt",
    b" .txt",
]


@pytest.fixture(autouse=True)
def tree(place: Path) -> Path:
    (place / "in").mkdir()
    for name in HOSTILE:
        path = Path(os.fsdecode(os.fsencode(place / "in") + b"/" + name))
        path.write_text(f"text of {len(name)}")
    return place


def visible() -> set[bytes]:
    return {name for name in HOSTILE if not name.startswith(b".")}


def test_ids_are_distinct_and_give_the_names_back(untrained: Command) -> None:
    outcome = untrained("in", "-f", "jsonl")
    assert {os.fsencode(unescape(row_id)) for row_id in outcome.ids} == visible()
    assert len(outcome.ids) == len(visible())
    assert not any("\n" in row_id or "\x1b" in row_id for row_id in outcome.ids)


def test_a_mirrored_directory_has_a_file_for_each_and_none_outside(
    tree: Path, untrained: Command
) -> None:
    assert untrained("in", "-o", "out/").exit_code == 0
    index = map(json.loads, (tree / "out/embedcli.index.jsonl").read_bytes().splitlines())
    files = {line["file"] for line in index}
    assert len(files) == len(visible())
    assert {path.name for path in (tree / "out").iterdir()} == {
        *files, "embedcli.index.jsonl", "embedcli.meta.json"
    }  # fmt: skip
    assert sorted(path.name for path in tree.iterdir()) == ["in", "out"]


def test_links_out_of_the_output_are_not_followed(tree: Path, untrained: Command) -> None:
    (tree / "in/sub").mkdir()
    (tree / "in/sub/a.txt").write_text("text")
    (tree / "outside").mkdir()
    (tree / "out").mkdir()
    (tree / "out/sub").symlink_to(tree / "outside")
    outcome = untrained("in", "-o", "out/")
    assert outcome.exit_code == 2
    assert "leads out of" in outcome.error
    assert not list((tree / "outside").iterdir())


def test_a_spreadsheet_sees_text_and_no_formula(untrained: Command) -> None:
    untrained("in", "-o", "o.csv")
    with Path("o.csv").open(newline="") as stream:
        ids = [cells[0] for cells in csv.reader(stream)][1:]
    assert len(ids) == len(visible())
    assert not [row_id for row_id in ids if row_id.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_no_name_or_text_steers_the_terminal(tree: Path, terminal: Terminal) -> None:
    (tree / "in/bad\x1b]0;owned\x07.txt").write_bytes(b"\xff")
    model = "untrained?width=8&layers=1&heads=2"
    for options in (["embed"], ["embed", "--on-error", "skip"], ["tokenize", "--on-error", "skip"]):
        _, shown = terminal(*options, "in", "-m", model)
        assert "\x07" not in shown
        assert "\x1b]0;" not in shown
        assert "\x1b[31m" not in shown.replace("\x1b[31m\\", "")


def test_what_is_no_file_is_passed_over_and_counted(tree: Path, embedcli: Command) -> None:
    special = tree / "in/z"
    special.mkdir()
    (special / "loop").symlink_to("loop")
    (special / "up").symlink_to("..")
    (special / "broken").symlink_to("nowhere")
    (special / "null").symlink_to("/dev/null")
    os.mkfifo(special / "pipe")
    os.chdir(special)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        os.chdir(tree)
        outcome = embedcli("embed", "in", "-m", "untrained?width=8&layers=1&heads=2", "-o", "o.npy")
    assert outcome.exit_code == 0
    assert "6 special" in outcome.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_line(tree: Path, untrained: Command) -> None:
    (tree / "in/a.txt").chmod(0)
    outcome = untrained("in", "-o", "o.npy")
    assert outcome.exit_code == 2
    assert "permission denied" in outcome.error
