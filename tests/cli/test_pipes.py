"""Nobody reads any more: what was asked for in a file is still whole, or can be gone on with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

MODEL = ["-m", "untrained?width=8&layers=1&heads=2"]


def embed(*arguments: str, closed: Sequence[str]) -> int:
    """The exit code of the command with a pipe that nobody reads as stdout, stderr, or both."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "embedcli", "embed", *arguments, *MODEL]
    try:
        stdout, stderr = (
            writing if name in closed else subprocess.DEVNULL for name in ("stdout", "stderr")
        )
        done = subprocess.run(command, stdout=stdout, stderr=stderr, timeout=120, check=False)
    finally:
        os.close(writing)
    return done.returncode


@pytest.fixture(autouse=True)
def texts(place: Path) -> None:
    (place / "many.txt").write_text("".join(f"line {n}\n" for n in range(3000)))
    (place / "bad.txt").write_bytes(b"good\n\xff\nfine\n")


@pytest.mark.parametrize("closed", [("stderr",), ("stdout", "stderr")])
@pytest.mark.parametrize("name", ["v.npy", "v.jsonl", "v/"])
def test_a_run_whose_stderr_nobody_reads_writes_its_file(
    place: Path, name: str, closed: Sequence[str]
) -> None:
    arguments = ["many.txt", "--unit", "line", "-o", name]
    assert embed(*arguments, closed=closed) == 0
    assert not list(place.rglob("*.partial"))
    assert embed(*arguments[:-1], f"w{name}", closed=()) == 0
    one, two = place / name, place / f"w{name}"
    files = [path for path in one.rglob("*") if path.suffix == ".npy"] if one.is_dir() else [one]
    assert files
    for path in files:
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes()


def test_skipped_documents_are_written_down_when_nobody_reads_stderr(place: Path) -> None:
    arguments = ["bad.txt", "--unit", "line", "--on-error", "skip", "-o", "v.npy", "-v"]
    assert embed(*arguments, closed=("stderr",)) == 1
    assert (place / "v.npy").exists()
    assert (place / "v.npy.errors.jsonl").read_bytes().count(b"\n") == 1


def test_an_error_that_nobody_reads_keeps_its_exit_code(place: Path) -> None:
    assert embed("missing.txt", "-o", "v.npy", closed=("stderr",)) == 2
    assert embed("many.txt", "--format", "nothing", closed=("stderr",)) == 2


def test_rows_that_nobody_reads_end_the_job_quietly() -> None:
    assert embed("many.txt", "--unit", "line", closed=("stdout",)) == 0
    assert embed("many.txt", "--unit", "line", closed=("stdout", "stderr")) == 0
