"""``embedcli embed --dry-run``: what the job would be; nothing is written."""

from __future__ import annotations

import sys

from embedcli.cli.job import Job
from embedcli.cli.screen import Facts, Screen
from embedcli.estimation import Census, output_bytes, probe, take_census
from embedcli.model import EmbeddingModel, load_model

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def estimate(job: Job, screen: Screen) -> int:
    """Count, probe and tell, on stdout; gives the exit code that the job would have."""
    gathering = job.gathering
    model = load_model(job.model, job.options)
    for caution in model.reader.cautions:
        screen.note(f"warning: {caution}")
    census = take_census(gathering.documents(), model.reader, gathering.on_error)
    Screen(sys.stdout).table(
        "embedcli embed --dry-run", _facts(job, census, model, gathering.failed)
    )
    return gathering.exit_code


def _facts(job: Job, census: Census, model: EmbeddingModel, failed: int) -> Facts:
    lines = [
        ("documents", f"{census.documents:,}{f', {failed:,} failed' if failed else ''}"),
        ("rows", f"{census.rows:,}"),
        ("tokens", f"{census.tokens:,}"),
        ("cut", _cut(census)),
    ]
    if not census.sample:
        return lines
    seconds, vector = probe(census, model)
    if job.share is not None:
        seconds /= job.share.count
    if job.output is not None:
        size = output_bytes(census, job.output, vector)
        size = size if job.share is None else size // job.share.count
        lines.append(("output", f"about {_size(size)} ({size:,} bytes), {job.output.format.name}"))
    lines += [
        ("time", f"about {_duration(max(seconds, census.seconds))}"),
        ("model", f"{model.reader.checkpoint.name}, {model.engine.name} engine"),
    ]
    return lines


def _cut(census: Census) -> str:
    if not census.truncated:
        return "nothing"
    plural = "s" if census.truncated > 1 else ""
    return f"{census.truncated:,} document{plural}, {census.tokens_lost:,} tokens lost"


def _size(size: int) -> str:
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} seconds" if seconds >= 1 else "a second or less"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
