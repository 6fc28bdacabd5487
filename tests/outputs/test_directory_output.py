"""A directory output mirrors the input tree, inside the directory and nowhere else."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcli.documents import Row
from embedcli.errors import OutputError
from embedcli.outputs import check_output, open_output, read_output
from embedcli.outputs.mirroring import mirrored_name

from .conftest import MakeRow


def write(root: Path, *rows: Row, format_name: str | None = None, **options: Any) -> None:
    plan = check_output(f"{root}/", format_name, **options)
    with open_output(plan, stream=io.BytesIO(), facts={"model": "m"}) as out:
        for row in rows:
            out.add(row)
        out.finish({"model": "m", "count": len(rows)})


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


OWN = ["embedcli.index.jsonl", "embedcli.meta.json"]


def test_the_tree_is_mirrored_with_one_index_for_all(tmp_path: Path, row: MakeRow) -> None:
    root = tmp_path / "new" / "states"
    rows = [
        row("a.txt", [1, 2], group="a.txt"),
        row("nested/deep.txt:1", [3, 4], group="nested/deep.txt"),
        row("nested/deep.txt:2", [5, 6], group="nested/deep.txt"),
    ]
    write(root, *rows)
    assert names(root) == ["a.txt.npy", *OWN, "nested/deep.txt.npy"]
    np.testing.assert_array_equal(np.load(root / "nested/deep.txt.npy"), [[3, 4], [5, 6]])
    lines = [json.loads(line) for line in (root / OWN[0]).read_bytes().splitlines()]
    assert [(line["file"], line["row"], line["id"]) for line in lines] == [
        ("a.txt.npy", 0, "a.txt"),
        ("nested/deep.txt.npy", 0, "nested/deep.txt:1"),
        ("nested/deep.txt.npy", 1, "nested/deep.txt:2"),
    ]
    assert json.loads((root / OWN[1]).read_bytes())["count"] == 3


def test_a_file_in_the_tree_finds_its_index_and_provenance(tmp_path: Path, row: MakeRow) -> None:
    write(tmp_path, row("x", [1], group="n/x.txt"), row("y", [2], group="y"))
    stored = read_output(tmp_path / "n" / "x.txt.npy")
    assert stored.ids == ["x"]
    assert (stored.facts or {})["model"] == "m"


def test_no_file_is_there_before_the_finish(tmp_path: Path, row: MakeRow) -> None:
    plan = check_output(f"{tmp_path}/", None)
    with open_output(plan, stream=io.BytesIO(), facts={}) as out:
        out.add(row("a", [1], group="a"))
        out.add(row("b", [1], group="b"))
        assert not (tmp_path / "a.npy").exists()
    assert names(tmp_path) == []


def test_states_of_one_document_are_an_npy_and_of_several_an_npz(
    tmp_path: Path, row: MakeRow
) -> None:
    rows = [
        row("one.txt", np.ones((3, 2)), group="one.txt"),
        row("two.txt:1", np.ones((4, 2)), group="two.txt"),
        row("two.txt:2", np.ones((5, 2)), group="two.txt"),
    ]
    write(tmp_path, *rows, matrices=True)
    assert names(tmp_path) == [*OWN, "one.txt.npy", "two.txt.npz"]
    assert np.load(tmp_path / "one.txt.npy").shape == (3, 2)
    stored = read_output(tmp_path / "two.txt.npz")
    assert {name: array.shape for name, array in stored.vectors.items()} == {  # type: ignore[union-attr]
        "two.txt:1": (4, 2),
        "two.txt:2": (5, 2),
    }


def test_ranges_are_taken_over_the_whole_run(tmp_path: Path, row: MakeRow) -> None:
    rows = [row("a", [0, 0], group="a"), row("b", [255, 510], group="b")]
    write(tmp_path, *rows, output_dtype="uint8", format_name="npz")
    assert read_output(tmp_path / "a.npz").vectors.tolist() == [[0, 0]]  # type: ignore[union-attr]
    stored = read_output(tmp_path / "b.npz")
    assert stored.vectors.tolist() == [[255, 255]]  # type: ignore[union-attr]
    assert (stored.facts or {})["quantization_ranges"] == [[0, 0], [255, 510]]
    assert not (tmp_path / ".embedcli.partial").exists()


def test_two_inputs_with_one_name_are_refused_and_both_named(tmp_path: Path, row: MakeRow) -> None:
    rows = [
        row("1", [1], group="a.txt", source="x/a.txt"),
        row("2", [1], group="b.txt"),
        row("3", [1], group="a.txt", source="y/a.txt"),
    ]
    with pytest.raises(OutputError, match=r"x/a\.txt and y/a\.txt would both be a\.txt\.npy"):
        write(tmp_path / "out", *rows)


def test_existing_files_and_runs_are_refused(tmp_path: Path, row: MakeRow) -> None:
    (tmp_path / "a.npy").write_text("old")
    with pytest.raises(OutputError, match=r"a\.npy exists; give --overwrite"):
        write(tmp_path, row("a", [1], group="a"))
    assert (tmp_path / "a.npy").read_text() == "old"
    write(tmp_path, row("a", [1], group="a"), overwrite=True)
    with pytest.raises(OutputError, match="holds an output already"):
        check_output(str(tmp_path))


def test_a_failed_run_leaves_no_new_directory(tmp_path: Path, row: MakeRow) -> None:
    with pytest.raises(OutputError):
        write(tmp_path / "out", row("a", [1], group=".."))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "group",
    ["", "/etc/passwd", "..", "../a", "a/../../b", "a//b", "./a", "a\0b", ".embedcli.partial/a"],
)
def test_a_name_that_has_no_place_inside_is_refused(group: str) -> None:
    with pytest.raises(OutputError, match="cannot be mirrored"):
        mirrored_name(group, ".npy")


def test_a_name_may_not_take_the_place_of_the_index() -> None:
    with pytest.raises(OutputError, match="cannot be mirrored"):
        mirrored_name("embedcli.index", ".jsonl")


def test_a_link_out_of_the_directory_is_not_followed(tmp_path: Path, row: MakeRow) -> None:
    root, outside = tmp_path / "out", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "n").symlink_to(outside)
    with pytest.raises(OutputError, match="leads out of"):
        write(root, row("a", [1], group="n/m/a"))
    assert list(outside.iterdir()) == []


def test_long_names_are_shortened_and_stay_apart(tmp_path: Path, row: MakeRow) -> None:
    long = [f"{'é' * 130}/{'x' * 254}{end}" for end in "ab"]
    write(tmp_path, *(row(end, [1], group=name) for end, name in zip("ab", long, strict=True)))
    assert len(names(tmp_path)) == 4
    assert all(len(part.encode()) <= 255 for name in names(tmp_path) for part in name.split("/"))


def test_names_that_are_not_utf8_are_kept(tmp_path: Path, row: MakeRow) -> None:
    write(tmp_path, row("a", [1], group="caf\udce9.txt"))
    assert (tmp_path / "caf\udce9.txt.npy").exists()
