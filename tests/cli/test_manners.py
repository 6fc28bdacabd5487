"""stdout carries data and nothing else; stderr is for people, plain where nobody may be looking."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

MODEL = ("-m", "untrained?width=8&layers=1&heads=2")
COMMAND = [sys.executable, "-m", "embedcli"]
LINES = b"x" * 400 + b"\n"


def test_rows_are_on_stdout_and_the_summary_is_plain_on_stderr(process: Any) -> None:
    outcome = process("embed", "-t", "x", *MODEL)
    assert (outcome.exit_code, outcome.ids) == (0, ["text:1"])
    names = [line.split()[0] for line in outcome.stderr.splitlines()]
    assert names == [
        "embedcli:", "input", "output", "shape", "norms", "tokens", "cut", "model", "engine",
        "seconds",
    ]  # fmt: skip
    assert outcome.stderr.isascii()
    assert "\x1b" not in outcome.stderr


def test_with_a_file_as_output_stdout_is_empty(process: Any) -> None:
    outcome = process("embed", "-t", "x", *MODEL, "-o", "v.npy")
    assert outcome.stdout == b""
    assert "output   v.npy\nshape    (1, 8) float32\n" in outcome.stderr


def test_quiet_says_nothing_but_errors(process: Any) -> None:
    assert process("embed", "-t", "x", *MODEL, "-q").stderr == ""
    assert process("embed", "nope", *MODEL, "-q").error


def test_verbose_says_where_the_model_and_the_tokens_come_from(process: Any) -> None:
    said = process("embed", "-t", "x", *MODEL, "-v").stderr
    assert "embedcli: model found in untrained" in said
    assert "embedcli: engine numpy on cpu: untrained models are drawn for it" in said


def test_a_closed_pipe_ends_quietly() -> None:
    many = "".join(f"line {n}\n" for n in range(5000)).encode()
    child = subprocess.Popen(
        [*COMMAND, "embed", "--unit", "line", *MODEL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdin.write(many)
    child.stdin.close()
    assert child.stdout.readline().startswith(b'{"id": "-:1"')
    child.stdout.close()
    assert child.stderr.read().decode().count("\n") <= 1  # what the model is; no word of the pipe
    child.stderr.close()
    assert child.wait(timeout=60) == 0


def test_head_ends_the_job(tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("word\n" * 3000)
    embed = f"{sys.executable} -m embedcli embed many.txt --unit line -q {' '.join(MODEL[:1])}"
    script = f"set -o pipefail; {embed} '{MODEL[1]}' | head -1 | cut -c 1-20"
    done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b'{"id": "many.txt:1",\n', b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- 2>&-"])
def test_a_standard_stream_may_be_closed(closed: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    command = (
        f"{sys.executable} -m embedcli embed a.txt '{MODEL[0]}' '{MODEL[1]}' -o v.npy {closed}"
    )
    done = subprocess.run(command, shell=True, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "v.npy").exists()


def test_no_stdin_and_no_input_is_one_line(tmp_path: Path) -> None:
    command = f"{sys.executable} -m embedcli embed '{MODEL[0]}' '{MODEL[1]}' -q <&-"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"stdin: no text to embed" in done.stderr


def test_an_interrupt_is_130_and_leaves_no_half_written_file(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [*COMMAND, "embed", "--unit", "line", *MODEL, "-q", "-o", "v.npy", "--threads", "1"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stderr is not None
    child.stdin.write(LINES * 300)  # more than one stretch; the pipe stays open
    child.stdin.flush()
    deadline = time.monotonic() + 60
    while not (tmp_path / "v.npy.partial").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == 130
    assert child.stderr.read().startswith(b"embedcli: interrupted")
    assert not list(tmp_path.glob("*.npy"))
    assert not list(tmp_path.rglob("*.tmp"))
    child.stdin.close()
    child.stderr.close()


def test_rows_leave_while_the_pipe_is_still_open() -> None:
    child = subprocess.Popen(
        [*COMMAND, "embed", "--unit", "line", *MODEL, "-q", "--threads", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(LINES * 300)
    child.stdin.flush()
    assert select.select([child.stdout], [], [], 60)[0]
    assert child.stdout.readline().startswith(b'{"id": "-:1"')
    child.stdin.close()
    assert len(child.stdout.readlines()) == 299
    child.stdout.close()
    assert child.wait(timeout=60) == 0


def test_a_terminal_without_input_gets_help_and_two(terminal: Any) -> None:
    code, shown = terminal("embed")
    assert code == 2
    assert "embedcli embed [OPTIONS]" in shown
    assert "Traceback" not in shown


def test_a_terminal_without_output_gets_a_preview_and_a_summary(terminal: Any) -> None:
    texts = [part for n in range(7) for part in ("-t", f"text {n}")]
    code, shown = terminal("embed", *texts, *MODEL)
    assert code == 0
    for seen in ("text:1", "text:5", "2 more rows; -o FILE keeps", "embedding", "norms", "(7, 8)"):
        assert seen in shown
    assert "text:6" not in shown
    assert '"embedding": [' not in shown


def test_a_terminal_with_an_output_gets_a_table(terminal: Any) -> None:
    code, shown = terminal("embed", "-t", "x", *MODEL, "-o", "v.npy")
    assert code == 0
    for name in (
        "input",
        "output",
        "shape",
        "norms",
        "tokens",
        "cut",
        "model",
        "engine",
        "seconds",
    ):
        assert name in shown
    assert "\x1b[" in shown


def test_no_color_is_obeyed(terminal: Any) -> None:
    _, shown = terminal("embed", "-t", "x", *MODEL, "-o", "v.npy", NO_COLOR="1")
    assert "v.npy" in shown
    assert "\x1b[36m" not in shown
    assert "\x1b[3" not in shown


def test_long_work_draws_a_bar_that_goes_away(terminal: Any, tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_bytes(LINES * 300)
    at_once = "from embedcli.cli import progress; progress.PATIENCE = 0.0"
    script = f"{at_once}; from embedcli.__main__ import main; main()"
    given = ("embed", "many.txt", "--unit", "line", *MODEL, "-o", "v.npy")
    code, shown = terminal(*given, command=[sys.executable, "-c", script])
    assert code == 0
    assert "documents" in shown
    assert "tokens/s" in shown
    assert shown.index("tokens/s") < shown.index("embedcli embed")  # the bar, then the summary
    code, shown = terminal(*given, "-q", "--overwrite", command=[sys.executable, "-c", script])
    assert (code, shown) == (0, "")


def test_an_error_is_one_plain_line_on_a_terminal_too(terminal: Any) -> None:
    code, shown = terminal("embed", "nope.txt", *MODEL, "-q")
    message = "embedcli: nope.txt: no such file or directory; check the path\n"
    assert (code, shown) == (2, message)


def test_help_and_version_are_data(process: Any) -> None:
    assert process("--version").stdout.startswith(b"embedcli ")
    outcome = process("embed", "--help")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    outcome = process()
    assert (outcome.exit_code, outcome.stdout) == (2, b"")
    assert "Usage: embedcli" in outcome.stderr


@pytest.mark.parametrize(
    ("variable", "ours", "theirs"),
    [("OPENBLAS_NUM_THREADS", "1", "2"), ("TOKENIZERS_PARALLELISM", "false", "true")],
)
def test_the_users_thread_settings_stand(variable: str, ours: str, theirs: str) -> None:
    script = f"import embedcli.__main__, os; print(os.environ[{variable!r}])"
    clean = {name: value for name, value in os.environ.items() if name != variable}
    for given, expected in (({}, ours), ({variable: theirs}, theirs)):
        done = subprocess.run(
            [sys.executable, "-c", script], env=clean | given, capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == expected
