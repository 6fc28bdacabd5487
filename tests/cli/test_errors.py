"""Bad input: one clear line and the right exit code, never a traceback."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[[dict[str, str | bytes]], None]

CASES: dict[str, tuple[dict[str, str | bytes], tuple[str, ...], str]] = {
    "a missing file": ({}, ("nope.txt",), "nope.txt: no such file or directory; check the path"),
    "a directory with no text": (
        {"d/.hidden": "x", "d/x.bin": b"\0"},
        ("d",),
        "there is no text to embed: every input is empty or was left out",
    ),
    "undecodable bytes": (
        {"a.txt": b"abc\xff"},
        ("a.txt",),
        (
            "a.txt: byte 0xff at offset 3 is not utf-8; name the file's encoding with --encoding, "
            "for example cp1252"
        ),
    ),
    "an undecodable line": (
        {"a.txt": b"ok\nx\xff\n"},
        ("a.txt", "--unit", "line"),
        (
            "a.txt:2: byte 0xff at offset 4 is not utf-8; name the file's encoding with "
            "--encoding, for example cp1252"
        ),
    ),
    "binary data": (
        {"a.txt": b"\x7fELF\0\0"},
        ("a.txt",),
        "a.txt: binary data where text was expected; if it is UTF-16, say --encoding utf-16",
    ),
    "an empty document": (
        {"a.txt": " \n"},
        ("a.txt",),
        "a.txt: no text to embed; remove it or use --on-error skip",
    ),
    "a table without the field": (
        {"t.csv": "id,text\n1,x\n"},
        ("t.csv", "--text-field", "body"),
        "t.csv: no field 'body'; there are 'id', 'text'; choose one with --text-field",
    ),
    "a broken JSON line": (
        {"r.jsonl": '{"text": "a"}\n{"text": \n'},
        ("r.jsonl",),
        "r.jsonl:2: not JSON (Expecting value, column 9); one object a line is expected",
    ),
    "an unknown encoding": (
        {"a.txt": "x"},
        ("a.txt", "--encoding", "klingon"),
        (
            "encoding 'klingon' is not known; give auto or the name of a Python text encoding, "
            "such as utf-8, utf-16, cp1252, latin-1, shift_jis, gb18030"
        ),
    ),
    "an output folder that is not there": (
        {},
        ("-t", "x", "-o", "no/v.npy"),
        "the folder no of no/v.npy does not exist; make it first",
    ),
    "a suffix that is no format": (
        {},
        ("-t", "x", "-o", "v.xyz"),
        "no format is known for v.xyz; give --format or a name with .npy",
    ),
    "two prompts": (
        {},
        ("-t", "x", "--prompt", "a", "--prompt-name", "b"),
        "--prompt and --prompt-name exclude each other: give one of them",
    ),
    "an overlap without windows": (
        {},
        ("-t", "x", "--overlap", "3"),
        "--overlap needs --long split or --long mean, and has truncate",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_is_one_line_and_two(case: str, untrained: Any, write: Write) -> None:
    files, arguments, message = CASES[case]
    write(files)
    outcome = untrained(*arguments)
    assert (outcome.exit_code, outcome.stdout) == (2, b"")
    assert outcome.error.startswith(f"embedcli: {message}")


@pytest.mark.parametrize(
    "arguments",
    [("embed", "--nope"), ("--nope",), ("nope",), ("embed", "--unit", "word"), ("inspect",),
     ("embed", "--threads", "0"), ("embed", "--text"), ("models",), ("models", "nope"),
     ("embed", "-t", "x", "-f", "word")],
)  # fmt: skip
def test_wrong_usage_is_one_line_that_names_the_help(
    arguments: tuple[str, ...], embedcli: Any
) -> None:
    outcome = embedcli(*arguments)
    assert (outcome.exit_code, outcome.stdout) == (2, b"")
    assert "; see embedcli" in outcome.error
    assert outcome.error.endswith(" --help")


def test_skip_leaves_out_what_fails_reports_it_and_exits_with_one(
    embedcli: Any, write: Write
) -> None:
    write({"a.txt": "fine", "b.txt": b"\xff", "c.txt": "", "r.jsonl": '{"text": "x"}\n{\n'})
    given = ("a.txt", "b.txt", "c.txt", "gone.txt", "r.jsonl")
    outcome = embedcli("embed", *given, "-m", "untrained", "--on-error", "skip")
    assert (outcome.exit_code, outcome.ids) == (1, ["a.txt", "r.jsonl:1"])
    reported = [line for line in outcome.stderr.splitlines() if "skipped" in line]
    assert [line.split(": ")[2] for line in reported] == [
        "b.txt", "c.txt", "gone.txt", "r.jsonl:2",
    ]  # fmt: skip
    assert "2 documents, 4 failed" in outcome.stderr


def test_skip_with_nothing_left_is_an_error(untrained: Any, write: Write) -> None:
    write({"a.txt": ""})
    outcome = untrained("a.txt", "--on-error", "skip")
    assert (outcome.exit_code, outcome.stdout) == (2, b"")
    assert "there is no text to embed" in outcome.error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_that_cannot_be_written_is_refused_by_its_mode(untrained: Any) -> None:
    Path("locked").mkdir(mode=0o500)
    outcome = untrained("-t", "x", "-o", "locked/v.npy")
    assert outcome.exit_code == 2
    assert outcome.error == "embedcli: the folder locked cannot be written; choose another -o"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write")
def test_an_output_folder_that_nobody_can_write_is_refused(untrained: Any) -> None:
    outcome = untrained("-t", "x", "-o", "/proc/v.npy")
    assert (outcome.exit_code, outcome.stdout) == (2, b"")
    assert "/proc" in outcome.error
    assert "cannot be written" in outcome.error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_behind_stdout_is_one_line(tmp_path: Path) -> None:
    command = f"{sys.executable} -m embedcli embed -t x -m untrained -q > /dev/full 2> said"
    assert os.waitstatus_to_exitcode(os.system(command)) == 2
    said = (tmp_path / "said").read_text().splitlines()
    assert len(said) == 1
    assert "standard output cannot be written: No space left on device" in said[0]


def test_an_unknown_model_offline_is_three_and_says_where_was_looked(embedcli: Any) -> None:
    for options, settings in (((), "1"), (("--offline",), "0")):
        os.environ["HF_HUB_OFFLINE"] = settings
        outcome = embedcli("embed", "-t", "x", "-m", "nobody/nothing", *options)
        assert outcome.exit_code == 3
        assert "no model 'nobody/nothing': no such folder, not in the cache" in outcome.error
        assert "the hub was not asked (offline)" in outcome.error


def test_an_unknown_model_with_the_hub_unreachable_is_three_and_quick(process: Any) -> None:
    settings = {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}
    began = time.monotonic()
    outcome = process("embed", "-t", "x", "-m", "nobody/nothing", **settings)
    assert outcome.exit_code == 3
    assert "the hub gives no answer" in outcome.error
    assert time.monotonic() - began < 60  # a hang, not a speed


def test_a_folder_that_is_no_model_is_three(embedcli: Any) -> None:
    Path("folder").mkdir()
    outcome = embedcli("embed", "-t", "x", "-m", "folder")
    assert outcome.exit_code == 3
    assert "a folder without config.json or modules.json" in outcome.error


@pytest.fixture
def unknown_family(write: Write, plain_bert: Path) -> str:
    write({"strange/config.json": '{"model_type": "strange", "max_position_embeddings": 48}'})
    for name in ("tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        Path("strange", name).write_bytes((plain_bert / name).read_bytes())
    return "strange"


def test_an_unknown_family_without_torch_says_what_to_install(
    embedcli: Any, unknown_family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedcli.engines.selection._torch_is_installed", lambda: False)
    outcome = embedcli("embed", "-t", "x", "-m", unknown_family)
    assert outcome.exit_code == 3
    assert "does not know the family 'strange'" in outcome.error
    assert outcome.error.endswith("torch is not installed: pip install 'embedcli[torch]'")


def test_an_unknown_family_on_the_numpy_engine_points_to_the_other(
    embedcli: Any, unknown_family: str
) -> None:
    outcome = embedcli("embed", "-t", "x", "-m", unknown_family, "--engine", "numpy")
    assert outcome.exit_code == 3
    assert outcome.error.endswith("; use --engine torch")


def test_the_torch_engine_without_torch_says_what_to_install(process: Any, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('none here')")
    settings = {"PYTHONPATH": str(tmp_path)}
    outcome = process("embed", "-t", "x", "--engine", "torch", **settings)
    assert outcome.exit_code == 3
    assert outcome.error == (
        "embedcli: the torch engine needs torch and transformers: pip install 'embedcli[torch]'"
    )


def test_control_characters_of_names_do_not_reach_the_terminal(embedcli: Any) -> None:
    outcome = embedcli("embed", "\x1b[31mred\n.txt")
    assert "\x1b" not in outcome.stderr
    assert "\\x1b[31mred\\x0a.txt: no such file" in outcome.error
