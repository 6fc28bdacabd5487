"""How a model is to be used: everything that a caller may ask for, in one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from embedcli.errors import InputError
from embedcli.pooling import POOLINGS

EngineName = Literal["auto", "numpy", "torch"]
DtypeName = Literal["float32", "float16", "bfloat16"]
LongPolicy = Literal["truncate", "error", "split", "mean"]

POOLING_NAMES = ("auto", *POOLINGS, "none")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What a caller asks of a model; every default obeys the model's own files.

    Attributes:
        revision: branch, tag or commit on the hub.
        offline: never ask the hub.
        trust_remote_code: let code from the model's folder run (torch engine).
        engine: ``auto`` takes numpy on a CPU for every family that it knows.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps`` ...; None leaves the choice to the engine.
        dtype: precision of the arithmetic; the numpy engine knows float32.
        threads: threads of the whole process; None is all that this process may use.
        pooling: one of POOLING_NAMES.
        normalize: scale vectors to length one; None obeys the model.
        dim: keep the first components only, renormalised.
        prompt: put before each document.
        prompt_name: a prompt that the model's files register.
        max_tokens: cut or split at fewer tokens than the model allows, special ones included.
        long: what happens to a longer document.
        overlap: content tokens that neighbouring windows of a split document share.
    """

    revision: str | None = None
    offline: bool = False
    trust_remote_code: bool = False
    engine: EngineName = "auto"
    device: str | None = None
    dtype: DtypeName = "float32"
    threads: int | None = None
    pooling: str = "auto"
    normalize: bool | None = None
    dim: int | None = None
    prompt: str | None = None
    prompt_name: str | None = None
    max_tokens: int | None = None
    long: LongPolicy = "truncate"
    overlap: int = 0

    def __post_init__(self) -> None:
        """Refuse what no model can do.

        Raises:
            InputError: naming the option, what was seen and what is known.
        """
        _one_of("engine", self.engine, get_args(EngineName))
        _one_of("dtype", self.dtype, get_args(DtypeName))
        _one_of("pooling", self.pooling, POOLING_NAMES)
        _one_of("long", self.long, get_args(LongPolicy))
        for name in ("threads", "dim", "max_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"--{name.replace('_', '-')} is {value}, expected 1 or more")
        if self.overlap < 0:
            raise InputError(f"--overlap is {self.overlap}, expected 0 or more")
        if self.overlap and self.long not in ("split", "mean"):
            raise InputError(f"--overlap needs --long split or --long mean, and has {self.long}")
        if self.prompt is not None and self.prompt_name is not None:
            raise InputError("--prompt and --prompt-name exclude each other: give one of them")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"--{name} is {value!r}, expected one of {', '.join(known)}")
