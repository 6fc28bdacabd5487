"""Every command and option has help and a place in docs/commands.md; completion works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from embedcli.cli.app import app

DOCS = Path(__file__).parents[2] / "docs" / "commands.md"
GROUP = typer.main.get_command(app)


def commands(group: Any = GROUP, name: str = "embedcli") -> Iterator[tuple[str, Any]]:
    yield name, group
    for part, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{name} {part}")


COMMANDS = dict(commands())


def options(command: Any) -> Iterator[Any]:
    completion = ("install_completion", "show_completion")
    for parameter in command.params:
        if parameter.name not in completion:
            yield parameter


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    for parameter in options(command):
        assert parameter.help, parameter.name
        assert parameter.help.strip()[0].isupper() or parameter.help.startswith("cpu, "), (
            parameter.name
        )
        assert parameter.help.rstrip().endswith((".", ")")), parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_page_lists_every_option(name: str, process: Any) -> None:
    page = process(*name.split()[1:], "--help", COLUMNS="200").stdout.decode()
    for parameter in options(COMMANDS[name]):
        for spelling in (*parameter.opts, *parameter.secondary_opts):
            if spelling.startswith("-"):
                assert re.search(rf"(?<![\w-]){spelling}(?![\w-])", page), spelling


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if not hasattr(COMMANDS[name], "commands")]
)
def test_every_command_and_option_is_documented(name: str) -> None:
    sections = re.split(r"^## ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next((part for part in sections if part.startswith(f"`{name}`")), None)
    assert section, f"docs/commands.md has no section on `{name}`"
    for parameter in options(COMMANDS[name]):
        for spelling in (*parameter.opts, *parameter.secondary_opts):
            if spelling.startswith("--"):
                assert f"`{spelling}" in section, f"{name}: {spelling} is not in docs/commands.md"


def test_the_docs_name_no_option_that_is_not_there() -> None:
    known = {
        spelling
        for command in COMMANDS.values()
        for parameter in command.params
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    }
    named = set(re.findall(r"`(--[a-z-]+)", DOCS.read_text(encoding="utf-8")))
    assert named <= known | {"--help"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_show_completion_prints_a_script(shell: str, process: Any) -> None:
    outcome = process("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert outcome.exit_code == 0
    assert b"embedcli" in outcome.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("embedcli ", "tokenize"),
        ("embedcli embed --pool", "--pooling"),
        ("embedcli embed --pooling weigh", "weighted-mean"),
        ("embedcli models s", "show"),
    ],
)
def test_the_shell_completes_commands_options_and_values(words: str, expected: str) -> None:
    settings = {
        "_EMBEDCLI_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "embedcli"],
        env={**os.environ, **settings},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert expected in done.stdout.decode().split()
