"""``-m untrained?width=128&layers=2&heads=8&seed=0``: a model that is drawn and not found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import parse_qsl

from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers

from embedcli.checkpoints import Checkpoint, PoolingModule, Setting, Settings, TransformerModule
from embedcli.errors import ModelError
from embedcli.families import untrained
from embedcli.model_name import UNTRAINED
from embedcli.tokenization import Tokenizer

MAX_TOKENS = 512
CAUTION = "this model is random: its vectors carry no training"


@dataclass(frozen=True, slots=True)
class UntrainedModel:
    """What the name may set."""

    width: int = 128
    layers: int = 2
    heads: int = 8
    seed: int = 0

    def sha256(self) -> str:
        """A digest of what the weights are drawn from, in place of one of the weights."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()

    def encoder(self) -> untrained.Untrained:
        """Draw the weights.

        Raises:
            ModelError: when the sizes do not fit.
        """
        try:
            return untrained.build(256, MAX_TOKENS, **asdict(self))
        except ValueError as error:
            raise ModelError(f"{UNTRAINED}: {error}") from error


def parse(name: str) -> UntrainedModel:
    """The model that a name like ``untrained?width=64&seed=7`` describes.

    Raises:
        ModelError: for a key that is not known, or a value that is no number.
    """
    known = [field.name for field in fields(UntrainedModel)]
    given: dict[str, int] = {}
    for key, value in parse_qsl(name.partition("?")[2], keep_blank_values=True):
        if key not in known or not value.isdecimal():
            raise ModelError(
                f"{name}: {key}={value} is not known; expected whole numbers for {', '.join(known)}"
            )
        given[key] = int(value)
    return UntrainedModel(**given)


def byte_tokenizer() -> Tokenizer:
    """A tokenizer that needs no file: each byte of the text in UTF-8 is a token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Backend(models.BPE(vocab={char: n for n, char in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    return Tokenizer(backend, source=UNTRAINED)


def settings() -> Settings:
    """What the files of a pretrained model would say."""
    nothing: Setting[str | None] = Setting(None, UNTRAINED)
    return Settings(
        config={"model_type": UNTRAINED},
        model_type=UNTRAINED,
        encoder_folder=Path(),
        tokenizer_config={},
        tokenizer_overrides={},
        max_tokens=Setting(MAX_TOKENS, UNTRAINED),
        do_lower_case=Setting(False, UNTRAINED),
        modules=Setting((TransformerModule("", UNTRAINED), PoolingModule(("mean",))), UNTRAINED),
        prompts=Setting({}, UNTRAINED),
        default_prompt_name=nothing,
        similarity=nothing,
        truncate_dim=Setting(None, UNTRAINED),
        cautions=(CAUTION,),
    )


def checkpoint(name: str) -> Checkpoint:
    """A checkpoint without a folder."""
    return Checkpoint(name, Path(), None, UNTRAINED)
