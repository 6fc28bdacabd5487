from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from embedcli.inputs import ReadOptions, Tally, unescape
from embedcli.inputs.walk import find_files

Tree = Callable[[dict[str, str | bytes]], Path]


def test_files_are_sorted_by_the_parts_of_their_relative_paths(tree: Tree, read) -> None:
    names = ["b.txt", "a/z.txt", "a.txt", "a-b/c.txt", "a/b/c.txt", "Z.txt", "é.txt"]
    root = tree(dict.fromkeys(names, "text"))
    expected = sorted(names, key=lambda name: name.split("/"))
    outcome = read(root)
    assert outcome.ids == expected
    assert [document.group for document in outcome.documents] == expected
    assert [document.source for document in outcome.documents] == [f"{root}/{n}" for n in expected]


def test_a_trailing_slash_changes_nothing(tree: Tree, read) -> None:
    root = tree({"a/b.txt": "text"})
    assert read(f"{root}/").documents[0].id == "a/b.txt"


def test_hidden_files_and_folders_are_left_out_and_counted(tree: Tree, read) -> None:
    root = tree({".a": "x", ".git/config": "x", "b/.c/d.txt": "x", "b/e.txt": "x"})
    outcome = read(root)
    assert outcome.ids == ["b/e.txt"]
    assert outcome.tally.hidden == 3


def test_what_is_named_is_read_though_hidden_or_excluded(tree: Tree, read) -> None:
    root = tree({".notes/a.txt": "x", ".b.txt": "y"})
    outcome = read(root / ".notes", root / ".b.txt", exclude=("*.txt",), glob=("*.md",))
    assert outcome.ids == [f"{root}/.b.txt"]
    assert outcome.tally.excluded == 1
    assert read(root / ".notes").ids == ["a.txt"]


def test_glob_chooses_files_and_exclude_prunes_folders(tree: Tree, read) -> None:
    root = tree(dict.fromkeys(["a.txt", "a.md", "old/b.txt", "new/c.txt", "new/d.py"], "x"))
    outcome = read(root, glob=("*.txt", "*.md"), exclude=("old",))
    assert outcome.ids == ["a.md", "a.txt", "new/c.txt"]
    assert outcome.tally.excluded == 2


def test_linked_files_are_read_and_linked_folders_once_each(tree: Tree, read) -> None:
    root = tree({"real/a.txt": "x"})
    (root / "file").symlink_to("real/a.txt")
    (root / "first").symlink_to("real")
    (root / "second").symlink_to("real")
    outcome = read(root)
    assert outcome.ids == ["file", "first/a.txt", "real/a.txt"]
    assert outcome.tally.special == 1


def test_loops_broken_links_and_what_is_no_file_are_passed_over_and_counted(
    tree: Tree, read, monkeypatch
) -> None:
    root = tree({"sub/a.txt": "x"})
    (root / "sub/up").symlink_to("..")
    (root / "sub/self").symlink_to("self")
    (root / "broken").symlink_to("nowhere")
    (root / "null").symlink_to("/dev/null")
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        outcome = read(root)
    assert outcome.ids == ["sub/a.txt"]
    assert not outcome.errors
    assert outcome.tally.special == 6


def test_a_linked_parent_is_read_without_end_only_once(tree: Tree, read) -> None:
    root = tree({"in/a.txt": "x", "b.txt": "y"})
    (root / "in/parent").symlink_to("..")
    outcome = read(root / "in")
    assert outcome.ids == ["a.txt", "parent/b.txt"]
    assert outcome.tally.special == 1


def test_broken_names_get_distinct_reversible_ids_and_a_real_source(tree: Tree, read) -> None:
    root = tree({})
    names = [b"a\xe9", b"a\\xe9", b"new\nline", "café".encode(), "cafe\u0301".encode()]
    for name in names:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_text("x")
    outcome = read(root)
    assert {os.fsencode(unescape(name)) for name in outcome.ids} == set(names)
    for document in outcome.documents:
        document.id.encode()
        assert document.group == document.id
        assert Path(document.source).read_text() == "x"


def test_a_folder_is_listed_only_when_its_turn_comes(tree: Tree, monkeypatch) -> None:
    root = tree({"a/1.txt": "x", "b/2.txt": "x"})
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    files = find_files(str(root), ReadOptions(), Tally())
    assert next(files).name == "a/1.txt"
    assert listed == [str(root), f"{root}/a"]


def test_plain_files_are_not_examined_one_by_one(tree: Tree, monkeypatch) -> None:
    root = tree({f"{number}.txt": "x" for number in range(50)})
    examined: list[str] = []
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **kw: examined.append(path) or stat(path, **kw))
    assert len(list(find_files(str(root), ReadOptions(), Tally()))) == 50
    assert set(examined) == {str(root)}


def test_folders_may_be_nested_deeper_than_python_recurses(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    depth = 1200
    deepest = "d/" * depth
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.txt").write_text("x")
    os.chdir(tmp_path)
    (found,) = find_files("d", ReadOptions(), Tally())
    assert found.name == f"{deepest}a.txt".removeprefix("d/")
    # pytest's own clean-up recurses.
    Path(found.source).unlink()
    os.removedirs(deepest)


def test_a_missing_input_is_reported_and_the_next_is_read(tree: Tree, read) -> None:
    root = tree({"a.txt": "x"})
    outcome = read(root / "none.txt", root / "a.txt/b", "nul\0", root / "a.txt")
    assert outcome.kinds == ["missing", "missing", "missing"]
    assert outcome.errors[0].source == outcome.errors[0].id == f"{root}/none.txt"
    assert str(outcome.errors[0]) == (f"{root}/none.txt: no such file or directory; check the path")
    assert outcome.errors[0].exit_code == 2
    assert len(outcome.documents) == 1


def test_a_folder_that_may_not_be_listed_is_an_input_error(tree: Tree, read, monkeypatch) -> None:
    root = tree({"a/1.txt": "x", "b/2.txt": "x"})
    scandir = os.scandir

    def guarded(path: str):
        if path.endswith("/a"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    outcome = read(root)
    assert outcome.ids == ["b/2.txt"]
    assert [(error.kind, error.id) for error in outcome.errors] == [("unreadable", "a")]
    monkeypatch.setattr(os, "scandir", lambda path: guarded("/a"))
    assert read(root).kinds == ["unreadable"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_input_error(tree: Tree, read) -> None:
    root = tree({"a.txt": "x", "b.txt": "y"})
    (root / "a.txt").chmod(0)
    outcome = read(root)
    assert outcome.kinds == ["unreadable"]
    assert outcome.ids == ["b.txt"]
