"""Whole commands in turns, timed from a process of their own that holds next to nothing."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.machine import child_environment
from benchmarks.processes import PeerFailedError, Timing, module_json, timed
from benchmarks.settings import Settings


def alternate(
    settings: Settings, commands: dict[str, list[str]], *, rounds: int, warm: bool
) -> tuple[dict[str, list[Timing]], dict[str, str]]:
    """Run commands A B C A B C ...

    Args:
        settings: threads and folders.
        commands: name -> command line.
        rounds: counted rounds.
        warm: whether a round that does not count goes first, for files to be in memory.

    Returns:
        Timings of each command that worked, and why the others did not.
    """
    job = {
        "commands": commands,
        "rounds": rounds + warm,
        "log": str(settings.work / "command.log"),
    }
    environment = child_environment(settings.threads)
    answer = module_json(sys.executable, "benchmarks.alternate", [json.dumps(job)], environment)
    timings = {
        name: [Timing(**timing) for timing in found[int(warm) :]]
        for name, found in answer["timings"].items()
    }
    return timings, dict(answer["failed"])


def _run(job: dict[str, Any]) -> dict[str, Any]:
    timings: dict[str, list[dict[str, float]]] = {name: [] for name in job["commands"]}
    failed: dict[str, str] = {}
    for _ in range(job["rounds"]):
        for name, command in job["commands"].items():
            if name in failed:
                continue
            try:
                timing = timed(command, dict(os.environ), Path(job["log"]))
            except (PeerFailedError, OSError) as error:
                failed[name] = str(error)
                timings.pop(name)
                continue
            timings[name].append(asdict(timing))
            print(f"{name}: {timing.seconds:.3f} s, {timing.peak_mb:.0f} MB", file=sys.stderr)
    return {"timings": timings, "failed": failed}


if __name__ == "__main__":
    print(json.dumps(_run(json.loads(sys.argv[1]))))
