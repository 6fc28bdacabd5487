"""How a model will be used: its own settings and a caller's options, each with a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from embedcli.checkpoints import NO_FILE, NormalizeModule, PoolingModule, Setting, Settings
from embedcli.errors import InputError
from embedcli.options import ModelOptions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Usage:
    """Resolved settings.

    Attributes:
        pooling: names of poolings that are concatenated; empty for token states.
        pools_prompt: whether the tokens of a prompt are pooled with the rest.
        normalized: whether vectors are scaled to length one.
        max_tokens: special tokens included; None is no limit.
        prompt: what is put before each document; empty for nothing.
        dim: components that are kept; None for all.
        renormalized: whether the cut to ``dim`` is followed by another scaling.
    """

    pooling: Setting[tuple[str, ...]]
    pools_prompt: bool
    normalized: Setting[bool]
    max_tokens: Setting[int | None]
    prompt: Setting[str]
    dim: Setting[int | None]
    renormalized: bool


def resolve(settings: Settings, options: ModelOptions) -> Usage:
    """Put options over settings.

    Raises:
        InputError: when an option asks for what the model does not have.
    """
    poolings = [m for m in settings.modules.value if isinstance(m, PoolingModule)]
    pooling = _pooling(poolings, options)
    normalized = _normalized(settings, options, pooling.value)
    return Usage(
        pooling=pooling,
        pools_prompt=all(module.include_prompt for module in poolings),
        normalized=normalized,
        max_tokens=_max_tokens(settings.max_tokens, options.max_tokens),
        prompt=_prompt(settings, options),
        dim=_asked(options.dim, "--dim", settings.truncate_dim),
        # sentence-transformers leaves a cut that the model's files ask for as it is.
        renormalized=options.dim is not None and normalized.value,
    )


def _asked(value: T | None, option: str, otherwise: Setting[T]) -> Setting[T]:
    return otherwise if value is None else Setting(value, option)


def _pooling(modules: list[PoolingModule], options: ModelOptions) -> Setting[tuple[str, ...]]:
    if options.pooling == "none":
        return Setting((), "--pooling")
    if options.pooling != "auto":
        return Setting((options.pooling,), "--pooling")
    if not modules:
        return Setting(("mean",), NO_FILE)
    return Setting(modules[0].modes, modules[0].source)


def _normalized(settings: Settings, options: ModelOptions, modes: tuple[str, ...]) -> Setting[bool]:
    if options.normalize is not None:
        return Setting(options.normalize, "--normalize" if options.normalize else "--no-normalize")
    if not modes:
        return Setting(False, "--pooling")
    modules = settings.modules.value
    return Setting(isinstance(modules[-1], NormalizeModule), settings.modules.source)


def _max_tokens(limit: Setting[int | None], asked: int | None) -> Setting[int | None]:
    if asked is None:
        return limit
    if limit.value is not None and asked > limit.value:
        raise InputError(
            f"--max-tokens is {asked}, and the model takes {limit.value} at most ({limit.source})"
        )
    return Setting(asked, "--max-tokens")


def _prompt(settings: Settings, options: ModelOptions) -> Setting[str]:
    prompts = settings.prompts.value
    if options.prompt is not None:
        return Setting(options.prompt, "--prompt")
    if options.prompt_name is not None:
        if options.prompt_name not in prompts:
            known = ", ".join(sorted(prompts)) or "none"
            raise InputError(
                f"--prompt-name is {options.prompt_name!r}, and the model's prompts are: {known}"
            )
        return Setting(prompts[options.prompt_name], settings.prompts.source)
    default = settings.default_prompt_name
    if default.value is None:
        return Setting("", default.source)
    return Setting(prompts[default.value], default.source)
