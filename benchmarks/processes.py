"""Child processes: whole runs timed from outside, and workers that answer on a line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT


class PeerFailedError(Exception):
    """A peer could not be loaded or run; the message says why in one line."""


@dataclass(frozen=True)
class Timing:
    """One whole process: wall seconds and peak resident memory."""

    seconds: float
    peak_mb: float


def timed(command: Sequence[str], environment: dict[str, str], log: Path) -> Timing:
    """Run a command to its end, output into ``log``.

    The caller must be a small process: Linux counts what it holds as a child's lowest peak.

    Raises:
        PeerFailedError: the command ended with an error.
    """
    with log.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise PeerFailedError(f"exit {process.returncode}: {last_line(log)}")
    per_mb = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Timing(seconds, usage.ru_maxrss / per_mb)


def last_line(log: Path) -> str:
    """What a failed process said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "no message"


def module_json(
    python: str, module: str, arguments: Sequence[str], environment: dict[str, str]
) -> Any:
    """Run ``python -m module`` in a fresh process, stderr shown; its JSON answer."""
    command = [python, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=False, text=True
    )
    if done.returncode:
        raise PeerFailedError(f"{module} ended with exit {done.returncode}")
    return json.loads(done.stdout)


class Worker:
    """A process with a model loaded and warm, that encodes its corpus when told to."""

    def __init__(
        self, python: str, module: str, job: dict[str, Any], environment: dict[str, str], log: Path
    ) -> None:
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [python, "-m", module, json.dumps(job)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.ready = self._answer()

    def ask(self, line: str) -> dict[str, Any]:
        """Send ``go`` or ``save`` and wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End the process and wait for it."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"died: {last_line(self.log)}"}
        if "error" in answer:
            self.stop()
            raise PeerFailedError(answer["error"])
        return dict(answer)
