"""The main job: documents in, rows out, and what people are told about it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import tokenizers

from embedcli import __version__
from embedcli.cli.gathering import Gathering
from embedcli.cli.preview import Preview
from embedcli.cli.progress import Progress
from embedcli.cli.report import Counts, summary
from embedcli.cli.screen import Screen
from embedcli.documents import Row
from embedcli.errors import InputError
from embedcli.model import EmbeddingModel, load_model
from embedcli.options import ModelOptions
from embedcli.outputs import Output, Plan, open_output


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asked for.

    Attributes:
        gathering: what is read.
        model: name or folder.
        options: how the model is used.
        output: where rows go; None for a preview on the terminal.
    """

    gathering: Gathering
    model: str
    options: ModelOptions
    output: Plan | None


def run(job: Job, screen: Screen) -> int:
    """Do the job and give its exit code."""
    gathering = job.gathering
    model = load_model(job.model, job.options)
    for caution in model.reader.settings.cautions:
        screen.note(f"warning: {caution}")
    counts = Counts()
    with closing(Progress(screen, gathering.inputs)) as progress:
        rows = model.rows(gathering.documents(), gathering.on_error, progress.advance)
        output, facts = _write(job.output, model, rows, counts)
    counts.failed = gathering.failed
    if isinstance(output, Preview):
        output.show(sys.stdout)
    screen.table(
        "embedcli embed", summary(job.output, gathering.tally, counts, progress.seconds, facts)
    )
    return gathering.exit_code


def _write(
    plan: Plan | None, model: EmbeddingModel, rows: Iterator[Row], counts: Counts
) -> tuple[Output, Mapping[str, Any]]:
    first = next(rows, None)
    if first is None:
        raise InputError("no document could be embedded: see the lines above")
    # Checked before anything is written: the weights are hashed while the first rows are computed.
    facts = {**model.facts(), "versions": _versions()}
    output = Preview() if plan is None else open_output(plan, stream=_stdout(), facts=facts)
    with output:
        for row in chain([first], rows):
            counts.add(row)
            output.add(row)
        facts |= counts.facts()
        output.finish(facts)
    return output, facts


def _stdout() -> BinaryIO:
    return sys.stdout.buffer


def _versions() -> dict[str, str]:
    return {
        "embedcli": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "tokenizers": tokenizers.__version__,
    }
