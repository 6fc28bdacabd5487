"""The command as it is typed: in this process where that will do, else in one of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embedcli.cli.app import app

COMMAND = [sys.executable, "-m", "embedcli"]


@dataclass
class Outcome:
    """What a command left behind."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.rows]

    @property
    def error(self) -> str:
        """The one line that an error is."""
        lines = self.stderr.splitlines()
        assert len(lines) == 1, self.stderr
        assert lines[0].startswith("embedcli: ")
        return lines[0]


Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own as working directory, and a machine without settings."""
    monkeypatch.chdir(tmp_path)
    for variable in ("EMBEDCLI_MODEL", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")  # the command sets both for its process
    monkeypatch.setenv("RAYON_NUM_THREADS", "2")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


@pytest.fixture
def write(place: Path) -> Callable[[dict[str, str | bytes]], None]:
    """Writes files by name."""

    def write_all(files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write_all


@pytest.fixture
def embedcli() -> Command:
    """The app in this process; a traceback is a failure of the test."""

    def call(*arguments: object, stdin: bytes = b"") -> Outcome:
        result = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout_bytes, result.stderr)

    return call


@pytest.fixture
def untrained(embedcli: Command) -> Command:
    """``embedcli embed`` with a small model that needs no file, quietly."""

    def call(*arguments: object, stdin: bytes = b"") -> Outcome:
        model = "untrained?width=8&layers=1&heads=2"
        return embedcli("embed", *arguments, "-m", model, "-q", stdin=stdin)

    return call


@pytest.fixture
def process() -> Command:
    """The command in a process of its own."""

    def call(*arguments: object, stdin: bytes = b"", **settings: str) -> Outcome:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=120,
            env={**os.environ, **settings},
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    return call


Terminal = Callable[..., tuple[int, str]]


@pytest.fixture
def terminal() -> Terminal:
    """The command on a terminal of 100 columns: exit code, and all that it shows."""

    def call(
        *arguments: object, command: Sequence[str] = COMMAND, **settings: str
    ) -> tuple[int, str]:
        screen, keyboard = pty.openpty()
        fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", **settings}
        environment.pop("COLUMNS", None)
        child = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            env=environment,
            start_new_session=True,
        )
        os.close(keyboard)
        shown = b"".join(iter(lambda: _read(screen), b""))
        os.close(screen)
        return child.wait(timeout=120), shown.decode().replace("\r\n", "\n")

    return call


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # Linux ends a terminal without writers by EIO
        return b""
