"""`embedcli tokenize`: the tokens that a model sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.real_model
def test_a_line_holds_an_id_and_its_tokens(embedcli: Any) -> None:
    outcome = embedcli("tokenize", "-t", "Hello naïve world", "-t", "unbelievable")
    lines = outcome.stdout.decode().splitlines()
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert lines[0] == "text:1\t[CLS] hello naive world [SEP]"
    assert lines[1].startswith("text:2\t[CLS] unbelievable [SEP]")


@pytest.mark.real_model
def test_json_lines_hold_the_ids_of_the_tokens_too(embedcli: Any) -> None:
    outcome = embedcli("tokenize", "-t", "a cat", "-f", "jsonl", "--max-tokens", 3)
    assert json.loads(outcome.stdout) == {
        "id": "text:1",
        "tokens": ["[CLS]", "a", "[SEP]"],
        "ids": [101, 1037, 102],
        "n_tokens": 3,
        "truncated": True,
    }


def test_inputs_prompts_and_windows_are_those_of_embed(embedcli: Any) -> None:
    Path("a.txt").write_text("abcdefg\n\nxy\n")
    options = ("--unit", "line", "--prompt", ">", "--max-tokens", 5, "--long", "split")
    outcome = embedcli("tokenize", "a.txt", "-m", "untrained", *options)
    assert outcome.stdout.decode().splitlines() == [
        "a.txt:1#0\t> a b c d",
        "a.txt:1#1\te f g",
        "a.txt:3\t> x y",
    ]


def test_a_pipe_is_read(embedcli: Any) -> None:
    assert embedcli("tokenize", "-m", "untrained", stdin=b"hi").stdout == b"-\th i\n"


def test_what_fails_is_reported_as_in_embed(embedcli: Any) -> None:
    Path("a.txt").write_bytes(b"\xff")
    outcome = embedcli("tokenize", "a.txt", "-m", "untrained")
    assert (outcome.exit_code, "byte 0xff at offset 0" in outcome.error) == (2, True)
    given = ("tokenize", "a.txt", "-t", "x", "-m", "untrained", "--on-error", "skip")
    outcome = embedcli(*given)
    assert (outcome.exit_code, outcome.stdout) == (1, b"text:1\tx\n")
    too_long = ("tokenize", "-t", "abcdef", "-m", "untrained", "--max-tokens", 3)
    outcome = embedcli(*too_long, "--long", "error")
    assert (outcome.exit_code, "6 tokens, and the model takes 3" in outcome.error) == (2, True)


def test_control_characters_of_texts_do_not_reach_the_terminal(embedcli: Any) -> None:
    outcome = embedcli("tokenize", "-t", "a\x1b[31mb", "-m", "untrained")
    assert b"\x1b" not in outcome.stdout
