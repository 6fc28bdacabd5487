"""Shards put together are, byte for byte, what one run writes; what does not fit is refused."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embedcli.outputs import read_output

from .conftest import Command

MODEL = "untrained?width=16&layers=1&heads=2"
WORDS = ["water", "falls", "on", "the", "old", "mill", "wheel", "turns", "all", "night"]


@pytest.fixture(autouse=True)
def texts(place: Path) -> None:
    draw = random.Random(0)
    folder = place / "in"
    folder.mkdir()
    for name in ("a.txt", "b.txt", "deep.txt"):
        lines = [" ".join(draw.choices(WORDS, k=draw.choice([1, 3, 8, 30]))) for _ in range(60)]
        (folder / name).write_text("\n".join([*lines, lines[0], lines[7]]) + "\n")


@pytest.fixture
def embed(embedcli: Command) -> Command:
    return lambda *options: embedcli("embed", "in", "-m", MODEL, "-q", "--unit", "line", *options)


def shard(embed: Command, count: int, suffix: str, *options: object) -> list[str]:
    names = [f"s{index}{suffix}" for index in range(1, count + 1)]
    for index, name in enumerate(names, 1):
        outcome = embed("--shard", f"{index}/{count}", "-o", name, *options)
        assert outcome.exit_code == 0, outcome.stderr
    return names


def same_files(one: str, other: str) -> bool:
    written = sorted(path.name for path in Path().glob(f"{one}.*"))
    assert written
    return all(
        Path(name).read_bytes() == Path(name.replace(one, other, 1)).read_bytes()
        for name in written
    )


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".npy", ()),
        (".npz", ()),
        (".safetensors", ()),
        (".parquet", ()),
        (".npy", ("--long", "split", "--max-tokens", "24", "--overlap", "3")),
        (".npy", ("--long", "mean", "--max-tokens", "24")),
        (".safetensors", ("--pooling", "none")),
        (".npz", ("--pooling", "none", "--long", "split", "--max-tokens", "24")),
    ],
)
def test_merged_shards_are_what_one_run_writes(
    suffix: str, options: Sequence[str], embed: Command, embedcli: Command
) -> None:
    assert embed("-o", f"whole{suffix}", *options).exit_code == 0
    shards = shard(embed, 3, suffix, *options)
    outcome = embedcli("merge", *reversed(shards), "-o", f"merged{suffix}", "-q")
    assert (outcome.exit_code, outcome.stderr, outcome.stdout) == (0, "", b"")
    assert same_files("whole", "merged")


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".json", ()),
        (".csv", ()),
        (".jsonl", ("--output-dtype", "int8")),
        (".parquet", ("--output-dtype", "binary")),
        (".npy", ("--output-dtype", "float16")),
    ],
)
def test_the_final_format_and_dtype_are_chosen_when_merging(
    suffix: str, options: Sequence[str], embed: Command, embedcli: Command
) -> None:
    embed("-o", f"whole{suffix}", *options)
    shards = shard(embed, 2, ".npz")
    assert embedcli("merge", *shards, "-o", f"merged{suffix}", *options, "-q").exit_code == 0
    assert same_files("whole", "merged")


def test_every_share_has_rows_and_no_row_is_in_two(embed: Command) -> None:
    ids = [set(read_output(Path(name)).ids or ()) for name in shard(embed, 4, ".npz")]
    assert all(ids)
    assert sum(map(len, ids)) == len(set.union(*ids)) == 186


def test_a_share_of_a_tiny_input_may_be_empty(
    place: Path, embed: Command, embedcli: Command
) -> None:
    shutil.rmtree(place / "in")
    (place / "in").mkdir()
    (place / "in/a.txt").write_text("one\n")
    embed("-o", "whole.npy")
    shards = shard(embed, 3, ".npy")
    assert sorted(np.load(name).shape for name in shards) == [(0, 16), (0, 16), (1, 16)]
    assert embedcli("merge", *shards, "-o", "merged.npy", "-q").exit_code == 0
    assert same_files("whole", "merged")


def test_documents_that_fail_are_counted_once(
    place: Path, embed: Command, embedcli: Command
) -> None:
    (place / "in/bad.txt").write_bytes(b"good\n\xff\xfe\nmore\n")
    options = ("--on-error", "skip")
    assert embed("-o", "whole.npy", *options).exit_code == 1
    for index in (1, 2):
        assert embed("--shard", f"{index}/2", "-o", f"s{index}.npy", *options).exit_code == 1
    assert embedcli("merge", "s1.npy", "s2.npy", "-o", "merged.npy", "-q").exit_code == 0
    assert (place / "merged.meta.json").read_bytes() == (place / "whole.meta.json").read_bytes()


def test_a_missing_or_double_shard_is_named(embed: Command, embedcli: Command) -> None:
    shard(embed, 3, ".npy")
    missing = embedcli("merge", "s1.npy", "s3.npy", "-o", "m.npy")
    assert missing.exit_code == 2
    assert "shards are missing: 2/3" in missing.error
    shutil.copy("s1.npy", "t.npy")
    for kind in ("index.jsonl", "meta.json"):
        shutil.copy(f"s1.{kind}", f"t.{kind}")
    double = embedcli("merge", "s1.npy", "t.npy", "s2.npy", "s3.npy", "-o", "m.npy")
    assert "shard 1/3 is there twice: s1.npy and t.npy" in double.error
    assert not Path("m.npy").exists()


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (("--pooling", "cls"), "pooling"),
        (("--prompt", "query: "), "prompt"),
        (("--max-tokens", "9"), "max_tokens"),
        (("--no-normalize", "--dim", "8"), "dim"),
        (("--encoding", "latin-1"), "reading"),
        (("-m", MODEL + "&seed=1"), "seed=1"),
    ],
)
def test_shards_made_in_different_ways_are_refused(
    options: Sequence[str], difference: str, embed: Command, embedcli: Command
) -> None:
    embed("--shard", "1/2", "-o", "s1.npy")
    embed("--shard", "2/2", "-o", "s2.npy", *options)
    outcome = embedcli("merge", "s1.npy", "s2.npy", "-o", "m.npy")
    assert outcome.exit_code == 2
    assert "do not fit together" in outcome.error
    assert difference in outcome.error


def test_shards_of_other_counts_or_other_inputs_are_refused(
    place: Path, embed: Command, embedcli: Command
) -> None:
    embed("--shard", "1/2", "-o", "s1.npy")
    embed("--shard", "2/3", "-o", "s2.npy")
    assert "different runs" in embedcli("merge", "s1.npy", "s2.npy", "-o", "m.npy").error
    (place / "in/c.txt").write_text("late\n")
    embed("--shard", "2/2", "-o", "s3.npy")
    assert "inputs changed" in embedcli("merge", "s1.npy", "s3.npy", "-o", "m.npy").error


def test_what_is_no_shard_or_is_damaged_is_refused(
    place: Path, embed: Command, embedcli: Command
) -> None:
    embed("-o", "whole.npy")
    assert "is no shard" in embedcli("merge", "whole.npy", "-o", "m.npy").error
    np.save("plain.npy", np.zeros((2, 2)))
    assert "does not say how" in embedcli("merge", "plain.npy", "-o", "m.npy").error
    shards = shard(embed, 2, ".npy")
    meta = json.loads((place / "s1.meta.json").read_bytes())
    (place / "s1.meta.json").write_text(json.dumps({**meta, "shard_rows": "AAAA"}))
    assert "damaged" in embedcli("merge", *shards, "-o", "m.npy").error
    (place / "s1.meta.json").write_text(json.dumps({**meta, "rows_of_all": 10**15}))
    assert embedcli("merge", *shards, "-o", "m.npy").exit_code == 2


def test_an_existing_output_and_a_shard_as_output_are_refused(
    embed: Command, embedcli: Command
) -> None:
    shards = shard(embed, 2, ".npy")
    Path("m.npy").write_text("mine")
    assert "exists" in embedcli("merge", *shards, "-o", "m.npy").error
    refused = embedcli("merge", *shards, "-o", "s1.npy", "--overwrite")
    assert "one of the shards" in refused.error
    assert embedcli("merge", *shards, "-o", "m.npy", "--overwrite", "-q").exit_code == 0
    assert len(np.load("m.npy")) == 186


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--shard", "0/2", "-o", "s.npy"), "expected I/N"),
        (("--shard", "1/2"), "needs a file"),
        (("--shard", "1/2", "-o", "s.jsonl"), "needs a file"),
        (("--shard", "1/2", "-o", "s/"), "not a directory"),
        (("--shard", "1/2", "-o", "s.npy", "--output-dtype", "int8"), "keeps float32"),
    ],
)
def test_a_shard_that_could_not_be_merged_is_refused(
    options: Sequence[str], message: str, embed: Command
) -> None:
    outcome = embed(*options)
    assert outcome.exit_code == 2
    assert message in outcome.error
    assert [path.name for path in Path().iterdir()] == ["in"]


def test_a_shard_is_resumed_like_any_run(embed: Command, embedcli: Command) -> None:
    embed("-o", "whole.npy")
    embed("--shard", "1/2", "-o", "s1.npy")
    before = Path("s1.npy").read_bytes()
    assert embed("--shard", "1/2", "-o", "s1.npy", "--resume").exit_code == 0
    assert Path("s1.npy").read_bytes() == before
    other = embed("--shard", "2/2", "-o", "s1.npy", "--resume")
    assert other.exit_code == 2
    assert "shard" in other.error


# The command with short stretches, so that much is committed in little time.
SHORT_STRETCHES = """
import embedcli.__main__
import embedcli.stretches
embedcli.stretches.STRETCH_TOKENS = 2048
embedcli.__main__.main()
"""


def test_a_killed_shard_goes_on_to_the_same_bytes(place: Path) -> None:
    draw = random.Random(1)
    (place / "big.txt").write_text(
        "".join(f"{draw.randrange(3000)} {'word ' * draw.randrange(20)}\n" for _ in range(4000))
    )

    def begin(*options: str) -> subprocess.Popen[bytes]:
        model = "untrained?width=32&layers=1&heads=2"
        common = ("embed", "big.txt", "--unit", "line", "-m", model, "-q")
        return subprocess.Popen([sys.executable, "-c", SHORT_STRETCHES, *common, *options])

    assert begin("-o", "whole.npy").wait(timeout=60) == 0
    assert begin("--shard", "2/2", "-o", "s2.npy").wait(timeout=60) == 0
    killed = begin("--shard", "1/2", "-o", "s1.npy")
    catalog = place / "s1.npy.partial" / "catalog.bin"
    while killed.poll() is None and not (catalog.exists() and catalog.stat().st_size):
        time.sleep(0.001)
    killed.kill()
    killed.wait()
    assert begin("--shard", "1/2", "-o", "s1.npy", "--resume").wait(timeout=60) == 0
    merge = [sys.executable, "-m", "embedcli", "merge", "s1.npy", "s2.npy", "-o", "merged.npy"]
    assert subprocess.run(merge, check=False, capture_output=True, timeout=60).returncode == 0
    assert same_files("whole", "merged")
