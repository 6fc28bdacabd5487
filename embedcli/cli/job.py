"""The main job: documents in, rows out, and what people are told about it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import tokenizers

from embedcli import __version__
from embedcli.cli.error_log import ErrorLog
from embedcli.cli.gathering import Gathering
from embedcli.cli.late_output import LateOutput
from embedcli.cli.preview import Preview
from embedcli.cli.progress import Progress
from embedcli.cli.report import Counts, summary
from embedcli.cli.screen import Screen
from embedcli.errors import InputError
from embedcli.model import EmbeddingModel, load_model
from embedcli.options import ModelOptions
from embedcli.outputs import Output, Plan, open_output
from embedcli.outputs.share_map import ShareMap
from embedcli.sharding import Share
from embedcli.threads import blas_libraries


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asked for.

    Attributes:
        gathering: what is read.
        model: name or folder.
        options: how the model is used.
        output: where rows go; None for a preview on the terminal.
        share: the part of the documents that is computed; None for all.
    """

    gathering: Gathering
    model: str
    options: ModelOptions
    output: Plan | None
    share: Share | None = None


def run(job: Job, screen: Screen) -> int:
    """Do the job and give its exit code."""
    gathering = job.gathering
    model = load_model(job.model, job.options)
    for caution in model.reader.cautions:
        screen.note(f"warning: {caution}")
    _describe(model, screen)
    counts = Counts()
    if job.output is not None and job.output.path is not None and gathering.skips_errors:
        gathering.log = ErrorLog(job.output.path)
    with closing(Progress(screen, gathering.inputs)) as progress:
        output, facts = _write(job, model, progress, counts)
    if isinstance(output, Preview):
        output.show(sys.stdout)
    screen.table(
        "embedcli embed", summary(job.output, gathering.tally, counts, progress.seconds, facts)
    )
    return gathering.exit_code


def _describe(model: EmbeddingModel, screen: Screen) -> None:
    reader = model.reader
    screen.detail(f"model found in {reader.checkpoint.origin}: {reader.checkpoint.folder}")
    screen.detail(f"engine {model.engine.name} on {model.engine.device}: {model.engine_reason}")
    screen.detail(f"tokens from {reader.tokenizer.source}; batches at once: {model.workers}")
    if screen.verbose:
        for library in blas_libraries():
            screen.detail(library)


def _write(
    job: Job, model: EmbeddingModel, progress: Progress, counts: Counts
) -> tuple[Output, Mapping[str, Any]]:
    gathering, recall, held = job.gathering, model.recall(), ShareMap()
    with LateOutput(lambda: _open(job, model)) as output:
        if job.output is not None and job.output.resume:
            recall.earlier = output.open().earlier
            if output.open().remark:
                gathering.screen.note(output.open().remark)
        rows = model.rows(
            gathering.documents(),
            gathering.on_error,
            progress.advance,
            recall=recall,
            on_stretch=output.commit,
            share=job.share,
        )
        with closing(rows):
            for row in rows:
                if held.add(row):
                    counts.add(row)
                output.add(row)
        if gathering.log is not None:
            gathering.log.finish()
        if not held.count:
            raise InputError("no document could be embedded: see the lines above")
        counts.failed = gathering.failed
        counts.duplicates, counts.recalled = recall.duplicates, recall.recalled
        facts = {**_facts(job, model), **counts.facts()}
        if job.share is not None:
            facts |= held.facts()
        output.finish(facts)
    return output.open(), facts


def _open(job: Job, model: EmbeddingModel) -> Output:
    if job.output is None:
        return Preview()
    return open_output(job.output, stream=sys.stdout.buffer, facts=_facts(job, model))


def _facts(job: Job, model: EmbeddingModel) -> dict[str, Any]:
    """How rows are made; weights that are not as pinned end the job here."""
    reading = job.gathering.reading
    return {
        **model.facts(),
        "reading": {
            "unit": reading.unit,
            "encoding": reading.encoding,
            "text_field": reading.text_field,
            "id_field": reading.id_field,
        },
        "versions": _versions(),
        **({} if job.share is None else {"shard": str(job.share)}),
    }


def _versions() -> dict[str, str]:
    return {
        "embedcli": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": np.__version__,
        "tokenizers": tokenizers.__version__,
    }
