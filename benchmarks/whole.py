"""The whole job: mixed lines in a file to an .npy, from shell to shell."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.alternate import alternate
from benchmarks.machine import ROOT
from benchmarks.processes import Timing
from benchmarks.settings import Settings
from benchmarks.steady import min_cosine

OURS = "embedcli embed"
THEIRS = "sentence-transformers, script"


def measure(
    settings: Settings, lines: Path
) -> tuple[dict[str, list[Timing]], dict[str, str], float | None]:
    """Timings, failures, and the smallest cosine between the two outputs."""
    ours, theirs = settings.work / "whole.npy", settings.work / "whole-st.npy"
    threads = str(settings.threads)
    script = ROOT / "benchmarks" / "scripts" / "whole_sentence_transformers.py"
    commands = {
        OURS: [
            *settings.command(), "embed", str(lines), "--unit", "line", "-o", str(ours),
            "--overwrite", "--threads", threads, *settings.model_arguments(),
        ],
        THEIRS: [
            settings.python("st-torch"), str(script), str(settings.model), threads,
            str(lines), str(theirs),
        ],
    }  # fmt: skip
    timings, failed = alternate(settings, commands, rounds=settings.rounds, warm=False)
    if failed:
        return timings, failed, None
    return timings, failed, min_cosine(np.load(ours), np.load(theirs))
