"""``tokenizer.json`` read directly into the object that ``AutoTokenizer`` would build from it.

Importing transformers is the larger part of a short run, so the tokenizers that are known are
put together here. Each is checked: where anything in the files could make transformers build
something else, the answer is None and the caller asks ``AutoTokenizer``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from embedcli.checkpoints.auto_tokenizer import BuiltTokenizer
from embedcli.checkpoints.json_files import TOKENIZER_LIMIT, JsonObject, check_size, read_object
from embedcli.checkpoints.tokenizer_class import TokenizerKind, tokenizer_kind
from embedcli.errors import ModelError

TOKENIZER_FILE = "tokenizer.json"
_NAMED_TOKENS = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


def build_from_file(
    folder: Path, config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]
) -> BuiltTokenizer | None:
    """The tokenizer of an encoder.

    Args:
        folder: the encoder's folder.
        config: its ``config.json``.
        tokenizer_config: its ``tokenizer_config.json`` with what replaces values in it.

    Returns:
        None where there is no ``tokenizer.json``, or only ``AutoTokenizer`` knows what to do.

    Raises:
        ModelError: when a file is malformed.
    """
    kind = tokenizer_kind(config, tokenizer_config)
    if kind is None or not (folder / TOKENIZER_FILE).is_file():
        return None
    tokenizer = _parse(folder / TOKENIZER_FILE)
    settings = JsonObject("tokenizer_config.json", tokenizer_config)
    specials = _special_tokens(folder, kind, settings)
    if specials is None or not _same_tokens(folder, kind, settings, specials, tokenizer):
        return None
    if kind in _BUILDERS and not _BUILDERS[kind](tokenizer, settings, specials):
        return None
    tokenizer.encode_special_tokens = settings.get("split_special_tokens", bool, False)
    return _ready(tokenizer, settings, specials.get("pad_token"))


def build_bare(folder: Path) -> BuiltTokenizer:
    """``tokenizer.json`` as it stands, but nothing is put around a text: for static embeddings.

    Raises:
        ModelError: when it is missing or malformed.
    """
    if not (folder / TOKENIZER_FILE).is_file():
        raise ModelError(f"{folder} has no {TOKENIZER_FILE}; fetch the model anew")
    tokenizer = _parse(folder / TOKENIZER_FILE)
    tokenizer.post_processor = None
    return _ready(tokenizer, JsonObject(TOKENIZER_FILE, {}), None)


def _parse(path: Path) -> Tokenizer:
    try:
        check_size(path, path.name, TOKENIZER_LIMIT)
        return Tokenizer.from_file(str(path))
    except ModelError:
        raise
    except Exception as error:  # the tokenizers library raises the bare class
        raise ModelError(f"{path} is malformed: {str(error)[:120]}") from error


def _ready(tokenizer: Tokenizer, settings: JsonObject, pad_token: str | None) -> BuiltTokenizer:
    truncation, padding = tokenizer.truncation, tokenizer.padding
    if pad_token is None and padding is not None:
        pad_token = padding["pad_token"]
    side = truncation["direction"] if truncation is not None else "right"
    side = settings.get("truncation_side", str, side)
    if side not in ("left", "right"):
        raise ModelError(f"{settings.name}: truncation_side is {side!r}, expected left or right")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return BuiltTokenizer(tokenizer, side, pad_token, TOKENIZER_FILE)


def _special_tokens(
    folder: Path, kind: TokenizerKind, settings: JsonObject
) -> dict[str, str] | None:
    """The named special tokens' texts: what the files say over what the class has by default.

    None where a file takes away a token that the class counts on.
    """
    named = dict(_DEFAULTS.get(kind, {}))
    if any(key in settings.data and settings.data[key] is None for key in named):
        return None
    sources = [settings.data]
    if "added_tokens_decoder" not in settings.data:
        older = read_object(folder, "special_tokens_map.json")
        sources += [older.data] if older else []
    for source in sources:
        for key, value in source.items():
            if key.endswith("_token") and isinstance(value, str | dict):
                named[key] = _content(value)
    return named


def _content(token: Any) -> str:
    return str(token.get("content", "")) if isinstance(token, dict) else str(token)


def _same_tokens(
    folder: Path,
    kind: TokenizerKind,
    settings: JsonObject,
    specials: Mapping[str, str],
    tokenizer: Tokenizer,
) -> bool:
    """Whether the tokens that the settings add are those that the file has already."""
    in_file = tokenizer.get_added_tokens_decoder()
    contents = {token.content for token in in_file.values()}
    extra: list[Any] = []
    for key in ("additional_special_tokens", "extra_special_tokens"):
        value: Any = settings.get(key, list | dict, [])
        extra += value.values() if isinstance(value, dict) else value
    wanted = {*specials.values(), *map(_content, extra)}
    if not wanted <= contents:
        return False
    decoder = settings.get("added_tokens_decoder", dict, None)
    if decoder is None:
        return not (folder / "added_tokens.json").is_file()
    stated = {_state(key, token) for key, token in decoder.items()}
    present = {(number, repr(token)) for number, token in in_file.items()}
    # A class that builds anew knows only the stated tokens; the others keep those of the file.
    return stated == present if kind in _BUILDERS else stated <= present


def _state(key: str, token: Any) -> tuple[int, str]:
    try:
        return int(key), repr(AddedToken(**token))
    except (TypeError, ValueError) as error:
        raise ModelError(f"tokenizer_config.json: added token {key!r} is malformed") from error


def _build_bert(tokenizer: Tokenizer, settings: JsonObject, specials: Mapping[str, str]) -> bool:
    if not _build_word_piece(tokenizer, settings, specials):
        return False
    cls, sep = (_with_id(tokenizer, specials[key]) for key in ("cls_token", "sep_token"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[cls[0], "$A", sep[0]], special_tokens=[cls, sep]
    )
    return True


def _build_mpnet(tokenizer: Tokenizer, settings: JsonObject, specials: Mapping[str, str]) -> bool:
    if not _build_word_piece(tokenizer, settings, specials):
        return False
    _frame(tokenizer, specials["cls_token"], specials["sep_token"])
    return True


def _build_roberta(tokenizer: Tokenizer, settings: JsonObject, specials: Mapping[str, str]) -> bool:
    model = tokenizer.model
    if not isinstance(model, models.BPE) or model.dropout is not None or model.unk_token:
        return False
    if model.continuing_subword_prefix or model.end_of_word_suffix:
        return False
    if model.fuse_unk or model.byte_fallback or model.ignore_merges:
        return False
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=settings.get("add_prefix_space", bool, False)
    )
    _frame(tokenizer, specials["cls_token"], specials["sep_token"])
    return True


def _build_xlm_roberta(
    tokenizer: Tokenizer, settings: JsonObject, specials: Mapping[str, str]
) -> bool:
    model = tokenizer.model
    # The class fixes the unknown token at 3; the library shows it only here.
    unknown_is_3 = re.match(r"Unigram\(unk_id=3\b", repr(model)) is not None
    if not isinstance(model, models.Unigram) or not unknown_is_3:
        return False
    if "byte_fallback=True" in repr(model)[-40:]:
        return False
    normalizer = tokenizer.normalizer
    if isinstance(normalizer, normalizers.Sequence):
        steps = [normalizer[index] for index in range(len(normalizer))]
        precompiled = [step for step in steps if isinstance(step, normalizers.Precompiled)]
        normalizer = precompiled[0] if precompiled else None
    keeps = isinstance(normalizer, normalizers.Precompiled)
    tokenizer.normalizer = normalizer if keeps else None
    scheme = "always" if settings.get("add_prefix_space", bool, True) else "never"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", scheme)]
    )
    _frame(tokenizer, specials["bos_token"], specials["eos_token"])
    return True


def _build_word_piece(
    tokenizer: Tokenizer, settings: JsonObject, specials: Mapping[str, str]
) -> bool:
    model = tokenizer.model
    if not isinstance(model, models.WordPiece) or model.unk_token != specials["unk_token"]:
        return False
    if model.continuing_subword_prefix != "##" or model.max_input_chars_per_word != 100:
        return False
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=settings.get("tokenize_chinese_chars", bool, True),
        strip_accents=settings.get("strip_accents", bool, None),
        lowercase=settings.get("do_lower_case", bool, True),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return True


def _frame(tokenizer: Tokenizer, first: str, last: str) -> None:
    before, after = _with_id(tokenizer, first), _with_id(tokenizer, last)
    tokenizer.post_processor = processors.RobertaProcessing(after, before)


def _with_id(tokenizer: Tokenizer, token: str) -> tuple[str, int]:
    # Never 0 for want of a token: all special tokens were found among the added ones.
    return token, tokenizer.token_to_id(token) or 0


_Builder = Callable[[Tokenizer, JsonObject, Mapping[str, str]], bool]
_BUILDERS: Mapping[TokenizerKind, _Builder] = {
    "bert": _build_bert,
    "mpnet": _build_mpnet,
    "roberta": _build_roberta,
    "xlm-roberta": _build_xlm_roberta,
}


def _defaults(bos_eos: tuple[str, ...], inner: tuple[str, ...]) -> dict[str, str]:
    keys = _NAMED_TOKENS if bos_eos else _NAMED_TOKENS[2:]
    return {f"{key}_token": token for key, token in zip(keys, (*bos_eos, *inner), strict=True)}


_MARKUP = ("<s>", "</s>")
_DEFAULTS: Mapping[TokenizerKind, Mapping[str, str]] = {
    "bert": _defaults((), ("[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]")),
    "mpnet": _defaults(_MARKUP, ("[UNK]", "</s>", "<pad>", "<s>", "<mask>")),
    "roberta": _defaults(_MARKUP, ("<unk>", "</s>", "<pad>", "<s>", "<mask>")),
    "xlm-roberta": _defaults(_MARKUP, ("<unk>", "</s>", "<pad>", "<s>", "<mask>")),
}
