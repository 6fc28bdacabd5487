"""``embedcli merge``: the shards of a run become one output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from embedcli.cli import arguments as a
from embedcli.cli.embed import Format, OutputDtype
from embedcli.cli.screen import standard_screen


def merge(
    shards: Annotated[
        list[Path],
        typer.Argument(metavar="SHARD...", help="The outputs of all shards, in any order."),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="PATH", help="The file to write.", rich_help_panel=a.OUTPUT
        ),
    ],
    format: Annotated[
        Format | None,
        typer.Option(
            "-f", "--format", help="By default from the suffix.", rich_help_panel=a.OUTPUT
        ),
    ] = None,
    output_dtype: Annotated[
        OutputDtype,
        typer.Option(help="Type of the numbers that are written.", rich_help_panel=a.OUTPUT),
    ] = "float32",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace what exists.", rich_help_panel=a.OUTPUT),
    ] = False,
    quiet: a.Quiet = False,
) -> None:
    """Put the shards of a run together, in input order: what one run would have written."""
    from embedcli.errors import OutputError
    from embedcli.outputs import check_output, open_output
    from embedcli.outputs.merging import open_shards

    merged = open_shards(shards)
    plan = check_output(
        output,
        format,
        output_dtype=output_dtype,
        overwrite=overwrite,
        matrices=merged.facts.get("pooling") == "none",
    )
    if plan.directory:
        raise OutputError("merge writes one file, not a directory: give -o OUT.npy")
    if plan.path is not None and any(_same_file(plan.path, shard) for shard in shards):
        raise OutputError(f"{output} is one of the shards; give another -o")
    with open_output(plan, stream=sys.stdout.buffer, facts=merged.facts) as out:
        for row in merged.rows():
            out.add(row)
        out.finish(merged.facts)
    lines = [("shards", f"{len(shards):,}"), ("rows", f"{merged.count:,}"), ("output", output)]
    standard_screen(quiet=quiet).table("embedcli merge", lines)


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and one.samefile(other)
