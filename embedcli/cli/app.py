"""The app: its commands, and the options that come before a command."""

from __future__ import annotations

from typing import Annotated

import typer

from embedcli import __version__
from embedcli.cli.arguments import show_help
from embedcli.cli.boundary import Boundary
from embedcli.cli.embed import embed
from embedcli.cli.inspect import inspect
from embedcli.cli.merge import merge
from embedcli.cli.models import models
from embedcli.cli.tokenize import tokenize
from embedcli.cli.verify import verify

app = typer.Typer(
    name="embedcli",
    cls=Boundary,
    help="Turn text files, pipes and directories into vectors.",
    epilog="Exit codes: 0 done, 1 done in part, 2 wrong usage or input, 3 no model, 130 stopped.",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"embedcli {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - the callback does the work
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn text files, pipes and directories into vectors."""
    if context.invoked_subcommand is None:
        show_help(context)
        raise typer.Exit(2)


app.command("embed")(embed)
app.command("inspect")(inspect)
app.command("merge")(merge)
app.command("tokenize")(tokenize)
app.command("verify")(verify)
app.add_typer(models, name="models")
