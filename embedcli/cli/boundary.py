"""The one error boundary: every error that is expected becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from embedcli.cli.screen import printable
from embedcli.errors import EmbedcliError

INTERRUPTED = 130


class Boundary(TyperGroup):
    """Runs a command and turns what it raises into exit codes; see docs/architecture.md."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except EmbedcliError as error:
            _say(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            _say("interrupted")
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:
            # The reader has left, as `head` does: there is nobody to tell. Python would complain
            # once more when it flushes at exit, unless stdout leads elsewhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error
        except MemoryError as error:
            _say("out of memory: give smaller documents, --long split, or a smaller --max-tokens")
            raise typer.Exit(2) from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            _say(f"{place}{error.strerror or error}")
            raise typer.Exit(2) from error


def _say(message: str) -> None:
    print(f"embedcli: {printable(message)}", file=sys.stderr)  # noqa: T201
