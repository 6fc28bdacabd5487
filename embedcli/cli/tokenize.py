"""``embedcli tokenize``: the tokens that a model sees."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from embedcli.cli import arguments as a
from embedcli.cli.screen import printable, standard_screen
from embedcli.errors import InputError
from embedcli.model_name import DEFAULT_MODEL

if TYPE_CHECKING:
    from embedcli.document_tokenizer import DocumentTokenizer
    from embedcli.documents import TokenizedDocument


def tokenize(  # noqa: PLR0913, PLR0917 - one parameter an option; all of them go into records at once
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
    prompt: a.Prompt = None,
    prompt_name: a.PromptName = None,
    max_tokens: a.MaxTokens = None,
    long: a.Long = "truncate",
    overlap: a.Overlap = 0,
    format: Annotated[
        Literal["text", "jsonl"],
        typer.Option(
            "-f",
            "--format",
            help="An id and its tokens a line, or a JSON object with token ids too.",
            rich_help_panel=a.OUTPUT,
        ),
    ] = "text",
    quiet: a.Quiet = False,
) -> None:
    """Show the tokens that a model sees: a line for each document, or for each of its windows."""
    given = a.given_inputs(context, inputs, text)
    a.set_threads(None)

    from embedcli.cli.gathering import Gathering
    from embedcli.document_tokenizer import add_tokenizer, find_model
    from embedcli.inputs import ReadOptions
    from embedcli.options import ModelOptions

    options = ModelOptions(
        revision=revision,
        offline=offline,
        trust_remote_code=trust_remote_code,
        prompt=prompt,
        prompt_name=prompt_name,
        max_tokens=max_tokens,
        long=long,
        overlap=overlap,
    )
    reading = ReadOptions(
        unit, tuple(glob or ()), tuple(exclude or ()), encoding, text_field, id_field
    )
    screen = standard_screen(quiet=quiet)
    gathering = Gathering(given, list(text or ()), reading, on_error == "skip", screen)
    tokenizer = add_tokenizer(find_model(model, options))
    for document in gathering.documents():
        for tokenized in tokenizer.tokenize([document]):
            if isinstance(tokenized, InputError):
                gathering.on_error(tokenized)
            else:
                _write(tokenizer, tokenized, as_json=format == "jsonl")
    raise typer.Exit(gathering.exit_code)


def _write(tokenizer: DocumentTokenizer, tokenized: TokenizedDocument, *, as_json: bool) -> None:
    document, windows = tokenized.document, tokenized.windows
    for index, window in enumerate(windows):
        name = document.id if len(windows) == 1 else f"{document.id}#{index}"
        tokens = tokenizer.tokenizer.tokens(window)
        if as_json:
            record = {
                "id": name,
                "tokens": tokens,
                "ids": window.tolist(),
                "n_tokens": len(window),
                "truncated": tokenized.tokens_lost > 0,
            }
            sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(f"{printable(name)}\t{printable(' '.join(tokens))}\n")
