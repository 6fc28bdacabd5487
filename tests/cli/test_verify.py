"""``verify`` finds every row's source again, and tells what is no longer what it was."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from .conftest import Command

MODEL = "untrained?width=8&layers=1&heads=2"


@pytest.fixture(autouse=True)
def texts(write) -> None:
    write(
        {
            "in/a.txt": "first line\n\nsecond line\nthird and last line\n\nmore",
            "in/nested/b:7.txt": "a name with a colon\nand two lines",
            "in/back\\slash\n.txt": "a name to escape",
            "in/r.jsonl": '{"id": "x", "text": "one"}\n{"text": "two"}\n{"id": "x", "text": "3"}\n',
            "in/t.csv": "id,text\na#0,first\na#1,first\n:2,second\n",
        }
    )


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--unit", "line"),
        ("--unit", "paragraph"),
        ("--unit", "line", "--long", "split", "--max-tokens", "6", "--overlap", "2"),
        ("--long", "mean", "--max-tokens", "6"),
        ("--pooling", "cls", "--normalize", "--dim", "4", "--prompt", "say: "),
        ("--pooling", "none"),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".parquet"])
def test_fresh_vectors_agree_with_their_sources(
    options: Sequence[str], suffix: str, untrained: Command, embedcli: Command
) -> None:
    # Token states are keyed by id, and in this file one comes twice.
    fewer = ("--exclude", "r.jsonl") if "none" in options else ()
    assert untrained("in", "-o", f"out{suffix}", *options, *fewer).exit_code == 0
    outcome = embedcli("verify", f"out{suffix}", "--all")
    assert outcome.exit_code == 0, outcome.stdout
    assert b"the vectors are those of the sources" in outcome.stdout
    assert b"vanished" not in outcome.stdout


@pytest.mark.parametrize("dtype", ["float16", "int8", "uint8", "binary", "ubinary"])
def test_a_narrow_number_stands_for_all_that_round_to_it(
    dtype: str, untrained: Command, embedcli: Command
) -> None:
    untrained("in", "--unit", "line", "-o", "out.npy", "--output-dtype", dtype)
    assert embedcli("verify", "out.npy", "--all", "-q").exit_code == 0
    stored = np.load("out.npy")
    stored[3] = ~stored[3] if dtype != "float16" else stored[3] + np.float16(0.5)
    np.save("out.npy", stored)
    assert embedcli("verify", "out.npy", "--all", "-q").exit_code == 1


def test_a_vector_that_differs_is_named(untrained: Command, embedcli: Command) -> None:
    untrained("in/a.txt", "--unit", "line", "-o", "out.npy")
    vectors = np.load("out.npy")
    vectors[2] += 0.01
    np.save("out.npy", vectors)
    outcome = embedcli("verify", "out.npy")
    assert outcome.exit_code == 1
    lines = dict(line.split(maxsplit=1) for line in outcome.stdout.decode().splitlines() if line)
    assert "in/a.txt:4" in lines["largest"]
    assert embedcli("verify", "out.npy", "--tolerance", "0.02", "-q").exit_code == 0


def test_changed_and_vanished_sources_are_counted_and_named(
    untrained: Command, embedcli: Command
) -> None:
    untrained("in", "--unit", "line", "-o", "out.npy")
    Path("in/a.txt").write_text("first line\n\nsecond word\nthird and last line\n")
    Path("in/t.csv").unlink()
    outcome = embedcli("verify", "out.npy", "--all")
    assert outcome.exit_code == 1
    assert b"changed             1: a.txt:3" in outcome.stdout
    assert b"vanished            4: a.txt:6, a#0, a#1, :2" in outcome.stdout


def test_a_sample_is_the_same_every_time(untrained: Command, embedcli: Command) -> None:
    untrained("in", "--unit", "line", "-o", "out.npy")
    first = embedcli("verify", "out.npy", "--sample", "3")
    assert b"3 of 13 made again" in first.stdout
    assert embedcli("verify", "out.npy", "--sample", "3").stdout == first.stdout


def test_another_model_is_refused_and_the_difference_named(
    untrained: Command, embedcli: Command
) -> None:
    untrained("in", "-o", "out.npy")
    outcome = embedcli("verify", "out.npy", "-m", f"{MODEL}&seed=5")
    assert outcome.exit_code == 2
    assert f"made by another model, {MODEL}: weights_sha256" in outcome.error


def test_what_came_from_a_pipe_cannot_be_verified(untrained: Command, embedcli: Command) -> None:
    untrained("-o", "out.npy", stdin=b"text")
    assert "nothing can be read again" in embedcli("verify", "out.npy").error


def test_an_output_without_provenance_or_with_a_damaged_one_is_refused(
    untrained: Command, embedcli: Command
) -> None:
    untrained("in", "-o", "out.jsonl")
    assert "does not say how it was made" in embedcli("verify", "out.jsonl").error
    untrained("in", "-o", "out.npy")
    meta = json.loads(Path("out.meta.json").read_bytes())
    for spoilt in ({"reading": 5}, {"reading": {"unit": 7}}, {"max_tokens": "x"}, {"model": None}):
        Path("out.meta.json").write_text(json.dumps({**meta, **spoilt}))
        assert embedcli("verify", "out.npy").exit_code in (2, 3)
    Path("out.meta.json").write_text("[]")
    assert embedcli("verify", "out.npy").exit_code == 2
    assert embedcli("verify", "none.npy").exit_code == 2


def test_names_that_are_not_utf8_are_found_again(untrained: Command, embedcli: Command) -> None:
    name = os.fsdecode(b"in/caf\xe9.txt")
    Path(name).write_text("not UTF-8")
    untrained("in", "-o", "out.npz")
    assert embedcli("verify", "out.npz", "--all", "-q").exit_code == 0
