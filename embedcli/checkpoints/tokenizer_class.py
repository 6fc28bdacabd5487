"""Which tokenizer class ``AutoTokenizer`` would choose, without importing transformers.

Since version 5 transformers builds most tokenizers anew from the vocabulary of ``tokenizer.json``
and the values of ``tokenizer_config.json``; what the file says about normalising and splitting is
then ignored. So the class decides the tokens, and it has to be known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

TokenizerKind = Literal["bert", "mpnet", "roberta", "xlm-roberta", "file"]

# Class names without "Fast"; "file" classes take tokenizer.json as it stands.
_CLASSES: Mapping[str, TokenizerKind] = {
    "BertTokenizer": "bert",
    "DistilBertTokenizer": "bert",
    "ElectraTokenizer": "bert",
    "MobileBertTokenizer": "bert",
    "MPNetTokenizer": "mpnet",
    "RobertaTokenizer": "roberta",
    "LongformerTokenizer": "roberta",
    "XLMRobertaTokenizer": "xlm-roberta",
    "PreTrainedTokenizer": "file",
    "TokenizersBackend": "file",
}
# What transformers registers for a model type; "" for a type that it knows without a tokenizer.
_REGISTERED: Mapping[str, str] = {
    "bert": "BertTokenizer",
    "distilbert": "BertTokenizer",
    "electra": "BertTokenizer",
    "mobilebert": "MobileBertTokenizer",
    "nomic_bert": "BertTokenizer",
    "mpnet": "MPNetTokenizer",
    "roberta": "RobertaTokenizer",
    "longformer": "RobertaTokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
    "xlm-roberta-xl": "TokenizersBackend",
    "modernbert": "TokenizersBackend",
    "llama": "",
}


def tokenizer_kind(
    config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]
) -> TokenizerKind | None:
    """The kind of tokenizer that a checkpoint gets, or None where ``AutoTokenizer`` must decide.

    Args:
        config: the encoder's ``config.json``.
        tokenizer_config: its ``tokenizer_config.json``, or an empty mapping.
    """
    if "auto_map" in tokenizer_config:
        return None
    registered = _REGISTERED.get(str(config.get("model_type")))
    declared = tokenizer_config.get("tokenizer_class") or config.get("tokenizer_class")
    if registered is None or not isinstance(declared, str | None):
        return None
    chosen = declared.removesuffix("Fast") if declared else registered
    if registered == "TokenizersBackend":
        chosen = registered
    return _CLASSES.get(chosen)
