"""What `embedcli embed` writes: formats, directories, dtypes, and what exists already."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcli.outputs import FORMATS, read_output

Write = Callable[[dict[str, str | bytes]], None]
SUFFIXES = [(suffix, name) for name, entry in FORMATS.items() for suffix in entry.suffixes]


@pytest.fixture
def expected(untrained: Any, write: Write) -> np.ndarray:
    write({"a.txt": "one\ntwo words\nthree words here\n"})
    rows = untrained("a.txt", "--unit", "line").rows
    return np.array([row["embedding"] for row in rows], dtype=np.float32)


@pytest.mark.parametrize(("suffix", "name"), SUFFIXES)
def test_the_suffix_chooses_the_format(
    suffix: str, name: str, untrained: Any, expected: np.ndarray
) -> None:
    outcome = untrained("a.txt", "--unit", "line", "-o", f"v{suffix}")
    assert (outcome.exit_code, outcome.stdout) == (0, b"")
    stored = read_output(Path(f"v{suffix}"), name)
    np.testing.assert_array_equal(stored.vectors, expected)


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_can_be_named_and_go_to_a_pipe(
    name: str, untrained: Any, expected: np.ndarray
) -> None:
    outcome = untrained("a.txt", "--unit", "line", "-f", name)
    Path("piped").write_bytes(outcome.stdout)
    np.testing.assert_array_equal(read_output(Path("piped"), name).vectors, expected)


def test_a_pipe_gets_json_lines(untrained: Any, expected: np.ndarray) -> None:
    rows = untrained("a.txt", "--unit", "line").rows
    assert [list(row) for row in rows] == [["id", "embedding", "n_tokens", "truncated"]] * 3
    assert (rows[1]["n_tokens"], rows[1]["truncated"]) == (9, False)


def test_json_is_one_object_with_its_provenance(untrained: Any, expected: np.ndarray) -> None:
    whole = json.loads(untrained("a.txt", "--unit", "line", "-f", "json").stdout)
    named = ["model", "revision", "engine", "pooling", "normalized", "dimension", "count", "data"]
    assert list(whole) == named
    assert (whole["engine"], whole["pooling"], whole["normalized"]) == ("numpy", "mean", False)
    assert (whole["dimension"], whole["count"], len(whole["data"])) == (8, 3, 3)


def test_array_openai_raw_base64_and_hex_are_what_other_programs_read(
    untrained: Any, expected: np.ndarray
) -> None:
    def written(name: str) -> bytes:
        return bytes(untrained("a.txt", "--unit", "line", "-f", name).stdout)

    np.testing.assert_array_equal(np.array(json.loads(written("array")), np.float32), expected)
    openai = json.loads(written("openai"))
    assert [item["index"] for item in openai["data"]] == [0, 1, 2]
    assert openai["usage"]["total_tokens"] == 3 + 9 + 16
    np.testing.assert_array_equal(np.loadtxt(written("raw").splitlines(), np.float32), expected)
    little_endian = expected.astype("<f4")
    assert [base64.b64decode(x) for x in written("base64").split()] == [
        row.tobytes() for row in little_endian
    ]
    assert [bytes.fromhex(x.decode()) for x in written("hex").split()] == [
        row.tobytes() for row in little_endian
    ]


def test_an_npy_has_an_index_and_its_provenance_beside_it(
    untrained: Any, expected: np.ndarray
) -> None:
    untrained("a.txt", "--unit", "line", "-o", "v.npy", "--max-tokens", 9, "--prompt", "p")
    assert np.load("v.npy").shape == (3, 8)
    index = [json.loads(line) for line in Path("v.index.jsonl").read_text().splitlines()]
    assert [entry["id"] for entry in index] == ["a.txt:1", "a.txt:2", "a.txt:3"]
    assert [(entry["n_tokens"], entry["truncated"]) for entry in index] == [
        (4, False), (9, True), (9, True),
    ]  # fmt: skip
    assert {"source", "sha256"} <= index[0].keys()
    meta = json.loads(Path("v.meta.json").read_text())
    assert (meta["count"], meta["tokens"], meta["tokens_lost"]) == (3, 22, 9)
    assert (meta["documents_truncated"], meta["prompt"], meta["max_tokens"]) == (2, "p", 9)
    assert {"model", "revision", "weights_sha256", "dtype", "engine", "versions"} <= meta.keys()


@pytest.mark.parametrize("exists", [True, False])
def test_a_directory_mirrors_the_tree(exists: bool, untrained: Any, write: Write) -> None:
    write({"d/a.txt": "a", "d/sub/b.txt": "b\nc"})
    if exists:
        Path("out").mkdir()
    untrained("d", "--unit", "line", "-o", "out" if exists else "out/")
    assert np.load("out/a.txt.npy").shape == (1, 8)
    assert np.load("out/sub/b.txt.npy").shape == (2, 8)
    assert json.loads(Path("out/embedcli.meta.json").read_text())["count"] == 3


def test_token_states_go_to_one_file_each_or_to_keyed_formats(untrained: Any, write: Write) -> None:
    write({"d/a.txt": "abc", "d/sub/b.txt": "defgh"})
    untrained("d", "--pooling", "none", "-o", "states/")
    assert np.load("states/a.txt.npy").shape == (3, 8)
    assert np.load("states/sub/b.txt.npy").shape == (5, 8)
    untrained("d/a.txt", "--pooling", "none", "-o", "one.npy")
    np.testing.assert_allclose(np.load("one.npy"), np.load("states/a.txt.npy"), atol=1e-6)
    untrained("d", "--pooling", "none", "-o", "all.npz")
    assert {k: v.shape for k, v in np.load("all.npz").items()} == {
        "a.txt": (3, 8), "sub/b.txt": (5, 8),
    }  # fmt: skip
    untrained("d", "--pooling", "none", "-o", "all.safetensors")
    assert set(read_output(Path("all.safetensors")).vectors) == {"a.txt", "sub/b.txt"}
    refused = untrained("d", "--pooling", "none", "-o", "two.npy")
    assert (refused.exit_code, Path("two.npy").exists()) == (2, False)
    assert "use .npz, .safetensors or a directory" in refused.error


@pytest.mark.parametrize(
    ("dtype", "stored", "columns"),
    [("float16", "float16", 8), ("int8", "int8", 8), ("uint8", "uint8", 8),
     ("binary", "int8", 1), ("ubinary", "uint8", 1)],
)  # fmt: skip
def test_numbers_can_be_narrowed(
    dtype: str, stored: str, columns: int, untrained: Any, expected: np.ndarray
) -> None:
    untrained("a.txt", "--unit", "line", "-o", "v.npy", "--output-dtype", dtype)
    vectors = np.load("v.npy")
    assert (vectors.dtype, vectors.shape) == (stored, (3, columns))
    assert json.loads(Path("v.meta.json").read_text())["output_dtype"] == dtype


@pytest.mark.parametrize("existing", ["v.npy", "v.index.jsonl", "v.meta.json"])
def test_an_output_that_exists_is_refused_and_left_as_it_was(
    existing: str, untrained: Any, write: Write
) -> None:
    write({existing: "mine"})
    outcome = untrained("-t", "x", "-o", "v.npy")
    assert outcome.exit_code == 2
    assert outcome.error == f"embedcli: {existing} exists; give --overwrite or another -o"
    assert Path(existing).read_text() == "mine"
    assert untrained("-t", "x", "-o", "v.npy", "--overwrite").exit_code == 0
    assert np.load("v.npy").shape == (1, 8)


def test_a_directory_that_holds_an_output_is_refused(untrained: Any) -> None:
    untrained("-t", "x", "-o", "out/")
    assert "out holds an output already" in untrained("-t", "x", "-o", "out").error
    assert untrained("-t", "x", "-o", "out", "--overwrite").exit_code == 0


def test_nothing_is_left_of_a_run_that_fails(untrained: Any, write: Write) -> None:
    write({"good.txt": "good", "bad.txt": b"\xff"})
    assert untrained("good.txt", "bad.txt", "-o", "v.npy").exit_code == 2
    assert sorted(path.name for path in Path().iterdir()) == ["bad.txt", "good.txt"]
