"""Growth: time for a token with many short lines against few, through the command."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path

from benchmarks.alternate import alternate
from benchmarks.settings import Settings


def measure(
    settings: Settings, files: Mapping[int, Path], tokens: Mapping[int, int]
) -> tuple[dict[int, tuple[float, float]], dict[str, str]]:
    """Seconds and peak memory of each size.

    Args:
        settings: rounds, threads and folders.
        files: number of lines -> file; 1 line is there to know the start-up time.
        tokens: number of lines -> tokens.

    Returns:
        Lines -> (microseconds a token without the start-up time, peak MB), more than one line
        only; and failures.
    """
    base = [*settings.command(), "embed"]
    options = ["--unit", "line", "--overwrite", "--threads", str(settings.threads)]
    options += ["-o", str(settings.work / "growth.npy"), *settings.model_arguments()]
    commands = {f"{lines} lines": [*base, str(path), *options] for lines, path in files.items()}
    timings, failed = alternate(settings, commands, rounds=settings.rounds, warm=False)
    if failed:
        return {}, failed
    median = {
        lines: statistics.median(t.seconds for t in timings[f"{lines} lines"]) for lines in files
    }
    peak = {lines: max(t.peak_mb for t in timings[f"{lines} lines"]) for lines in files}
    return {
        lines: ((median[lines] - median[1]) / tokens[lines] * 1e6, peak[lines])
        for lines in files
        if lines > 1
    }, failed
