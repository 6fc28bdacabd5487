"""The tokenizer that transformers builds, for checkpoints whose files do not settle it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from embedcli.errors import ModelError

_ERROR = 40
_VOCABULARY_FILES = ("tokenizer.json", "*vocab*", "*.model", "*.tiktoken", "tekken.json")


@dataclass(frozen=True, slots=True)
class BuiltTokenizer:
    """A tokenizer ready for use: it neither truncates nor pads.

    Attributes:
        backend: the object of the tokenizers library.
        truncation_side: ``left`` or ``right``, where a text that is too long is cut.
        pad_token: the padding token's text, or None.
        source: ``tokenizer.json``, or ``AutoTokenizer`` where transformers built it.
    """

    backend: Tokenizer
    truncation_side: str
    pad_token: str | None
    source: str


def build_by_transformers(
    folder: Path, overrides: Mapping[str, Any], *, trust_remote_code: bool = False
) -> BuiltTokenizer:
    """``AutoTokenizer.from_pretrained``, which never asks the hub here.

    Args:
        folder: the encoder's folder.
        overrides: what other files replace in ``tokenizer_config.json``.
        trust_remote_code: whether code that the folder carries may run.

    Raises:
        ModelError: when there are no files, transformers is missing or fails, or what it gives is
            no fast tokenizer.
    """
    # Without any, transformers quietly makes a tokenizer that knows five tokens.
    if not any(next(folder.glob(pattern), None) for pattern in _VOCABULARY_FILES):
        raise ModelError(
            f"{folder} has no tokenizer; expected tokenizer.json, fetch the model anew"
        )
    try:
        from transformers import AutoTokenizer, logging
    except ImportError as error:
        raise ModelError(
            f"the tokenizer in {folder} can only be built by transformers, which is not "
            "installed; run `pip install 'embedcli[torch]'`"
        ) from error
    verbosity = logging.get_verbosity()
    logging.set_verbosity(_ERROR)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder),
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            **{key: value for key, value in overrides.items() if key != "use_fast"},
        )
    except Exception as error:  # any tokenizer class of transformers runs in there
        reason = str(error).strip().partition("\n")[0][:160]
        raise ModelError(
            f"transformers cannot build the tokenizer in {folder}: {reason}"
        ) from error
    finally:
        logging.set_verbosity(verbosity)
    if not tokenizer.is_fast:
        kind = type(tokenizer).__name__
        raise ModelError(f"{kind} in {folder} is a tokenizer in Python; expected a fast one")
    backend: Tokenizer = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return BuiltTokenizer(
        backend, tokenizer.truncation_side, tokenizer.pad_token, source="AutoTokenizer"
    )
