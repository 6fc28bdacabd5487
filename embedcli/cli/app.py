"""The app: its commands, and the options that come before a command."""

from __future__ import annotations

from typing import Annotated

import typer

from embedcli import __version__
from embedcli.cli.boundary import Boundary
from embedcli.cli.embed import embed
from embedcli.cli.inspect import inspect
from embedcli.cli.models import models
from embedcli.cli.tokenize import tokenize

app = typer.Typer(
    name="embedcli",
    cls=Boundary,
    help="Turn text files, pipes and directories into vectors.",
    epilog="Exit codes: 0 done, 1 done in part, 2 wrong usage or input, 3 no model, 130 stopped.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"embedcli {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn text files, pipes and directories into vectors."""


app.command("embed")(embed)
app.command("inspect")(inspect)
app.command("tokenize")(tokenize)
app.add_typer(models, name="models")
