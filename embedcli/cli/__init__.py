"""The command: a Typer app, one file a command. Only this package knows Typer and rich."""
