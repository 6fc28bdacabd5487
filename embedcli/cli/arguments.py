"""Options that several commands share, each written once with its help."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from typing import Annotated, Literal

import typer

from embedcli.model_name import DEFAULT_MODEL

INPUT, MODEL, VECTORS, OUTPUT, SCREEN = "Input", "Model", "Vectors", "Output", "Screen"

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[INPUT]...",
        help="Files, directories or '-' for stdin. A pipe needs no INPUT.",
        show_default=False,
    ),
]
Texts = Annotated[
    list[str] | None,
    typer.Option("-t", "--text", help="A text to embed; repeatable.", rich_help_panel=INPUT),
]
Unit = Annotated[
    Literal["file", "line", "paragraph"],
    typer.Option(help="What one document is.", rich_help_panel=INPUT),
]
Globs = Annotated[
    list[str] | None,
    typer.Option(
        "--glob", help="Read only these files of a directory; repeatable.", rich_help_panel=INPUT
    ),
]
Excludes = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", help="Leave these files of a directory out; repeatable.", rich_help_panel=INPUT
    ),
]
Encoding = Annotated[
    str, typer.Option(help="Text encoding of the inputs, or 'auto'.", rich_help_panel=INPUT)
]
TextField = Annotated[
    str, typer.Option(help="Field of a record that holds its text.", rich_help_panel=INPUT)
]
IdField = Annotated[
    str | None,
    typer.Option(
        help="Field of a record that holds its id (default: id, where there is one).",
        rich_help_panel=INPUT,
    ),
]
OnError = Annotated[
    Literal["stop", "skip"],
    typer.Option(
        help="Stop at a document that fails, or skip it and exit with 1.", rich_help_panel=INPUT
    ),
]
ModelName = Annotated[
    str,
    typer.Option(
        "-m",
        "--model",
        envvar="EMBEDCLI_MODEL",
        help=f"Name or folder, such as {DEFAULT_MODEL}.",
        rich_help_panel=MODEL,
    ),
]
Revision = Annotated[
    str | None, typer.Option(help="Branch, tag or commit on the hub.", rich_help_panel=MODEL)
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", help="Never ask the hub (also HF_HUB_OFFLINE=1).", rich_help_panel=MODEL
    ),
]
TrustRemoteCode = Annotated[
    bool,
    typer.Option(
        "--trust-remote-code", help="Let code from the model's folder run.", rich_help_panel=MODEL
    ),
]
Engine = Annotated[
    Literal["auto", "numpy", "torch"],
    typer.Option(help="What computes the vectors.", rich_help_panel=MODEL),
]
Device = Annotated[
    str | None,
    typer.Option(help="cpu, cuda, cuda:1, mps ... (torch engine).", rich_help_panel=MODEL),
]
Dtype = Annotated[
    Literal["float32", "float16", "bfloat16"],
    typer.Option(
        help="Precision of the arithmetic; below float32 on the torch engine.",
        rich_help_panel=MODEL,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        help="Threads of the whole process (default: all that it may use).",
        min=1,
        rich_help_panel=MODEL,
    ),
]
Pooling = Annotated[
    Literal["auto", "mean", "cls", "max", "last", "mean-sqrt-len", "weighted-mean", "none"],
    typer.Option(
        help="Token states into one vector; 'auto' obeys the model, 'none' keeps them.",
        rich_help_panel=VECTORS,
    ),
]
Normalize = Annotated[
    bool | None,
    typer.Option(
        "--normalize/--no-normalize",
        help="Scale vectors to length one, or do not (default: as the model says).",
        rich_help_panel=VECTORS,
    ),
]
Dim = Annotated[
    int | None,
    typer.Option(help="Keep the first N components, renormalised.", min=1, rich_help_panel=VECTORS),
]
Prompt = Annotated[
    str | None, typer.Option(help="Text that is put before each document.", rich_help_panel=VECTORS)
]
PromptName = Annotated[
    str | None, typer.Option(help="A prompt that the model's files name.", rich_help_panel=VECTORS)
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        help="Cut or split at fewer tokens than the model allows.", min=1, rich_help_panel=VECTORS
    ),
]
Long = Annotated[
    Literal["truncate", "error", "split", "mean"],
    typer.Option(
        help="A longer document: cut it, refuse it, give a row for each window, or their mean.",
        rich_help_panel=VECTORS,
    ),
]
Overlap = Annotated[
    int,
    typer.Option(help="Tokens that neighbouring windows share.", min=0, rich_help_panel=VECTORS),
]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", help="Say nothing but errors.", rich_help_panel=SCREEN)
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more.", rich_help_panel=SCREEN)]


def given_inputs(
    context: typer.Context, inputs: list[str] | None, texts: list[str] | None
) -> list[str]:
    """The INPUTs, or ``-`` for a pipe on stdin; with nothing to read, help and exit code 2."""
    if inputs or texts:
        return inputs or []
    if sys.stdin.isatty():
        show_help(context)
        raise typer.Exit(2)
    return ["-"]


def show_help(context: typer.Context) -> None:
    """Help for somebody who has not asked for it: stdout is for data."""
    with redirect_stdout(sys.stderr):
        help_text = context.get_help()  # by rich, this prints and gives nothing
        typer.echo(help_text, nl=bool(help_text))


def set_threads(threads: int | None) -> None:
    """Bound the tokenizer's pool, for those who switch it on by TOKENIZERS_PARALLELISM.

    The tokenizers library reads RAYON_NUM_THREADS once, when the pool is first used.
    """
    if threads is not None:
        os.environ["RAYON_NUM_THREADS"] = str(threads)
