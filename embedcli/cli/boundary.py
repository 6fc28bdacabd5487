"""The one error boundary: every error that is expected becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from embedcli.cli.interrupts import INTERRUPTED
from embedcli.cli.screen import for_people, printable
from embedcli.errors import EmbedcliError

# Typer has no public name for wrong usage as such; a bad parameter is one kind of it.
WRONG_USAGE: type[Exception] = typer.BadParameter.__mro__[1]


class Boundary(TyperGroup):
    """Runs a command and turns what it raises into exit codes; see docs/architecture.md."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the options that come before a command."""
        try:
            return super().make_context(*args, **extra)
        except WRONG_USAGE as error:
            raise _wrong_usage(error) from error
        except KeyboardInterrupt as error:
            raise _interrupted(error) from error

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except WRONG_USAGE as error:
            raise _wrong_usage(error) from error
        except EmbedcliError as error:
            _say(str(error), error)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            raise _interrupted(error) from error
        except BrokenPipeError as error:
            # The reader has left, as `head` does: there is nobody to tell. Python would complain
            # once more when it flushes at exit, unless stdout leads elsewhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error
        except MemoryError as error:
            advice = "give smaller documents, --long split, or a smaller --max-tokens"
            _say(f"out of memory: {advice}", error)
            raise typer.Exit(2) from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            _say(f"{place}{error.strerror or error}", error)
            raise typer.Exit(2) from error


def _wrong_usage(error: Any) -> typer.Exit:
    command = error.ctx.command_path if error.ctx else "embedcli"
    _say(f"{error.format_message().rstrip('.')}; see {command} --help")
    return typer.Exit(error.exit_code)


def _interrupted(error: KeyboardInterrupt) -> typer.Exit:
    _say("interrupted", error)
    return typer.Exit(INTERRUPTED)


def _say(message: str, error: BaseException | None = None) -> None:
    """One line; the notes of an error say what is left of the work."""
    message = "; ".join([message, *getattr(error, "__notes__", ())])
    with for_people(sys.stderr):
        print(f"embedcli: {printable(message)}", file=sys.stderr)  # noqa: T201
