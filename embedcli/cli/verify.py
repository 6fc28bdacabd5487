"""``embedcli verify``: are the vectors of an output still those of their sources?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embedcli.cli import arguments as a
from embedcli.cli.screen import Facts, Screen, printable

if TYPE_CHECKING:
    from embedcli.verification import Findings

_IDS_SHOWN = 5


def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An output of embedcli.")],
    sample: Annotated[
        int, typer.Option(help="How many rows to make again.", min=1, rich_help_panel=a.VECTORS)
    ] = 100,
    every: Annotated[
        bool, typer.Option("--all", help="Make all rows again.", rich_help_panel=a.VECTORS)
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="The largest difference of a component that is no fault "
            "(default: 1e-5, or 2e-2 where the model computed below float32).",
            min=0,
            rich_help_panel=a.VECTORS,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            help="Where the model lies now (default: as the output names it).",
            rich_help_panel=a.MODEL,
        ),
    ] = None,
    offline: a.Offline = False,
    trust_remote_code: a.TrustRemoteCode = False,
    device: a.Device = None,
    threads: a.Threads = None,
    quiet: a.Quiet = False,
) -> None:
    """Make rows of an output again from their sources, and report how far they are from it.

    The sources are looked for where they were when the output was made. Exit code 1 says that a
    vector differs, or a source has changed or vanished.
    """
    a.set_threads(threads)
    from embedcli.errors import InputError
    from embedcli.model import load_model
    from embedcli.options import ModelOptions
    from embedcli.outputs.stored_rows import read_rows
    from embedcli.verification import EXACT, ROUGH, model_options, refuse_other_model, sampled
    from embedcli.verification import verify as check

    rows = read_rows(file)
    asked = ModelOptions(
        offline=offline, trust_remote_code=trust_remote_code, device=device, threads=threads
    )
    loaded = load_model(model or str(rows.facts.get("model")), model_options(rows.facts, asked))
    refuse_other_model(rows, loaded)
    findings = check(sampled(rows, None if every else sample), rows.facts, loaded)
    if findings.without_file == min(rows.count, rows.count if every else sample) > 0:
        raise InputError(f"{file} came from stdin or --text: nothing can be read again")
    if tolerance is None:
        tolerance = EXACT if rows.facts["dtype"] == "float32" else ROUGH
    agree = findings.agree(tolerance)
    verdict = "the vectors are those of the sources" if agree else "they differ"
    lines = [*_facts(findings, rows.count), ("tolerance", f"{tolerance:g}"), ("verdict", verdict)]
    Screen(sys.stdout, quiet).table(printable(str(file)), lines)
    raise typer.Exit(0 if agree else 1)


def _facts(findings: Findings, count: int) -> Facts:
    lines = [("rows", f"{findings.checked:,} of {count:,} made again")]
    if findings.checked:
        cosine, difference = findings.cosine, findings.largest
        lines += [
            ("worst cosine", f"{cosine[0]:.8f} {cosine[1]}".rstrip()),
            ("largest difference", f"{difference[0]:.3g} {difference[1]}".rstrip()),
        ]
    for name, ids in (("changed", findings.changed), ("vanished", findings.vanished)):
        if ids:
            more = f" and {len(ids) - _IDS_SHOWN:,} more" if len(ids) > _IDS_SHOWN else ""
            lines.append((name, f"{len(ids):,}: {', '.join(ids[:_IDS_SHOWN])}{more}"))
    if findings.without_file:
        lines.append(("not checked", f"{findings.without_file:,} from stdin or --text"))
    return lines
