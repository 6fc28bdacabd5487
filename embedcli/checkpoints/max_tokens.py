"""How many tokens a model takes, special tokens included, by the rule of sentence-transformers."""

from __future__ import annotations

from embedcli.checkpoints.encoder_config import MODEL2VEC, EncoderConfig
from embedcli.checkpoints.json_files import TOKENIZER_LIMIT, JsonObject, read_object
from embedcli.checkpoints.pooling_config import NO_FILE
from embedcli.errors import ModelError

# A tokenizer without a limit says 1e30.
_NO_LIMIT = 10**20

# Families with a table of positions; in the second kind its first rows belong to the padding.
_MODEL2VEC_TOKENS = 512  # where its config.json says nothing
_TABLES = ("bert", "distilbert", "electra", "albert")
_PADDED_TABLES = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert")


def resolve_max_tokens(encoder: EncoderConfig) -> tuple[int | None, str]:
    """The limit and the file that says it; None is no limit.

    ``max_seq_length`` of sentence-transformers' own file wins; else it is the smaller of the
    tokenizer's ``model_max_length`` and the config's ``max_position_embeddings``. Where the
    family has a table of positions, the limit never goes beyond its end.

    Raises:
        ModelError: when a limit is no whole number above 0.
    """
    if encoder.static:
        return _static_limit(encoder)
    limits = _stated(encoder)
    rows = _table_rows(encoder.config)
    if rows is not None:
        limits.append((rows, encoder.config.name))
    tokens, source = min(limits, key=lambda limit: limit[0], default=(_NO_LIMIT, NO_FILE))
    return (None, source) if tokens >= _NO_LIMIT else (tokens, source)


def _static_limit(encoder: EncoderConfig) -> tuple[int | None, str]:
    """What ``tokenizer.json`` says, but for model2vec's own folders."""
    config = encoder.config
    if config.data.get("model_type") == MODEL2VEC and not encoder.saved_by_library:
        if "max_length" not in config.data:
            return _MODEL2VEC_TOKENS, "model2vec's default"
        return next(iter(_limit(config, "max_length")), (None, config.name))
    tokenizer = read_object(encoder.folder, "tokenizer.json", limit=TOKENIZER_LIMIT)
    if tokenizer is None:
        return None, NO_FILE
    truncation = JsonObject(tokenizer.name, tokenizer.get("truncation", dict, {}))
    return next(iter(_limit(truncation, "max_length")), (None, tokenizer.name))


def _stated(encoder: EncoderConfig) -> list[tuple[int, str]]:
    """What the files say outright."""
    saved, tokenizer, config = encoder.saved, encoder.tokenizer, encoder.config
    if "model_max_length" in encoder.tokenizer_overrides:
        return _limit(JsonObject(saved.name, encoder.tokenizer_overrides), "model_max_length")
    if limit := _limit(saved, "max_seq_length"):
        return limit
    stated = _limit(tokenizer, "model_max_length") or _limit(tokenizer, "max_len")
    if config.data.get("max_position_embeddings") != -1:
        stated += _limit(config, "max_position_embeddings")
    return stated


def _limit(file: JsonObject, key: str) -> list[tuple[int, str]]:
    tokens = file.get(key, int | float, None)
    if tokens is None:
        return []
    if not tokens >= 1:
        raise ModelError(f"{file.name}: {key} is {tokens}, expected a whole number above 0")
    return [(int(min(tokens, _NO_LIMIT)), file.name)]


def _table_rows(config: JsonObject) -> int | None:
    """Rows of the table of positions that tokens can have; None for a family without one."""
    family = config.get("model_type", str, "")
    rows = config.get("max_position_embeddings", int, None)
    if rows is None:
        return None
    if family in _PADDED_TABLES:
        return rows - config.get("pad_token_id", int, 1) - 1
    if family == "mpnet":
        return rows - 2
    return rows if family in _TABLES else None
