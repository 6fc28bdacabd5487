"""``embedcli embed``: the options of the main job. The work is in ``job``."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from embedcli.cli import arguments as a
from embedcli.cli.screen import standard_screen
from embedcli.model_name import DEFAULT_MODEL

Format = Literal[
    "npy", "npz", "safetensors", "parquet", "json", "jsonl", "array", "raw", "csv", "openai",
    "base64", "hex",
]  # fmt: skip
OutputDtype = Literal["float32", "float16", "int8", "uint8", "binary", "ubinary"]


def embed(  # noqa: PLR0913, PLR0917 - one parameter an option; all of them go into records at once
    context: typer.Context,
    inputs: a.Inputs = None,
    text: a.Texts = None,
    unit: a.Unit = "file",
    glob: a.Globs = None,
    exclude: a.Excludes = None,
    encoding: a.Encoding = "utf-8",
    text_field: a.TextField = "text",
    id_field: a.IdField = None,
    on_error: a.OnError = "stop",
    model: a.ModelName = DEFAULT_MODEL,
    revision: a.Revision = None,
    offline: a.Offline = False,
    trust_remote_code: a.TrustRemoteCode = False,
    engine: a.Engine = "auto",
    device: a.Device = None,
    dtype: a.Dtype = "float32",
    threads: a.Threads = None,
    pooling: a.Pooling = "auto",
    normalize: a.Normalize = None,
    dim: a.Dim = None,
    prompt: a.Prompt = None,
    prompt_name: a.PromptName = None,
    max_tokens: a.MaxTokens = None,
    long: a.Long = "truncate",
    overlap: a.Overlap = 0,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="A file, or a directory (ending in '/') that mirrors the input tree.",
            rich_help_panel=a.OUTPUT,
        ),
    ] = None,
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
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a run that stopped, or compute only what changed since one finished.",
            rich_help_panel=a.OUTPUT,
        ),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="Compute share I of N of the documents; 'embedcli merge' puts them together.",
            rich_help_panel=a.OUTPUT,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Count documents and tokens, estimate size and time, and write nothing.",
            rich_help_panel=a.OUTPUT,
        ),
    ] = False,
    quiet: a.Quiet = False,
    verbose: a.Verbose = False,
) -> None:
    """Turn texts into vectors.

    Without -o, rows go to stdout as JSON lines; on a terminal a summary and a preview are shown.
    """
    given = a.given_inputs(context, inputs, text)
    a.set_threads(threads)

    from embedcli.cli.gathering import Gathering
    from embedcli.cli.job import Job, run
    from embedcli.inputs import ReadOptions
    from embedcli.options import ModelOptions
    from embedcli.outputs import check_output
    from embedcli.sharding import parse_share

    reading = ReadOptions(
        unit, tuple(glob or ()), tuple(exclude or ()), encoding, text_field, id_field
    )
    options = ModelOptions(
        revision=revision,
        offline=offline,
        trust_remote_code=trust_remote_code,
        engine=engine,
        device=device,
        dtype=dtype,
        threads=threads,
        pooling=pooling,
        normalize=normalize,
        dim=dim,
        prompt=prompt,
        prompt_name=prompt_name,
        max_tokens=max_tokens,
        long=long,
        overlap=overlap,
    )
    plan = check_output(
        output,
        format,
        output_dtype=output_dtype,
        overwrite=overwrite,
        matrices=pooling == "none",
        resume=resume,
    )
    share = None
    if shard is not None:
        from embedcli.outputs.share_map import check_share

        share = parse_share(shard)
        check_share(plan)
    to_screen = output is None and format is None and sys.stdout.isatty()
    screen = standard_screen(quiet=quiet, verbose=verbose)
    gathering = Gathering(given, list(text or ()), reading, on_error == "skip", screen)
    job = Job(gathering, model, options, None if to_screen else plan, share)
    if dry_run:
        from embedcli.cli.dry_run import estimate

        raise typer.Exit(estimate(job, screen))
    raise typer.Exit(run(job, screen))
