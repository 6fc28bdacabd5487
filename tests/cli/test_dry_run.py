"""``--dry-run`` says what a run would be, and leaves no trace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Command

MODEL = "untrained?width=16&layers=1&heads=2"


@pytest.fixture(autouse=True)
def texts(write) -> None:
    write({"in/a.txt": "".join(f"line number {n}\n" for n in range(300)), "in/b.txt": "x" * 700})


def told(stdout: bytes) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in stdout.decode().splitlines())


def test_documents_tokens_and_cuts_are_counted_as_the_run_counts_them(
    untrained: Command, embedcli: Command
) -> None:
    outcome = embedcli("embed", "in", "--unit", "line", "-m", MODEL, "--dry-run", "-o", "o.npy")
    assert outcome.exit_code == 0
    facts = told(outcome.stdout)
    assert facts["documents"] == facts["rows"] == "301"
    assert facts["cut"] == "1 document, 188 tokens lost"
    run = embedcli("embed", "in", "--unit", "line", "-m", MODEL, "-o", "o.npy")
    assert f"tokens   {facts['tokens']}" in run.stderr
    assert re.match(r"about .+", facts["time"])


def test_nothing_is_written(embedcli: Command) -> None:
    embedcli("embed", "in", "-m", MODEL, "--dry-run", "-o", "out/")
    embedcli("embed", "in", "-m", MODEL, "--dry-run", "-o", "o.npy")
    assert [path.name for path in Path().iterdir()] == ["in"]


@pytest.mark.parametrize(
    "format", ["npy", "npz", "safetensors", "parquet", "json", "jsonl", "raw", "csv", "base64"]
)
@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_the_size_is_near_the_truth(format: str, dtype: str, embedcli: Command) -> None:
    model = "untrained?width=128&layers=1&heads=2"
    options = ("--unit", "line", "-m", model, "-f", format, "-o", "o.out", "--output-dtype", dtype)
    facts = told(embedcli("embed", "in", *options, "--dry-run").stdout)
    size = int(re.findall(r"\(([0-9,]+) bytes\)", facts["output"])[0].replace(",", ""))
    embedcli("embed", "in", *options, "-q")
    written = sum(path.stat().st_size for path in Path().glob("o.out*"))
    assert size == pytest.approx(written, rel=0.3)


def test_documents_that_would_fail_are_told_and_counted(embedcli: Command, write) -> None:
    write({"in/bad.txt": b"\xff\xfe\xff"})
    stopped = embedcli("embed", "in", "-m", MODEL, "--dry-run", "-q")
    assert stopped.exit_code == 2
    assert "bad.txt" in stopped.error
    skipped = embedcli("embed", "in", "-m", MODEL, "--dry-run", "--on-error", "skip")
    assert skipped.exit_code == 1
    assert told(skipped.stdout)["documents"] == "2, 1 failed"


def test_a_shard_takes_its_part_of_the_time_and_size(embedcli: Command) -> None:
    options = ("--unit", "line", "-m", MODEL, "-o", "o.npy", "--dry-run")
    whole = told(embedcli("embed", "in", *options).stdout)["output"]
    third = told(embedcli("embed", "in", *options, "--shard", "1/3").stdout)["output"]
    sizes = [int(re.findall(r"\(([0-9,]+)", text)[0].replace(",", "")) for text in (whole, third)]
    assert sizes[1] == sizes[0] // 3
