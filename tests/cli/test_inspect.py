"""`embedcli inspect`: what an output holds, ours or anybody's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedcli.outputs import FORMATS


def shown(outcome: Any) -> dict[str, str]:
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    split = [line.split(maxsplit=1) for line in outcome.stdout.decode().splitlines()]
    return dict(split)


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_that_we_write_is_read(name: str, embedcli: Any, untrained: Any) -> None:
    output = f"v{FORMATS[name].suffixes[0]}"
    untrained("-t", "one", "-t", "and two", "-o", output, "--normalize")
    facts = shown(embedcli("inspect", output))
    assert (facts["format"], facts["shape"]) == (name, "(2, 8)")
    assert facts["norms"] == "1.0000 to 1.0000, mean 1.0000"


def test_provenance_is_shown(embedcli: Any, untrained: Any) -> None:
    untrained("-t", "one", "-t", "two words", "-o", "v.npy", "--max-tokens", 5)
    facts = shown(embedcli("inspect", "v.npy"))
    assert facts["ids"] == "text:1 ... text:2"
    assert (facts["tokens"], facts["truncated"], facts["tokens_lost"]) == ("8", "1 of 2", "4")
    assert facts["model"] == "untrained?width=8&layers=1&heads=2"
    assert (facts["engine"], facts["dtype"], facts["pooling"]) == ("numpy", "float32", "mean")
    assert (facts["revision"], facts["prompt"]) == ("none", "none")
    assert facts["versions"].startswith("embedcli ")


def test_anybodys_npy_is_read(embedcli: Any) -> None:
    np.save("theirs.npy", np.arange(12, dtype=np.float64).reshape(3, 4))
    facts = shown(embedcli("inspect", "theirs.npy"))
    assert (facts["shape"], facts["dtype"]) == ("(3, 4)", "float64")
    assert facts["norms"].startswith("3.7417 to 19.1311")
    assert facts["provenance"] == "none in the file"


@pytest.mark.parametrize("array", [np.zeros((0, 4)), np.float32(3), np.array(["text"]), np.ones(5)])
def test_odd_arrays_are_no_crash(array: Any, embedcli: Any) -> None:
    np.save("odd.npy", array)
    assert shown(embedcli("inspect", "odd.npy"))["shape"] == str(np.shape(array))


def test_numbers_that_are_not_finite_are_a_warning(embedcli: Any) -> None:
    np.save("odd.npy", np.array([[1, np.nan], [1, 1]], dtype=np.float32))
    assert shown(embedcli("inspect", "odd.npy"))["warning"] == "1 rows are not finite"


def test_token_states_are_counted(embedcli: Any, untrained: Any) -> None:
    untrained("-t", "abc", "-t", "defgh", "-o", "v.npz", "--pooling", "none")
    facts = shown(embedcli("inspect", "v.npz"))
    assert facts["arrays"] == "2 by id, 8 rows in all, width [8]"


def test_several_files_are_shown_one_after_another(embedcli: Any, untrained: Any) -> None:
    untrained("-t", "a", "-o", "a.json")
    untrained("-t", "b", "-o", "b.csv")
    formats = [
        line.split()[1]
        for line in embedcli("inspect", "a.json", "b.csv").stdout.decode().splitlines()
        if line.startswith("format")
    ]
    assert formats == ["json", "csv"]


def test_format_and_dtype_can_be_named(embedcli: Any, untrained: Any) -> None:
    untrained("-t", "a", "-t", "b", "-o", "v.hex", "--output-dtype", "float16")
    facts = shown(embedcli("inspect", "v.hex", "--format", "hex", "--dtype", "float16"))
    assert (facts["shape"], facts["dtype"]) == ("(2, 8)", "float16")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "missing"), (b"\x93NUMPY broken", "is not a whole npy file"), (b"", "is not a whole")],
)
def test_what_cannot_be_read_is_one_line(
    content: bytes | None, message: str, embedcli: Any
) -> None:
    if content is not None:
        Path("v.npy").write_bytes(content)
    outcome = embedcli("inspect", "v.npy")
    assert (outcome.exit_code, message in outcome.error) == (2, True)


def test_an_unknown_dtype_is_one_line(embedcli: Any) -> None:
    Path("v.hex").write_text("00000000\n")
    outcome = embedcli("inspect", "v.hex", "--dtype", "word")
    assert (outcome.exit_code, "word" in outcome.error) == (2, True)


def test_a_terminal_gets_a_table(terminal: Any) -> None:
    np.save("v.npy", np.ones((2, 4), dtype=np.float32))
    code, seen = terminal("inspect", "v.npy")
    assert code == 0
    for part in ("v.npy", "│", "(2, 4)", "2.0000 to 2.0000"):
        assert part in seen
